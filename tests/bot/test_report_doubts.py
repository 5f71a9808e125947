"""Runs and edits that regress nothing, and yet are no reason for a green check."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import make_baselines, make_values
from github_fake import FakeGithub
from github_fake.state import Run
from perf_project import CONFIG, H100, ODD_STEPS, ONE, Project, odd_record, odd_values
from ratchet_bot.telling.edits import edit_of
from ratchet_profiler.record import RunRecord

EMPTY = {
    "stages_ms": {},
    "denoise_step_ms": {},
    "expected_e2e_ms": 0,
    "expected_avg_denoise_ms": 0,
    "expected_median_denoise_ms": 0,
}
FILE = H100.replace("/", "__")


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path)


def of_attempt(number: int, **scales: float) -> RunRecord:
    record = odd_record(**scales)
    return record.model_copy(update={"source": record.source.model_copy(update={"run_attempt": number})})


def again(project: Project, conclusion: str, *second: RunRecord) -> tuple[Run, str]:
    """Let a run have measured in its first attempt, and perhaps in its second; return its comment."""
    pull = project.opened()
    run = project.measured()
    project.left(run, "perf-records-h100-1", of_attempt(1, flux=1.0))
    project.left(run, "perf-records-h100-2", of_attempt(1, wan=1.0))
    for record in second:
        project.left(run, "perf-records-h100-2", record)
    run.attempt, run.conclusion = 2, conclusion
    project.reported(run)
    return run, "".join(project.comments(pull))


def test_an_attempt_that_measured_nothing_is_not_green(project: Project):
    """What the first attempt has left is judged and shown, and the check says whose it is."""
    run, body = again(project, "success")

    assert project.checks(run) == ["action_required"]
    assert "🟡 **All records come from earlier attempts of the run: attempt 2 has measured nothing.**" in body


def test_an_attempt_of_one_shard_keeps_the_others(project: Project):
    """Failed jobs that are run again leave the records of the others as they were, on purpose."""
    run, body = again(project, "success", of_attempt(2, wan=1.0))

    assert (project.checks(run), body) == (["success"], "")


def test_a_run_that_failed_is_not_green(project: Project):
    """Whatever it has left may not be all: somebody looks, or runs it again."""
    run, body = again(project, "failure", of_attempt(2, wan=1.0))

    assert project.checks(run) == ["action_required"]
    assert "🟡 **The run ended as failure, so not all of it may have been measured.**" in body


def edited(project: Project, text: str) -> tuple[Run, str]:
    pull = project.opened(**{FILE: text.encode()})
    run = project.measured(flux=1.0, wan=1.0)
    project.reported(run)
    return run, "".join(project.comments(pull))


def changed(project: Project, **scenarios: Any) -> str:
    document = json.loads(project.baselines)
    for name, values in scenarios.items():
        if values is None:
            del document["scenarios"][name]
        else:
            document["scenarios"][name] = values
    return json.dumps(document, indent=4)


@pytest.mark.parametrize(
    ("scenarios", "rule"),
    [
        ({"flux": odd_values(10.0)}, "loosened"),
        ({"flux": None}, "guard-lost"),
        ({"flux": EMPTY}, "unguarded"),
    ],
)
def test_a_looser_baseline_asks_a_person_to_look(project: Project, scenarios: dict[str, Any], rule: str):
    """Merged unseen, it would let every later slowdown pass."""
    run, body = edited(project, changed(project, **scenarios))

    assert project.checks(run) == ["action_required"]
    assert "🟡 **With this pull request, slowdowns that were caught before would pass.**" in body
    assert f"`{rule}`" in body
    assert str(project.github.checks[0].said["output"]).count("made looser; a maintainer must review") == 1


def test_a_waiver_on_the_default_branch_accepts_it(project: Project):
    """A maintainer has said why, where the pull request cannot."""
    waiver = "waivers:\n  - {rule: loosened, scenario: flux, reason: a better sampler, expires: 2030-01-01}\n"
    project.github.commit("main", {CONFIG: (ONE + waiver).encode()}, "Accept it")
    run, _ = edited(project, changed(project, flux=odd_values(10.0)))

    assert project.checks(run) == ["success"]


def test_what_the_command_may_write_stays_green():
    """A short stage and its steps rose by up to 5 ms in a faster request: no looser baseline."""
    rose = make_values(
        e2e_ms=112.53,
        stages={"TextEncodingStage": 1.02, "DenoisingStage": 102.83, "DecodingStage": 8.04},
        steps=[round(0.2 * step + 1.07, 2) for step in ODD_STEPS],
    )
    before, after = (make_baselines({"flux": it}).text.encode() for it in (odd_values(0.2), rose))
    edit = edit_of(H100, before, after)

    assert edit is not None
    assert ([one.rule for one in edit.findings], edit.unguarding) == (["loosened"], ())


def test_a_tightened_head_is_green(project: Project):
    """The bot's own commit, measured again."""
    pull = project.opened()
    project.measured(flux=0.8, wan=0.8)
    project.asked(pull, "/tighten-baselines")
    run = project.measured(flux=0.8, wan=0.8)
    project.reported(run)

    assert '"provenance"' in project.file()
    assert project.checks(run) == ["success"]


def test_a_pull_request_that_changes_the_configuration_is_told_so(project: Project):
    """It is judged by the default branch's; the next ones would be by its own, and that is told."""
    told = "This pull request changes `.github/perf-ratchet.yml`"
    evil = b"hardware:\n  h100: {baselines: perf/loose.json}\n"
    pull = project.opened(**{".github__perf-ratchet.yml": evil, "perf__loose.json": b"{}"})
    assert project.reported(project.measured(flux=1.0, wan=1.0)) == 0
    assert told in project.comments(pull)[0]

    quiet = project.opened("quiet")
    assert project.reported(project.measured("quiet", flux=1.0, wan=1.0)) == 0
    assert project.comments(quiet) == []
