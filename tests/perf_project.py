"""A repository on the fake GitHub that uses perf-ratchet: configuration, baselines, runs that measured."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from builders import make_baselines, make_record, make_request, make_scenario, make_values
from github_fake import FakeGithub, quick_hub
from github_fake.state import Comment, Pull, Run
from ratchet_bot.data.history import line_to_text
from ratchet_bot.data.names import CONFIG
from ratchet_bot.flows import report, slash
from ratchet_bot.flows.history_branch import lines_of
from ratchet_bot.hosts import states
from ratchet_profiler.record import RunRecord, record_to_json
from zips import RECORD_NAME, make_zip

H100 = "perf/h100.json"
ASCEND = "perf/ascend.json"
FORK = "stranger/demo"
SETTINGS = f"hardware:\n  h100: {{baselines: {H100}}}\n  ascend: {{baselines: {ASCEND}}}\n"
ONE = f"hardware:\n  h100: {{baselines: {H100}}}\n"
ODD_STEPS = (93.41, 97.12, 104.37, 98.83, 91.06)
"""Steps that nobody would take for typed by hand, none much faster than the others."""
ODD_STAGES = {"TextEncodingStage": 30.41, "DenoisingStage": 489.29, "DecodingStage": 61.27}
ODD_E2E_MS = 592.83


def odd_values(scale: float = 1.0) -> dict[str, Any]:
    """Return a scenario's baselines that audit without a finding: they agree with `odd_record()`."""
    return make_values(
        e2e_ms=round(ODD_E2E_MS * scale, 2),
        stages={name: round(ms * scale, 2) for name, ms in ODD_STAGES.items()},
        steps=[round(step * scale, 2) for step in ODD_STEPS],
    )


def odd_record(hardware: str = "h100", **scales: float) -> RunRecord:
    """Return a run whose scenarios are this much slower than their baselines; "wan" is the slower one."""
    own = {"wan": 1.1}
    scenarios = [
        make_scenario(
            name,
            make_request(
                e2e_ms=ODD_E2E_MS, stages=ODD_STAGES, steps=ODD_STEPS, scale=scale * own.get(name, 1.0)
            ),
        )
        for name, scale in scales.items()
    ]
    record = make_record(*scenarios, hardware=hardware)
    return record.model_copy(update={"source": record.source.model_copy(update={"head_sha": None})})


class Project:
    """The repository, its people, and what the bot does there."""

    def __init__(self, github: FakeGithub, folder: Path, settings: str = ONE) -> None:
        """Put the configuration and baselines of two scenarios on the default branch."""
        self.folder = folder
        self.github = github
        self.hub = quick_hub(github)
        self.baselines = make_baselines({"flux": odd_values(), "wan": odd_values(1.1)}).text
        files = {CONFIG: settings.encode(), H100: self.baselines.encode(), ASCEND: self.baselines.encode()}
        github.commit("main", files, "Guard the speed")

    def opened(self, branch: str = "faster", repository: str | None = None, **changed: bytes | None) -> Pull:
        """Let somebody open a pull request; `changed` is by path, with / as __."""
        self.pushed(branch, repository, **changed)
        return self.github.pull(branch, repository=repository, author="stranger" if repository else "writer")

    def pushed(self, branch: str = "faster", repository: str | None = None, **changed: bytes | None) -> str:
        """Let somebody push a commit, and return its SHA."""
        files = {path.replace("__", "/"): content for path, content in changed.items()}
        number = str(len(self.github.commits)).encode()
        return self.github.commit(
            branch, {"engine.py": number, **files}, "Work", author="writer", repository=repository
        )

    def measured(
        self,
        branch: str = "faster",
        repository: str | None = None,
        *,
        ascend: Mapping[str, float] | None = None,
        fields: Mapping[str, Any] = {},
        **h100: float,
    ) -> Run:
        """Let the profile workflow have run on the head of a branch, with these slowdowns by scenario."""
        run = self.github.run(branch, repository=repository, **fields)
        if h100:
            self.left(run, "perf-records-h100", odd_record("h100", **h100))
        if ascend:
            self.left(run, "perf-records-ascend", odd_record("ascend", **ascend))
        return run

    def left(self, run: Run, name: str, record: RunRecord) -> None:
        """Let a run have left a record."""
        self.github.artifact(run, name, make_zip((RECORD_NAME, record_to_json(record))))

    def slept(self, *scales: float) -> None:
        """Let nights have measured "flux" on h100 this much slower, the first one a month ago."""
        lines = []
        for number, scale in enumerate(scales, 1):
            night = states.Run(
                run_id=number,
                attempt=1,
                workflow=".github/workflows/nightly.yml",
                event="schedule",
                status="completed",
                conclusion="success",
                head_sha=f"{number:040x}",
                head_branch="main",
                head_repository=self.github.repository,
                created_at=datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=number),
                url="",
            )
            lines += lines_of(night, "h100", [odd_record(flux=scale)], "host")
        for month in ("2026-04", "2026-05"):
            told = [line_to_text(it) for it in lines if it.night.isoformat().startswith(month)]
            self.github.commit("perf-history", {f"h100/{month}.jsonl": "\n".join(told).encode()}, "Nights")

    def reported(self, run: Run) -> int:
        """Let the report workflow run on it."""
        return report.run(self.hub, run.id, None)

    def asked(self, pull: Pull, body: str, author: str = "maintainer") -> tuple[int, Comment]:
        """Let somebody comment, and the slash workflow run on it; return its exit code and the comment."""
        comment = self.github.comment(pull.number, author, body)
        return self.responded(comment), comment

    def responded(self, comment: Comment) -> int:
        """Let the slash workflow run on a comment."""
        return slash.run(self.event(comment), lambda _: self.hub)

    def event(self, comment: Comment) -> Path:
        """Return the file with what GitHub tells of a comment."""
        person = {"login": comment.author, "type": "User"}
        event = {
            "action": "created",
            "comment": {
                "id": comment.id,
                "node_id": f"IC_{comment.id}",
                "body": comment.body,
                "user": person,
            },
            "issue": {
                "number": comment.pull,
                "node_id": f"PR_{comment.pull}",
                "state": "open",
                "pull_request": {},
            },
            "repository": {"full_name": self.github.repository},
            "sender": person,
        }
        path = self.folder / f"event-{comment.id}.json"
        path.write_text(json.dumps(event))
        return path

    def answers(self, comment: Comment) -> list[str]:
        """Return what the bot has answered to a comment."""
        marker = f"<!-- perf-ratchet:answer {comment.id} -->"
        return [it.body for it in self.github.comments if it.body.startswith(marker)]

    def reactions(self, comment: Comment) -> list[str]:
        """Return how the bot has reacted to a comment."""
        return [what for who, what in comment.reactions if who == self.github.login]

    def file(self, branch: str = "faster", path: str = H100) -> str:
        """Return a file as it is on a branch."""
        return self.github.head(branch).files[path].decode()

    def comments(self, pull: Pull) -> list[str]:
        """Return what the bot has said on a pull request."""
        said = [it for it in self.github.comments if it.pull == pull.number]
        return [it.body for it in said if it.author == self.github.login]

    def checks(self, run: Run) -> list[object]:
        """Return the conclusions of the checks of a run."""
        ids = {f"{run.id}/{run.attempt}"}
        return [it.said.get("conclusion") for it in self.github.checks if it.said["external_id"] in ids]
