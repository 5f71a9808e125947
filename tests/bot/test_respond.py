from pathlib import Path

import pytest
from github_fake import FakeGithub
from perf_project import ASCEND, FORK, H100, SETTINGS, Project, odd_values
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.judging.audit import audit

NIGHTLY = ".github/workflows/nightly.yml"


@pytest.fixture
def project(github: FakeGithub, tmp_path: Path) -> Project:
    return Project(github, tmp_path, SETTINGS)


def e2e_ms(text: str, scenario: str = "flux") -> float:
    return baselines_from_text(text).scenarios[scenario].expected_e2e_ms


def test_a_maintainer_tightens_in_one_commit(project: Project):
    """One commit by the bot, touching baselines only; the answer shows what was changed, and why not more."""
    pull = project.opened()
    before = project.github.head("faster")
    project.measured(flux=0.8, wan=1.0, ascend={"flux": 0.7})
    code, comment = project.asked(pull, "/tighten-baselines")
    after = project.github.head("faster")
    [answer] = project.answers(comment)

    assert (code, project.reactions(comment)) == (0, ["eyes", "rocket"])
    assert after.parent == before.sha
    assert {path for path in after.files if after.files[path] != before.files.get(path)} == {H100, ASCEND}
    assert e2e_ms(project.file()) == 474.26
    assert audit(baselines_from_text(project.file())) == []
    assert "**2 new baselines** in" in answer
    assert "`wan`: end to end changed by +0.0 %" in answer


@pytest.mark.parametrize("author", ["stranger", "a-person"])
def test_a_stranger_is_told_what_is_needed(project: Project, author: str):
    """-1, and the permission that is missing; nothing else is looked at."""
    pull = project.opened()
    project.measured(flux=0.8)
    code, comment = project.asked(pull, "/tighten-baselines", author)
    [answer] = project.answers(comment)

    assert (code, project.reactions(comment)) == (1, ["eyes", "-1"])
    assert "**write** permission" in answer
    assert len(project.github.api_requests) == 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("flux", {"h100": ["flux"], "ascend": ["flux"]}),
        ("w* --hardware ascend", {"h100": [], "ascend": ["wan"]}),
        ("--hardware h100", {"h100": ["flux", "wan"], "ascend": []}),
        ("f* w*", {"h100": ["flux", "wan"], "ascend": ["flux", "wan"]}),
    ],
)
def test_what_is_asked_is_what_is_tightened(project: Project, arguments: str, expected: dict[str, list[str]]):
    """Globs take scenarios, --hardware takes one kind; everything else stays."""
    pull = project.opened()
    project.measured(flux=0.8, wan=0.8, ascend={"flux": 0.8, "wan": 0.8})
    project.asked(pull, f"/tighten-baselines {arguments}")
    files = {"h100": project.file(), "ascend": project.file(path=ASCEND)}
    tightened = {
        name: [one for one, it in baselines_from_text(text).scenarios.items() if it.provenance]
        for name, text in files.items()
    }

    assert tightened == expected


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/tighten-baselines nope*", "No scenario of run 1001 matches nope"),
        ("/tighten-baselines --hardware h200", "no hardware h200 is configured; did you mean h100?"),
        ("/tighten-baselines --hardware b", "no hardware b is configured; there is h100, ascend."),
        ("/tighten-baselines --fast", "--fast is not an option or a scenario."),
        ("/tighten-baselines --from-run 1", "GitHub did not show run 1 of octo/demo: not found"),
        ("/perf-status please", "/perf-status takes no arguments."),
    ],
)
def test_what_cannot_be_done_is_said(project: Project, command: str, said: str):
    """Confused, with what is wrong; no file is changed."""
    pull = project.opened()
    head = project.github.branches["faster"]
    project.measured(flux=0.8)
    code, comment = project.asked(pull, command)

    assert (code, project.reactions(comment)) == (1, ["eyes", "confused"])
    assert said in project.answers(comment)[0].replace("\u200b", "")
    assert project.github.branches["faster"] == head


def test_a_dry_run_changes_nothing(project: Project):
    """What would be changed is shown, and no branch moves."""
    pull = project.opened()
    head = project.github.branches["faster"]
    project.measured(flux=0.8)
    code, comment = project.asked(pull, "/tighten-baselines --dry-run")

    assert (code, project.github.branches["faster"]) == (0, head)
    assert "**1 new baseline** would be written. This was a dry run" in project.answers(comment)[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "in_progress"}, "run 1001 has not ended; ask again then"),
        ({"event": "push"}, "no run of .github/workflows/profile.yml has measured it"),
        ({"conclusion": "failure"}, "run 1001 has left no valid record (h100: the run left no record of it;"),
    ],
)
def test_a_head_without_a_valid_run_is_said(project: Project, fields: dict[str, str], said: str):
    """Nothing measured, nothing tightened, and the reason."""
    pull = project.opened()
    project.measured(fields=fields)
    code, comment = project.asked(pull, "/tighten-baselines")

    assert (code, project.reactions(comment)) == (1, ["eyes", "confused"])
    assert said in project.answers(comment)[0].replace("&#95;", "_")


def test_a_run_of_an_older_head_is_not_taken(project: Project):
    """Once the engine has changed, what was measured before says nothing about it."""
    pull = project.opened()
    project.measured(flux=0.8)
    project.pushed()
    code, comment = project.asked(pull, "/tighten-baselines")

    assert code == 1
    assert "There is nothing to take from the head of this pull request" in project.answers(comment)[0]


def test_of_several_runs_the_latest_valid_one_counts(project: Project):
    """A later run without records does not hide the one before."""
    pull = project.opened()
    project.measured(flux=0.9)
    good = project.measured(flux=0.8)
    project.measured(fields={"conclusion": "cancelled"})
    _, comment = project.asked(pull, "/tighten-baselines")

    assert f"[run {good.id}]" in project.answers(comment)[0]
    assert e2e_ms(project.file()) == 474.26


def test_one_hardware_after_the_other(project: Project):
    """After our own commit the run before it still counts: only baselines have changed since."""
    pull = project.opened()
    project.measured(flux=0.8, ascend={"flux": 0.7})
    project.asked(pull, "/tighten-baselines --hardware h100")
    code, comment = project.asked(pull, "/tighten-baselines --hardware ascend")

    assert code == 0
    assert "only baselines have changed since" in project.answers(comment)[0]
    assert (e2e_ms(project.file()), e2e_ms(project.file(path=ASCEND))) == (474.26, 414.98)


def test_a_fork_of_the_same_branch_name_is_not_taken(project: Project):
    """Branches of forks share names, and even commits: their runs are not this pull request's."""
    pull = project.opened()
    project.github.heads(FORK)["faster"] = pull.head_sha
    project.measured("faster", FORK, flux=0.1)
    code, comment = project.asked(pull, "/tighten-baselines")

    assert code == 1
    assert "has measured it" in project.answers(comment)[0]


@pytest.mark.parametrize(
    ("fields", "whose"),
    [
        ({"workflow": NIGHTLY, "event": "schedule"}, "of `octo/demo`, branch `main`"),
        ({"workflow": NIGHTLY, "event": "workflow_dispatch"}, "of `octo/demo`, branch `main`"),
        ({}, "of `octo/demo`, branch `main`"),
    ],
)
def test_another_run_may_be_named(project: Project, fields: dict[str, str], whose: str):
    """Any successful run of the own workflows, and the answer says whose it was and who named it."""
    pull = project.opened()
    run = project.measured("main", flux=0.8, fields=fields)
    code, comment = project.asked(pull, f"/tighten-baselines --from-run {run.id}")
    [answer] = project.answers(comment)

    assert code == 0
    assert f"[run {run.id}](https://github.com/octo/demo/actions/runs/{run.id}) {whose}" in answer
    assert "chosen by `maintainer`" in answer
    assert e2e_ms(project.file()) == 474.26


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"workflow": ".github/workflows/evil.yml"}, "it is of .github/workflows/evil.yml; taken are"),
        ({"event": "push"}, "it was started by push; taken are"),
        ({"conclusion": "failure"}, "it is failure; taken are those that ended as success"),
        ({"status": "in_progress"}, "it is in_progress; taken are those that ended as success"),
    ],
)
def test_not_every_run_may_be_named(project: Project, fields: dict[str, str], said: str):
    """Other workflows, other events and runs that failed are refused with the reason."""
    pull = project.opened()
    run = project.measured("main", flux=0.8, fields=fields)
    code, comment = project.asked(pull, f"/tighten-baselines --from-run {run.id}")

    assert code == 1
    assert said in project.answers(comment)[0]
    assert "provenance" not in project.file()


def test_a_closed_pull_request_is_left_alone(project: Project):
    """There is an answer, and no commit on a branch that somebody thinks is done."""
    pull = project.opened()
    project.measured(flux=0.8)
    pull.is_open = False
    code, comment = project.asked(pull, "/tighten-baselines")

    assert code == 1
    assert "This pull request is closed, so nothing was changed." in project.answers(comment)[0]


def test_two_kinds_of_hardware_may_share_a_file(github: FakeGithub, tmp_path: Path):
    """The second change follows the first one: neither is lost."""
    project = Project(github, tmp_path, SETTINGS.replace(ASCEND, H100))
    pull = project.opened()
    project.measured(flux=0.8, ascend={"wan": 0.8})
    project.asked(pull, "/tighten-baselines")

    assert (e2e_ms(project.file()), e2e_ms(project.file(), "wan")) == (474.26, 521.69)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "of `{sha}` ended as success. Its report is the check `perf-ratchet`"),
        ({"status": "in_progress"}, "of `{sha}` is in progress."),
        ({"status": "queued"}, "of `{sha}` is queued."),
        ({"event": "push"}, "The profile workflow has not run on this pull request's branch."),
    ],
)
def test_status_is_for_everybody(project: Project, fields: dict[str, str], said: str):
    """How the latest run of the pull request stands."""
    pull = project.opened()
    project.measured(flux=0.8, fields=fields)
    code, comment = project.asked(pull, "/perf-status", "stranger")

    assert (code, project.reactions(comment)) == (0, ["eyes", "rocket"])
    assert said.format(sha=pull.head_sha[:7]) in project.answers(comment)[0]


def test_status_says_when_the_head_has_moved_on(project: Project):
    """A run of another commit is told as such."""
    pull = project.opened()
    project.measured(flux=0.8)
    project.pushed()
    _, comment = project.asked(pull, "/perf-status")

    assert f"This pull request's head is `{pull.head_sha[:7]}`" in project.answers(comment)[0]


def test_help_names_every_command(project: Project):
    """What there is to ask for, and who may."""
    _, comment = project.asked(project.opened(), "/perf-help", "stranger")
    [answer] = project.answers(comment)

    assert all(f"`{command}" in answer for command in ("/tighten-baselines", "/perf-status", "/perf-help"))


@pytest.mark.parametrize("body", ["hello", "/retest", "> /perf-help", "```\n/tighten-baselines\n```"])
def test_what_is_not_ours_is_met_with_silence(project: Project, body: str):
    """Not even a reaction, and no request."""
    code, comment = project.asked(project.opened(), body)

    assert (code, project.reactions(comment), project.answers(comment)) == (0, [], [])
    assert project.github.api_requests == []


def test_what_is_written_is_one_requests_values(project: Project):
    """Every value of the scenario is the measured one, and the change audits without a finding."""
    pull = project.opened()
    project.measured(flux=0.8)
    project.asked(pull, "/tighten-baselines")
    before, after = (baselines_from_text(text) for text in (project.baselines, project.file()))
    expected = odd_values(0.8)

    assert audit(after, against=before) == []
    assert {
        name: getattr(after.scenarios["flux"], name) for name in expected if name != "denoise_step_ms"
    } == {name: value for name, value in expected.items() if name != "denoise_step_ms"}


def test_the_nights_are_asked_whether_a_baseline_will_hold(project: Project):
    """An engine whose nights are up to 60 % apart would break a tight limit often: it is not tightened."""
    project.slept(*(1.0, 1.3, 1.6) * 10)
    pull = project.opened()
    project.measured(flux=0.8, wan=0.8)
    _, comment = project.asked(pull, "/tighten-baselines --hardware h100")
    tightened = baselines_from_text(project.file()).scenarios

    assert [name for name, one in tightened.items() if one.provenance] == ["wan"]
    assert "`flux`: " in project.answers(comment)[0].partition("not tightened")[2]


def test_the_same_comment_twice_is_one_commit(project: Project):
    """An event that is delivered again is answered with what is there."""
    pull = project.opened()
    project.measured(flux=0.8)
    _, comment = project.asked(pull, "/tighten-baselines")
    head, [answer] = project.github.branches["faster"], project.answers(comment)
    code = project.responded(comment)

    assert (code, project.github.branches["faster"]) == (0, head)
    assert project.answers(comment) == [answer]
