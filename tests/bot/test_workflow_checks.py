"""What the doctor makes of workflow files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.adoption.checkup import Health
from ratchet_bot.adoption.release import Release
from ratchet_bot.adoption.scaffold import STARTING_HARDWARE, WORKFLOWS, Adoption, files
from ratchet_bot.adoption.workflow_checks import pin_check, workflow_checks, workflow_name

SHA = "0123456789abcdef0123456789abcdef01234567"
OWN = Path(__file__).parents[2] / ".github" / "workflows"
WRITTEN = files(
    Adoption(
        release=Release("octo/perf-ratchet", SHA, "0.1.0"),
        hardware=STARTING_HARDWARE,
        baselines_there=frozenset(),
        has_scenarios=False,
    )
)


def written(name: str) -> str:
    """Return a workflow as init writes it."""
    return WRITTEN[f".github/workflows/{name}.yml"]


def problems(name: str, text: str | None) -> list[tuple[str, str]]:
    """Return health and words of what is wrong."""
    checks = workflow_checks("w.yml", name, text, "profile")
    return [(str(it.health), it.says) for it in checks if it.health is not Health.OK]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_init_writes_is_well(name: str):
    """The doctor has nothing to say of what init wrote."""
    assert problems(name, written(name)) == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_our_own_are_well(name: str):
    """Nor of perf-ratchet's own workflows, which do the work themselves."""
    assert problems(name, (OWN / f"{name}.yml").read_text()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "health", "says"),
    [
        (
            "profile",
            "pull_request:",
            "pull_request_target:",
            "problem",
            "starts on pull_request_target: code of strangers would run with your token",
        ),
        ("profile", "  pull_request:", "  push:", "problem", "does not start on pull_request"),
        (
            "profile",
            "contents: read",
            "contents: write",
            "problem",
            "job profile: has contents: write without needing it, and code of pull requests runs in it",
        ),
        (
            "profile",
            "permissions: {}\n",
            "permissions: write-all\n",
            "problem",
            "grants permissions to every job",
        ),
        (
            "profile",
            "permissions: {}\n",
            "",
            "warning",
            "leaves permissions to the repository's default",
        ),
        (
            "report",
            "[profile]",
            "[Profile]",
            "problem",
            "follows Profile, and profile.yml is called 'profile'",
        ),
        (
            "report",
            "requested, completed",
            "completed",
            "warning",
            "does not start when a run is requested: a commit has no check until its run is over",
        ),
        (
            "report",
            "requested, completed",
            "requested",
            "problem",
            "does not start when a run is completed",
        ),
        (
            "report",
            "checks: write",
            "checks: read",
            "problem",
            "job report: lacks checks: write: GitHub does not start it, or refuses what it does",
        ),
        (
            "slash",
            "actions: read",
            "actions: write",
            "warning",
            "job respond: has actions: write without needing it",
        ),
        (
            "slash",
            "\n      contents: write\n      pull",
            "\n      pull",
            "problem",
            "job respond: lacks contents: write",
        ),
        (
            "slash",
            SHA,
            "v1",
            "problem",
            "job respond: octo/perf-ratchet/.github/workflows/slash.yml@v1 can be moved to other code",
        ),
        ("nightly", "  schedule:\n    - cron", "  x:\n    - cron", "warning", "does not start on schedule"),
        ("nightly", "/refresh.yml", "/other.yml", "problem", "no job calls refresh.yml of perf-ratchet"),
        ("nightly", "jobs:", "job:", "problem", "is not a workflow: 'jobs'"),
        ("nightly", "jobs:", "jobs: [", "problem", "is not a workflow: while parsing"),
    ],
)
def test_a_mistake_is_named(name: str, old: str, new: str, health: str, says: str):
    """One change of a good workflow, and it is the one thing that is told, or among what is told."""
    text = written(name)
    assert old in text

    assert any(
        it == health and words.startswith(says) for it, words in problems(name, text.replace(old, new))
    )


def test_more_than_what_is_needed_is_not_lacking():
    """Write where read is needed is too much, and nothing else."""
    text = written("report").replace("contents: read", "contents: write")

    assert problems("report", text) == [("warning", "job report: has contents: write without needing it")]


@pytest.mark.parametrize(
    "command", ["ratchet-profiler run --device cuda", "perf-ratchet ingest ci.log --hardware h100"]
)
def test_a_profile_workflow_may_be_your_own(command: str):
    """Whatever makes a record may be profile.yml, as long as it may only read."""
    head = "name: profile\non: pull_request\npermissions: {}\njobs:\n  mine:\n"
    steps = f"    steps:\n      - run: {command}\n"

    assert problems("profile", f"{head}    permissions: {{contents: read}}\n{steps}") == []
    assert problems("profile", f"{head}    permissions: {{contents: write}}\n{steps}") == [
        (
            "problem",
            "job mine: has contents: write without needing it, and code of pull requests runs in it",
        )
    ]


def test_a_missing_workflow_is_a_problem():
    """A file that is not there is told with what writes it."""
    assert problems("slash", None) == [("problem", "is missing")]


def test_every_job_and_step_is_pinned():
    """A step of any job that takes an action by tag or branch is told; those of the same commit are not."""
    steps = "      - uses: actions/cache@v5\n      - uses: ./here\n      - uses: $/there\n"
    extra = f"\n  other:\n    steps:\n{steps}"

    assert problems("slash", written("slash") + extra) == [
        ("problem", "job other: actions/cache@v5 can be moved to other code")
    ]


def test_permissions_for_everything_are_a_problem():
    """`write-all` in a job is no list of permissions."""
    text = written("profile").replace("permissions:\n      contents: read", "permissions: write-all")

    assert problems("profile", text) == [("problem", "job profile: is granted write-all")]


def test_all_are_of_one_release():
    """Workflows of two releases are told, with both."""
    other = written("slash").replace(SHA, "f" * 40)

    assert pin_check({"a": written("report"), "b": written("slash")}) == []
    assert [it.says for it in pin_check({"a": written("report"), "b": other})] == [
        "are pinned to 2 releases: 0123456, fffffff"
    ]


def test_the_name_is_what_github_finds_it_by():
    """A file without a name, or that is no YAML, has none."""
    assert workflow_name(written("profile")) == "profile"
    assert [workflow_name(text) for text in (None, "", "a: [", "on: push", "[]")] == [""] * 5


@given(st.text(max_size=80), st.sampled_from(WORKFLOWS))
def test_any_text_is_told_or_well(text: str, name: str):
    """No text of a workflow makes the doctor fall over."""
    assert workflow_checks("w.yml", name, text, "profile")
