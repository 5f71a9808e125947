"""Nights on the fake GitHub: a run of the default branch with its records, then `refresh`."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from builders import E2E_MS, STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from github_fake import FakeGithub, quick_hub
from github_fake.state import Pull, Run
from ratchet_bot.data.baselines import BaselineFile, baselines_from_text
from ratchet_bot.data.history import HistoryLine, appended, history_from_files, path_of
from ratchet_bot.data.names import CONFIG
from ratchet_bot.flows import night as night_flow
from ratchet_bot.flows.history_branch import lines_of
from ratchet_bot.flows.night_state import BotContext
from ratchet_bot.flows.runs import NIGHTLY_WORKFLOW
from ratchet_profiler.record import RunRecord, ScenarioRecord, record_to_json
from zips import make_zip

BEGIN = datetime(2026, 10, 1, 3, 17, tzinfo=UTC)
BASELINES = ".github/perf-baselines/h100.json"
ASCEND_BASELINES = ".github/perf-baselines/ascend.json"
SETTINGS = f"hardware:\n  h100: {{baselines: {BASELINES}}}\n"
AT_ONCE = SETTINGS + "tighten: {nights: 1}\n"
"""The same, with no patience: what one night shows is proposed."""
TWO_KINDS = f"{SETTINGS}  ascend: {{baselines: {ASCEND_BASELINES}}}\ntighten: {{nights: 1}}\n"
"""The same on two kinds of hardware."""
NOISE = (0.0, 0.003, -0.002, 0.001, -0.003, 0.002, -0.001)
"""What a night adds to everything, as a fraction, over and over."""
SPREAD = (0.0, 0.002, -0.002)
"""The same of each request of a night."""


def measured(
    name: str,
    night: int,
    scale: float = 1.0,
    decoding_ms: float = 0.0,
    extra: Mapping[str, float] | None = None,
) -> ScenarioRecord:
    """Return what a night measures of a scenario: its usual times, scaled, more for decoding, more stages."""
    noise = NOISE[(night + len(name)) % len(NOISE)]
    stages = {**STAGES, "DecodingStage": STAGES["DecodingStage"] + decoding_ms, **(extra or {})}
    e2e_ms = E2E_MS - sum(STAGES.values()) + sum(stages.values())
    requests = [
        make_request(
            f"{night}-{number}",
            e2e_ms=e2e_ms,
            stages=stages,
            scale=scale * (1 + noise + spread),
        )
        for number, spread in enumerate(SPREAD)
    ]
    return make_scenario(name, *requests)


@dataclass
class Story:
    """A repository with a nightly workflow."""

    github: FakeGithub
    names: Sequence[str] = ("flux", "wan", "qwen", "zimage")
    settings: str = SETTINGS
    summary: Path | None = None
    driver: str = "570.86.15"
    hardware: Sequence[str] = ("h100",)
    """What is measured; all of it is as fast."""
    runner: str | None = None
    """The machine that measures."""
    runs: dict[int, Run] = field(default_factory=dict)
    """By night."""

    def __post_init__(self) -> None:
        """Commit the configuration, and baselines of every scenario."""
        file = make_baselines({name: make_values() for name in self.names})
        files = {f".github/perf-baselines/{name}.json": file.text.encode() for name in self.hardware}
        self.github.commit("main", {CONFIG: self.settings.encode(), **files}, "Begin", author="maintainer")

    def on(self, github: FakeGithub) -> "Story":
        """Return the same story on another GitHub."""
        other = copy(self)
        other.github = github
        return other

    def remember(self, nights: int, begin: int = 1, scales: Mapping[str, float] | None = None) -> None:
        """Let nights have passed, from a first one on, as the history tells of them."""
        texts: dict[str, str] = {}
        for night in range(begin, begin + nights):
            run = quick_hub(self.github).run(self.ran(night).id)
            for hardware in self.hardware:
                path = path_of(hardware, run.created_at)
                record = make_record(
                    *(measured(name, night, (scales or {}).get(name, 1.0)) for name in self.names)
                )
                lines = lines_of(run, hardware, [self._on_machine(record)], "host")
                texts[path] = appended(texts.get(path, ""), lines)
        files = {path: text.encode() for path, text in texts.items()}
        self.github.commit("perf-history", files, "Nights")

    def ran(
        self,
        night: int,
        scales: Mapping[str, float] | None = None,
        decoding_ms: Mapping[str, float] | None = None,
        extra: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Run:
        """Let the workflow have run on a new commit of the default branch; return the run."""
        self.github.commit("main", {"src.py": f"night = {night}\n".encode()}, f"Work of day {night}")
        run = self.github.run("main", workflow=NIGHTLY_WORKFLOW, event="schedule", status="in_progress")
        run.created_at = (BEGIN + timedelta(days=night - 1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        scenarios = [
            measured(
                name,
                night,
                (scales or {}).get(name, 1.0),
                (decoding_ms or {}).get(name, 0.0),
                (extra or {}).get(name),
            )
            for name in self.names
        ]
        for hardware in self.hardware:
            record = make_record(*scenarios, hardware=hardware, head_sha=run.head_sha, run_id=run.id)
            content = make_zip(("run-record.json", record_to_json(self._on_machine(record))))
            self.github.artifact(run, f"perf-records-{hardware}", content)
        self.runs[night] = run
        return run

    def _on_machine(self, record: RunRecord) -> RunRecord:
        """Return a record as the machine of this story tells it."""
        told = {"driver": self.driver, "runner": self.runner}
        return record.model_copy(update={"environment": record.environment.model_copy(update=told)})

    def refreshed(self, run: Run) -> int:
        """Run `perf-ratchet refresh` for a run; return its exit code."""
        return night_flow.run(self.here(), run.id, self.summary)

    def here(self) -> BotContext:
        """Return where the bot is, with a hub of its own."""
        hub = quick_hub(self.github)
        return BotContext(hub, hub.login, self.github.repository, "https://github.com")

    def night(
        self,
        night: int,
        scales: Mapping[str, float] | None = None,
        decoding_ms: Mapping[str, float] | None = None,
        extra: Mapping[str, Mapping[str, float]] | None = None,
    ) -> int:
        """Let a night pass; return the exit code of its refresh."""
        return self.refreshed(self.ran(night, scales, decoding_ms, extra))

    def merge(self, pull: Pull) -> None:
        """Let a maintainer squash a pull request of the bot into the default branch."""
        changed = {BASELINES: self.github.head(pull.head_branch).files[BASELINES]}
        self.github.commit("main", changed, f"Merge #{pull.number}", author="maintainer")
        pull.is_open = False

    @property
    def pulls(self) -> list[Pull]:
        """Every pull request that the bot has opened."""
        return [it for it in self.github.pulls.values() if it.author == self.github.login]


def proposed(github: FakeGithub, branch: str = "perf-ratchet/tighten-h100") -> BaselineFile:
    """Return the baselines as a branch has them."""
    return baselines_from_text(github.head(branch).files[BASELINES].decode())


def history_of(github: FakeGithub) -> list[HistoryLine]:
    """Return the whole history."""
    files = github.head("perf-history").files
    return [
        line
        for path in sorted(files)
        if path.endswith(".jsonl")
        for line in history_from_files([files[path]]).lines
    ]


def state(github: FakeGithub) -> Any:
    """Return everything that a person can see."""
    return (
        {name: github.head(name).files for name in github.branches},
        {it.number: (it.title, it.body, it.is_open, it.labels) for it in github.pulls.values()},
        {it.number: (it.title, it.body, it.is_open, it.labels) for it in github.issues.values()},
        [(it.pull, it.body) for it in github.comments],
    )
