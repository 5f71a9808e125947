"""From a run record to what a pull request shows: the same story on GitHub and in a folder."""

import json
from pathlib import Path

import pytest
from builders import make_baselines, make_record, make_scenario, make_values
from github_fake import FakeGithub, quick_hub
from ratchet_bot.cli.report import post_records
from ratchet_bot.data.errors import BadInput
from ratchet_bot.hosts.local import FolderHost
from ratchet_bot.hosts.port import HostEffects, HostRefused
from ratchet_bot.telling import render
from ratchet_profiler.record import record_to_json

PULL = 7
BOTH = "hardware:\n  h100: {baselines: h100.json}\n  ascend: {baselines: ascend.json}\n"


class Repository:
    """A checkout with a configuration, baselines of two scenarios, and whatever a runner brought."""

    def __init__(self, folder: Path, head_sha: str) -> None:
        """Write the files."""
        self.folder = folder
        self.head_sha = head_sha
        self.config = folder / "perf-ratchet.yml"
        self.config.write_text("hardware:\n  h100: {baselines: h100.json}\n")
        for hardware in ("h100", "ascend"):
            file = make_baselines({"flux": make_values(), "wan": make_values()})
            (folder / f"{hardware}.json").write_text(file.text)

    def measured(self, hardware: str, **scales: float) -> Path:
        """Bring a record in which scenarios are this much slower."""
        path = self.folder / f"record-{hardware}.json"
        scenarios = [make_scenario(name, scale=scale) for name, scale in scales.items()]
        record = make_record(*scenarios, hardware=hardware, run_id=42, head_sha=self.head_sha)
        path.write_bytes(record_to_json(record))
        return path

    def reported(self, hub: HostEffects, *records: Path) -> int:
        """Report them on the pull request; return the exit code."""
        return post_records(records, self.config, hub, pull=PULL, head_sha=self.head_sha)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, github: FakeGithub) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path, github.head("main").sha)


def test_a_regression_and_its_repair_are_one_comment(repository: Repository, github: FakeGithub):
    """The comment of a slow commit turns green in place when the next commit is as fast as before."""
    hub = quick_hub(github)
    slow = repository.reported(hub, repository.measured("h100", flux=2.0, wan=1.0))
    first = github.comments[0].body
    repaired = repository.reported(hub, repository.measured("h100", flux=1.0, wan=1.0))

    assert (slow, repaired) == (1, 0)
    assert "🔴 **Slower than the baseline allows: 1 of 2 scenarios on h100.**" in first
    assert [comment.body.splitlines()[1] for comment in github.comments] == [
        "🟢 **No regression: 2 scenarios on h100 within their limits.** Nothing to do."
    ]
    assert [check.said["conclusion"] for check in github.checks] == ["success"]


def test_hardware_without_a_run_is_missed(repository: Repository, github: FakeGithub):
    """Hardware that the configuration names and no record comes from keeps the check from passing."""
    repository.config.write_text(BOTH)
    code = repository.reported(quick_hub(github), repository.measured("ascend", flux=1.0, wan=1.0))

    assert code == 1
    assert "No regression in 2 scenarios on ascend, but h100 has no run." in github.comments[0].body
    assert [check.said["conclusion"] for check in github.checks] == ["action_required"]


def test_two_kinds_of_hardware_share_a_comment(repository: Repository, github: FakeGithub):
    """One comment speaks for all hardware; the worst speaks first."""
    repository.config.write_text(BOTH)
    records = (
        repository.measured("h100", flux=0.5, wan=1.0),
        repository.measured("ascend", flux=1.0, wan=3.0),
    )
    code = repository.reported(quick_hub(github), *records)
    body = github.comments[0].body

    assert code == 1
    assert "Slower than the baseline allows: 1 of 4 scenarios on ascend and h100" in body
    assert body.index("on `ascend`") < body.index("on `h100`")


def test_the_configuration_says_what_is_worth_a_new_baseline(repository: Repository, github: FakeGithub):
    """A tenth faster is proposed at 5 %, and is not once the configuration asks for 20 %."""
    record = repository.measured("h100", flux=0.9, wan=1.0)
    repository.reported(quick_hub(github), record)
    generous = github.comments[0].body
    with repository.config.open("a") as config:
        config.write("tighten: {min_improvement: 0.2}\n")
    repository.reported(quick_hub(github), record)

    assert "1 new baseline that this run would allow" in generous
    assert "new baseline" not in github.comments[0].body


def test_a_lost_answer_does_not_double_the_comment(repository: Repository, github: FakeGithub):
    """GitHub took the comment and its answer was lost: there is still one comment and one check."""
    github.fail_next("POST", r"/issues/7/comments$", 502, after=True)
    github.fail_next("POST", r"/check-runs$", 502, after=True)
    code = repository.reported(quick_hub(github), repository.measured("h100", flux=1.0, wan=1.0))

    assert code == 0
    assert (len(github.comments), len(github.checks)) == (1, 1)


def test_a_refusal_is_one_line(repository: Repository, github: FakeGithub):
    """Without the right to comment the line names the permission; the check already holds the merge back."""
    github.permissions.discard("pull-requests: write")

    with pytest.raises(HostRefused, match="pull-requests: write"):
        repository.reported(quick_hub(github), repository.measured("h100", flux=3.0, wan=1.0))
    assert [check.said["conclusion"] for check in github.checks] == ["failure"]


def test_a_report_costs_four_requests(repository: Repository, github: FakeGithub):
    """Two to look, two to write: whatever the number of scenarios."""
    many = {f"scenario{index}": 1.0 for index in range(60)}
    repository.reported(quick_hub(github), repository.measured("h100", **many))

    assert len(github.log) == 4


def test_the_folder_shows_the_same(repository: Repository, github: FakeGithub, tmp_path: Path):
    """The local hub writes the very comment and check that GitHub would get."""
    record = repository.measured("h100", flux=2.0, wan=1.0)
    repository.reported(quick_hub(github), record)
    repository.reported(FolderHost(tmp_path / "hub", tmp_path), record)
    check = json.loads(next((tmp_path / "hub" / "checks" / repository.head_sha).glob("*.json")).read_text())

    assert (tmp_path / "hub/pulls/7/comment.md").read_text() == github.comments[0].body
    assert (check["conclusion"], check["external_id"]) == ("failure", "42")
    assert check["summary"] == github.comments[0].body.removeprefix(render.MARKER).lstrip()


def test_a_record_cannot_say_where_it_is_posted(repository: Repository, github: FakeGithub):
    """A record that claims another commit than the caller names is refused, and nothing is posted."""
    path = repository.folder / "record.json"
    claimed = make_record(make_scenario("flux"), make_scenario("wan"), head_sha="f" * 40)
    path.write_bytes(record_to_json(claimed))

    with pytest.raises(BadInput, match="is a run of commit ffff"):
        repository.reported(quick_hub(github), path)
    assert github.log == []


def test_two_records_of_one_hardware_are_refused(repository: Repository, github: FakeGithub):
    """Which of two runs on one hardware counts is not for the bot to guess."""
    record = repository.measured("h100", flux=1.0, wan=1.0)

    with pytest.raises(BadInput, match="two records of one hardware"):
        repository.reported(quick_hub(github), record, record)
    assert github.log == []


def test_the_profile_is_the_configured_one(repository: Repository, github: FakeGithub):
    """A fifth slower is within `pr_test` and above `long_term`: the configuration says which counts."""
    record = repository.measured("h100", flux=1.2, wan=1.0)
    repository.config.write_text("hardware:\n  h100: {baselines: h100.json, profile: long_term}\n")

    assert repository.reported(quick_hub(github), record) == 1
