"""What a night does with the records that a run has brought, or has not."""

import pytest
from builders import make_baselines, make_record, make_scenario, make_values
from github_fake import FakeGithub
from night_story import AT_ONCE, SETTINGS, Story, history_of, state
from ratchet_bot.data.errors import BadInput
from ratchet_profiler.record import record_to_json
from zips import make_zip

NAMES = ("flux", "wan")
TIGHTEN = "perf-ratchet/tighten-h100"


def test_an_artifact_that_cannot_be_read_leaves_a_line(github: FakeGithub):
    """The line says why; what came with it is remembered and judged as ever."""
    story = Story(github, NAMES)
    run = story.ran(1)
    github.artifact(run, "perf-records-h100-2", b"no zip at all")
    story.refreshed(run)

    assert [(line.scenario, line.valid) for line in history_of(github)] == [
        ("flux", True),
        ("wan", True),
        ("", False),
    ]
    assert "perf-records-h100-2: " in history_of(github)[-1].reason


def test_a_night_without_a_record_decides_nothing(github: FakeGithub):
    """Nothing measured is not green, closes nothing, and writes no line."""
    story = Story(github, NAMES, AT_ONCE)
    story.night(1, {"flux": 0.8})
    run = story.ran(2)
    github.artifacts.pop()
    before = state(github)

    assert story.refreshed(run) == 1
    assert state(github) == before


def test_a_late_run_only_adds_to_the_history(github: FakeGithub):
    """A run of last week that is refreshed today is remembered, and what is said of today stays."""
    story = Story(github, NAMES, AT_ONCE)
    late = story.ran(1, {"flux": 0.7})
    story.night(2, {"flux": 0.8})
    before = state(github)[1:]
    story.refreshed(late)

    assert state(github)[1:] == before
    assert sorted(line.run_id for line in history_of(github)) == [late.id, late.id, *[story.runs[2].id] * 2]


def test_a_broken_baseline_file_harms_no_other(github: FakeGithub):
    """Where one hardware's file is no baseline file, the other is done, and the mistake is told."""
    both = SETTINGS + "  ascend: {baselines: ascend.json}\n"
    story = Story(github, NAMES, both)
    github.commit("main", {"ascend.json": b"[]"}, "Break", author="maintainer")

    with pytest.raises(BadInput, match=r"ascend\.json: "):
        story.night(1)
    assert [line.scenario for line in history_of(github)] == ["flux", "wan"]


def test_each_hardware_has_its_own(github: FakeGithub):
    """History, branch and pull request are apart; shards of one hardware are one night."""
    both = AT_ONCE.replace("tighten:", "  ascend: {baselines: ascend.json}\ntighten:")
    story = Story(github, NAMES, both)
    ascend = make_baselines({name: make_values() for name in NAMES})
    github.commit("main", {"ascend.json": ascend.text.encode()}, "Ascend", author="maintainer")
    run = story.ran(1, {"flux": 0.8})
    for shard, name in enumerate(NAMES, 1):
        record = make_record(
            make_scenario(name, scale=0.7), hardware="ascend", head_sha=run.head_sha, run_id=run.id
        )
        content = make_zip(("run-record.json", record_to_json(record)))
        github.artifact(run, f"perf-records-ascend-{shard}", content)
    story.refreshed(run)

    assert [(it.head_branch, it.title) for it in story.pulls] == [
        (TIGHTEN, "Tighten 1 baseline on h100"),
        ("perf-ratchet/tighten-ascend", "Tighten 2 baselines on ascend"),
    ]
    assert [(line.hardware, line.scenario) for line in history_of(github)] == [
        ("ascend", "flux"),
        ("ascend", "wan"),
        ("h100", "flux"),
        ("h100", "wan"),
    ]
