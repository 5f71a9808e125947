"""The shipped workflow files, executed: callers that init wrote, the workflows and the action they call."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from acting import Actions
from acting.actions import RELEASE, ROOT
from builders import E2E_MS, STAGES, STEPS, make_baselines, make_record, make_run, make_scenario, make_values
from git_folder import git
from github_fake import FakeGithub
from github_fake.state import Comment, Run
from ratchet_bot.__main__ import main
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.data.history import appended
from ratchet_bot.flows.history_branch import lines_of
from ratchet_bot.judging.audit import audit
from ratchet_profiler.record import record_from_json, record_to_json
from zips import make_zip

pytestmark = pytest.mark.act

BASELINES = ".github/perf-baselines/c p u $(touch PWNED).json"
"""A path that a pull request may choose, and that a shell must not see."""
CONFIG = f"""\
hardware:
  cpu: {{baselines: "{BASELINES}", runner: [self-hosted, linux, cpu], device: cpu}}
scenarios: .github/perf-scenarios.toml
requests: {{warmup: 0, measured: 2, confirm: 3}}
tighten: {{nights: 1}}
comment: always
"""
SCENARIOS = '[scenario.flux]\nsource = "callable"\ncall = "engine:run"\n'
ENGINE = """\
def run(profiler):
    with profiler.stage("TextEncodingStage"):
        sum(range(1000))
    with profiler.stage("DenoisingStage"):
        for index in range(5):
            with profiler.stage(f"denoising_step_{index}"):
                sum(range(2_000_000))
    with profiler.stage("DecodingStage"):
        sum(range(1000))
"""
PERSON = {"login": "writer", "type": "User"}
REPOSITORY = {"id": 1, "full_name": "octo/demo", "default_branch": "main"}
SETUP = """\
mkdir -p installed
cat >installed/ratchet-profiler <<'END'
#!/bin/sh
{}
END
chmod +x installed/ratchet-profiler
echo "$PWD/installed" >>"$GITHUB_PATH"
"""
THE_PROFILER = """\
PYTHONPATH="$ACTING_TESTS/../bot:$ACTING_TESTS/../profiler:$PWD" \\
  exec "$ACTING_PYTHON" -m ratchet_profiler "$@\""""
ONE_RECORD = 'cp "$ACTING_REPOSITORY/record.json" run-record.json'
"""A profiler whose every run measures the same."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Give a repository with an engine that adopted perf-ratchet, with one scenario on a CPU."""
    folder = tmp_path / "repository"
    files = {
        ".github/perf-scenarios.toml": SCENARIOS,
        "engine.py": ENGINE,
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for command in ("init --quiet", "remote add origin https://github.com/octo/demo.git"):
        git(folder, *command.split())
    monkeypatch.chdir(folder)
    assert main(["init", "--release", RELEASE]) == 0
    capsys.readouterr()
    for path in folder.glob(".github/perf-baselines/*.json"):
        path.unlink()
    (folder / BASELINES).write_text(baselines(5))
    (folder / ".github/perf-ratchet.yml").write_text(CONFIG)
    (folder / ".github/perf-setup.sh").write_text(SETUP.format(THE_PROFILER))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Adopt perf-ratchet")
    return folder


@pytest.fixture
def actions(github: FakeGithub, repository: Path, tmp_path: Path) -> Iterator[Actions]:
    """Let that repository be on GitHub, and its workflows run."""
    content = {path: (repository / path).read_bytes() for path in tracked(repository)}
    github.commit("main", content, "Adopt perf-ratchet")
    github.commit("work", content, "Make it faster", author="writer")
    with Actions(github, repository, tmp_path) as running:
        yield running


def baselines(times: float) -> str:
    """Return a baseline file: a builder's request, of half a second, that many times as slow."""
    stages = {name: ms * times for name, ms in STAGES.items()}
    values = make_values(stages=stages, steps=[ms * times for ms in STEPS], e2e_ms=E2E_MS * times)
    return make_baselines({"flux": values}).text


def tracked(folder: Path) -> list[str]:
    """Return the files that are committed."""
    return git(folder, "ls-files", "-z").strip("\0").split("\0")


def pull_event(github: FakeGithub) -> dict[str, Any]:
    """Return what GitHub tells a workflow of pull request 7."""
    head = {"sha": github.pulls[7].head_sha, "ref": "work", "repo": {"id": 1, "full_name": "octo/demo"}}
    pull = {"number": 7, "head": head, "base": {"ref": "main", "sha": github.branches["main"]}}
    return {"action": "synchronize", "number": 7, "pull_request": pull, "repository": REPOSITORY}


def run_event(run: Run, action: str) -> dict[str, Any]:
    """Return what GitHub tells a workflow of another's run."""
    told = {
        "id": run.id,
        "event": run.event,
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "head_repository": {"id": 1, "full_name": run.head_repository},
        "path": run.workflow,
        "status": run.status,
        "conclusion": run.conclusion,
    }
    return {"action": action, "workflow_run": told, "repository": REPOSITORY, "sender": PERSON}


def comment_event(comment: Comment, **issue: Any) -> dict[str, Any]:
    """Return what GitHub tells a workflow of a comment."""
    about = {"number": 7, "state": "open", "pull_request": {"url": "x"}, **issue}
    author = {"login": comment.author, "type": "User"}
    said = {"id": comment.id, "body": comment.body, "user": author}
    return {"action": "created", "issue": about, "comment": said, "repository": REPOSITORY, "sender": author}


def quicker_nights(actions: Actions) -> None:
    """Let the history have nights of this very machine that were a hundred times as fast."""
    command = [sys.executable, "-m", "ratchet_profiler", "run", "--scenarios", ".github/perf-scenarios.toml"]
    path = actions.folder / "night.json"
    out = ["--hardware", "cpu", "--repeats", "1", "--warmup", "0", "--out", str(path)]
    away = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    place = os.pathsep.join([str(ROOT), str(actions.repository)])
    subprocess.run([*command, *out], cwd=actions.repository, env=away | {"PYTHONPATH": place}, check=True)
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    run = make_run(created_at=begun)
    (line,) = lines_of(run, "cpu", [record_from_json(path.read_bytes())], "host")
    fast = line.model_copy(update={"values": {field: ms / 100 for field, ms in line.values.items()}})
    nights = [
        fast.model_copy(update={"run_id": night, "captured_at": begun + timedelta(night)})
        for night in range(1, 21)
    ]
    month = actions.folder / "history" / "cpu" / "2026-11.jsonl"
    month.parent.mkdir(parents=True)
    month.write_text(appended("", nights))


def requests_in(content: bytes) -> int:
    """Return how many requests of its one scenario a zipped record has."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (scenario,) = record_from_json(archive.read("run-record.json")).scenarios
    return len(scenario.requests)


def is_untouched(actions: Actions) -> bool:
    """Whether no string of an attacker was run as a command, in any folder of a job."""
    return not list(actions.folder.rglob("PWNED*"))


def test_a_suspect_is_measured_again_and_told(github: FakeGithub, actions: Actions):
    """Slower than the nights before: the profile workflow adds requests, the report workflow comments."""
    quicker_nights(actions)
    run = github.run("work", status="in_progress")
    begun = actions.start("workflow_run", "report", run_event(run, "requested"))
    in_progress = [(it.said["name"], it.said["status"]) for it in github.checks]
    ran = actions.start("pull_request", "profile", pull_event(github), run_id=run.id)
    run.status, run.conclusion = "completed", "success"
    told = actions.start("workflow_run", "report", run_event(run, "completed"))

    assert begun.jobs == told.jobs == {"report/report/report": "success"}, f"{begun.said}{told.said}"
    assert ran.jobs == {
        "profile/profile/plan": "success",
        "profile/profile/profile (cpu 1/1)": "success",
    }, ran.said
    assert [(it.name, requests_in(it.content)) for it in github.artifacts] == [("perf-records-cpu", 2 + 3)]
    assert in_progress == [("perf-ratchet", "in_progress")]
    assert [it.said["conclusion"] for it in github.checks] == ["success"]
    (comment,) = github.comments
    assert comment.body.startswith("<!-- perf-ratchet:report")
    assert is_untouched(actions)


def test_a_command_becomes_a_commit(github: FakeGithub, actions: Actions):
    """A maintainer's /tighten-baselines puts the measured values on the branch; what follows it is inert."""
    record = make_record(make_scenario("flux"), hardware="cpu", head_sha=github.pulls[7].head_sha)
    github.artifact(
        github.run("work"), "perf-records-cpu", make_zip(("run-record.json", record_to_json(record)))
    )
    comment = github.comment(
        7, "maintainer", '/tighten-baselines\n\n$(touch PWNED) `touch PWNED` "; touch PWNED #'
    )
    ran = actions.start("issue_comment", "slash", comment_event(comment))
    written = baselines_from_text(github.head("work").files[BASELINES].decode())

    assert ran.jobs == {"respond/slash/respond": "success"}, ran.said + ran.errors
    assert ("github-actions[bot]", "rocket") in comment.reactions
    assert written.scenarios["flux"].expected_e2e_ms == E2E_MS
    assert [it for it in audit(written) if it.severity == "error"] == []
    assert is_untouched(actions)


@pytest.mark.parametrize(
    ("body", "issue"),
    [
        ("looks good to me", {}),
        ("/tighten-baselines", {"pull_request": None}),
    ],
)
def test_other_comments_cost_nothing(github: FakeGithub, actions: Actions, body: str, issue: dict[str, Any]):
    """Small talk, and a command in an issue: the job is skipped, GitHub is asked nothing."""
    ran = actions.start(
        "issue_comment", "slash", comment_event(github.comment(7, "maintainer", body), **issue)
    )

    assert (ran.code, ran.jobs, github.log) == (0, {}, [])


def test_a_night_twice_is_a_night_once(github: FakeGithub, actions: Actions):
    """The nightly workflow measures, remembers and proposes; done again, it changes nothing any more."""
    (actions.repository / ".github/perf-setup.sh").write_text(SETUP.format(ONE_RECORD))
    record = make_record(make_scenario("flux"), hardware="cpu", head_sha=github.branches["main"])
    (actions.repository / "record.json").write_bytes(record_to_json(record))
    run = github.run("main", workflow=".github/workflows/nightly.yml", event="schedule", status="in_progress")
    once = actions.start("schedule", "nightly", {"repository": REPOSITORY}, run_id=run.id)
    after_once = left(github)
    twice = actions.start("schedule", "nightly", {"repository": REPOSITORY}, run_id=run.id)

    assert once.jobs == {
        "profile/profile/plan": "success",
        "profile/profile/profile (cpu 1/1)": "success",
        "refresh/refresh/refresh": "success",
    }, once.said + once.errors
    assert twice.jobs == once.jobs, twice.said + twice.errors
    assert [it.head_branch for it in github.pulls.values() if it.author == github.login] == [
        "perf-ratchet/tighten-cpu"
    ]
    (night,) = (it for path, it in github.head("perf-history").files.items() if path.endswith(".jsonl"))
    assert night.count(b"\n") == 1
    assert left(github) == after_once


def left(github: FakeGithub) -> dict[str, Any]:
    """Return all that programs have left in the repository."""
    return {
        "branches": dict(github.branches),
        "pulls": deepcopy(github.pulls),
        "issues": deepcopy(github.issues),
        "comments": deepcopy(github.comments),
    }
