"""The history on its branch, over HTTP: nothing is lost, and nothing is written twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from github_fake import FakeGithub, quick_hub
from history_lines import make_line
from ratchet_bot.data.history import HistoryLine, history_from_files, paths_until
from ratchet_bot.flows.history_branch import HistorySnapshot, append
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused
from ratchet_bot.hosts.states import BranchSnapshot

BRANCH = "perf-history"
MESSAGE = "Add a night"
FILE = "h100/2026-11.jsonl"


def add(hub: GithubHost, *lines: HistoryLine) -> None:
    """Read the branch, and add lines."""
    append(hub, read(hub), lines, MESSAGE)


def read(hub: GithubHost) -> HistorySnapshot:
    """Read two months of the branch."""
    head, paths = hub.head(BRANCH), paths_until("h100", make_line(1).captured_at, 2)
    told = hub.files_at((head, path) for path in paths) if head else {}
    files = {path: told.get((str(head), path)) for path in paths}
    return HistorySnapshot.of(BranchSnapshot(name=BRANCH, head=head, files=files))


def runs(github: FakeGithub) -> list[int]:
    """Return the runs that the branch has a line of."""
    text = github.head(BRANCH).files[FILE].decode()
    return [line.run_id for line in history_from_files([text.encode()]).lines]


def test_the_first_night_makes_the_branch(github: FakeGithub):
    """The branch has no past in common with the code, says what it is, and has the lines of the night."""
    hub = quick_hub(github)
    add(hub, make_line(1), make_line(1, scenario="wan"))
    add(hub, make_line(2))

    assert runs(github) == [1, 1, 2]
    assert github.head(BRANCH).files["README.md"].startswith(b"#")
    assert "src.py" not in github.head(BRANCH).files
    assert [line.run_id for line in read(hub).history.lines] == [1, 1, 2]


def test_what_was_read_is_parsed_once(github: FakeGithub):
    """Whoever asks for the lines again has the very same: they are thousands."""
    hub = quick_hub(github)
    add(hub, make_line(1))
    snapshot = read(hub)

    assert snapshot.history.lines == (make_line(1),)
    assert snapshot.history is snapshot.history


def test_a_night_twice_is_a_night_once(github: FakeGithub):
    """What is there already is not added again: the second time nothing is committed."""
    hub = quick_hub(github)
    add(hub, make_line(1))
    before = github.head(BRANCH).sha
    add(hub, make_line(1))

    assert github.head(BRANCH).sha == before


def test_each_line_is_in_the_file_of_its_month(github: FakeGithub):
    """A night of December stands in December's file; both months are written in one commit."""
    hub = quick_hub(github)
    add(hub, make_line(1), make_line(31))
    files = github.head(BRANCH).files

    assert sorted(files) == ["README.md", FILE, "h100/2026-12.jsonl"]
    assert history_from_files([files["h100/2026-12.jsonl"]]).lines == (make_line(31),)


def test_a_late_night_loses_nothing(github: FakeGithub):
    """Another night was written after this one had read: both are there."""
    hub = quick_hub(github)
    add(hub, make_line(1))
    early = read(hub)
    add(hub, make_line(2))
    append(hub, early, [make_line(3)], MESSAGE)

    assert runs(github) == [1, 2, 3]


def test_two_first_nights_lose_nothing(github: FakeGithub):
    """The branch was made by another night after this one had looked for it: both are there."""
    hub = quick_hub(github)
    early = read(hub)
    add(hub, make_line(2))
    append(hub, early, [make_line(3)], MESSAGE)

    assert runs(github) == [2, 3]


def test_nights_at_once_lose_nothing(github: FakeGithub):
    """Four runs that end at the same moment all have their lines in the end."""
    add(quick_hub(github), make_line(1))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda night: add(quick_hub(github), make_line(night)), range(2, 6)))

    assert sorted(runs(github)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_loses_nothing(github: FakeGithub, after: bool):  # noqa: FBT001 - a case
    """The commit was not answered, whether it was made or not: its lines are there once."""
    hub = quick_hub(github)
    add(hub, make_line(1))
    snapshot = read(hub)
    github.fail_next("POST", "/graphql", 502, after=after)
    append(hub, snapshot, [make_line(2)], MESSAGE)

    assert runs(github) == [1, 2]


def test_a_refusal_is_told(github: FakeGithub):
    """Without the right to write nothing is tried again and again."""
    hub = quick_hub(github)
    add(hub, make_line(1))
    snapshot = read(hub)
    github.permissions.discard("contents: write")
    before = len(github.log)

    with pytest.raises(HostRefused, match="contents: write"):
        append(hub, snapshot, [make_line(2)], MESSAGE)
    assert len(github.log) - before == 1
