"""Nothing an attacker sends changes a file, mentions a person, reaches a shell, or selects another pull."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import make_request, make_scenario
from github_fake import FakeGithub
from hostile import BLOCKS, LINES, ZIPS, assert_inert
from perf_project import FORK, H100, ODD_STAGES, ODD_STEPS, ONE, Project, odd_record
from ratchet_profiler.record import RunRecord, record_to_json
from zips import RECORD_NAME, make_zip


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(github, tmp_path, ONE + "comment: always\n")


def untouched(project: Project, heads: dict[str, str]) -> None:
    """Fail when anything has happened but a comment on pull request 8 and a check."""
    assert {it.pull for it in project.github.comments if it.author == project.github.login} <= {8}
    assert project.github.branches == heads
    assert [it.number for it in project.github.pulls.values()] == [7, 8]
    assert [it.name for it in project.folder.iterdir() if not it.name.startswith("event-")] == []


def record_saying(words: str) -> RunRecord:
    """Return a record of a slow run with these words wherever it takes a name, and all others as stages."""
    stages = dict.fromkeys(map(printable, LINES), 1.03)
    request = make_request(words, e2e_ms=700.0, stages={**ODD_STAGES, **stages}, steps=ODD_STEPS, scale=2.0)
    record = odd_record()
    environment = record.environment.model_copy(
        update={
            **dict.fromkeys(("driver", "cuda", "torch", "python", "image", "runner"), words),
            "accelerator": record.environment.accelerator.model_copy(update={"name": words}),
            "absent": {words: words},
        }
    )
    source = record.source.model_copy(update={"job": words, "repository": "octo/other"})
    failed = [make_scenario(f"failed{number}", error=it) for number, it in enumerate((*LINES, *BLOCKS))]
    scenarios = (make_scenario("flux", request), make_scenario("wan", error=words), *failed)
    return RunRecord(source=source, environment=environment, scenarios=scenarios)


def printable(words: str) -> str:
    return "".join(letter for letter in words if ord(letter) > 0x1F and ord(letter) != 0x7F)


@pytest.mark.parametrize("words", LINES[::4])
def test_names_in_a_record_are_only_seen(project: Project, words: str):
    """Stages, requests, drivers, jobs and errors of a record look as they are and do nothing."""
    pull = project.opened("faster", FORK)
    run = project.measured("faster", FORK)
    project.left(run, "perf-records-h100", record_saying(printable(words)))
    heads = dict(project.github.branches)
    project.reported(run)
    [body] = project.comments(pull)

    assert "Slower than the baseline allows: 1 of 1 scenario on h100" in body
    assert_inert(body)
    assert_inert("\n\n" + str(project.github.checks[0].said["output"]["summary"]))
    untouched(project, heads)


@pytest.mark.parametrize("content", ZIPS.values(), ids=ZIPS)
def test_a_hostile_artifact_is_answered(project: Project, content: bytes):
    """Whatever is uploaded in the place of a record: a comment that says why, a red check, and no more."""
    pull = project.opened("faster", FORK)
    run = project.measured("faster", FORK)
    project.github.artifact(run, "perf-records-h100", content)
    heads = dict(project.github.branches)
    project.reported(run)
    [body] = project.comments(pull)

    assert "* `h100`: perf-records-h100: " in body
    assert_inert(body)
    assert project.checks(run) == ["action_required"]
    untouched(project, heads)


def test_names_of_artifacts_are_only_seen(project: Project):
    """A job of a pull request may call its artifacts as it likes."""
    pull = project.opened("faster", FORK)
    run = project.measured("faster", FORK, flux=1.0, wan=1.0)
    for words in LINES:
        project.github.artifact(run, f"perf-records-{words}", b"")
    project.reported(run)

    assert f"{len(LINES)} artifacts ignored" in project.comments(pull)[0]
    assert_inert(project.comments(pull)[0])


def test_baselines_of_a_pull_request_are_only_seen(project: Project):
    """Names of scenarios and stages in a file that a pull request changes are untrusted too."""
    document = json.loads(project.baselines)
    flux = document["scenarios"]["flux"]
    for words in LINES:
        document["scenarios"][words] = {**flux, "expected_avg_denoise_ms": words}
    flux["stages_ms"].update(dict.fromkeys(LINES, -1))
    document["metadata"]["description"] = " ".join(LINES)
    pull = project.opened("faster", FORK, **{H100.replace("/", "__"): json.dumps(document).encode()})
    run = project.measured("faster", FORK, flux=1.0, wan=1.0)
    project.reported(run)

    assert "findings that this pull request introduces in" in project.comments(pull)[0]
    assert_inert(project.comments(pull)[0])
    assert project.checks(run) == ["failure"]


@pytest.mark.parametrize(
    "command", ["/tighten-baselines {}", "{}\n/perf-status {}", "{}\n/perf-help", "> {}\n/x"]
)
def test_comments_reach_no_shell_and_no_file(project: Project, command: str):
    """Whoever may write, whatever they write: only the documented commands do anything."""
    pull = project.opened("faster", FORK)
    heads = dict(project.github.branches)
    for words in (*LINES, *BLOCKS):
        _, comment = project.asked(pull, command.format(words, words))
        for answer in project.answers(comment):
            assert_inert(answer)

    untouched(project, heads)


@pytest.mark.parametrize("branch", ["x`y", "a|b", "<img>", "$(id)", "@octocat", "x]y(z)"])
def test_names_of_branches_are_only_seen(project: Project, branch: str):
    """A fork chooses the name of its branch, as far as git takes it."""
    pull = project.opened(branch, FORK)
    run = project.measured(branch, FORK, flux=0.8, wan=1.0)
    project.reported(run)
    _, comment = project.asked(pull, "/tighten-baselines")
    _, status = project.asked(pull, "/perf-status")

    for body in project.comments(pull):
        assert_inert(body)
    assert project.reactions(comment) == project.reactions(status) == ["eyes", "rocket"]


@pytest.mark.parametrize(
    "files",
    [
        {"pull.txt": b"7", "pr_number": b"7"},
        {"event.json": b'{"pull_request": {"number": 7}}'},
        {"GITHUB_ENV": b"PULL=7\n"},
    ],
)
def test_no_artifact_selects_another_pull_request(project: Project, files: dict[str, Any]):
    """What is beside the record is not looked at; where a report goes is asked of the host."""
    pull = project.opened("faster", FORK)
    run = project.measured("faster", FORK)
    record = record_to_json(odd_record(flux=2.0, wan=1.0))
    content = make_zip((RECORD_NAME, record), *files.items())
    project.github.artifact(run, "perf-records-h100", content)
    heads = dict(project.github.branches)
    project.reported(run)

    assert (pull.number, len(project.comments(pull))) == (8, 1)
    untouched(project, heads)


def test_a_branch_of_the_same_name_in_another_fork_is_not_chosen(project: Project):
    """Two forks with one branch name and even one commit: the report goes where the run was."""
    mine = project.opened("faster", FORK)
    project.github.heads("other/demo")["faster"] = mine.head_sha
    theirs = project.github.pull("faster", repository="other/demo", author="other")
    run = project.measured("faster", "other/demo", flux=2.0, wan=1.0)
    project.reported(run)

    assert (len(project.comments(mine)), len(project.comments(theirs))) == (0, 1)
