"""What every hub promises of answers, branches, proposals and reads, asked of each."""

from dataclasses import replace

import pytest
from github_fake import a_check
from hub_places import PATH, Place
from ratchet_bot.hosts.effects import Closing, Issue, PullRequest
from ratchet_bot.hosts.port import BranchMoved, HostRefused
from ratchet_bot.hosts.states import OpenIssue

MARKER, ANSWER = "<!-- perf-ratchet -->", "<!-- perf-ratchet answer 5 -->"
NEW = PullRequest(branch="bot", base="main", title="Tighten", body="From run 5.", labels=("perf",))
ISSUE = Issue(marker=MARKER, title="Slower", body=f"{MARKER}\nSince A.")


def test_an_answer_is_beside_the_report(place: Place):
    """Another marker, another comment; answered again it is edited."""
    place.hub.upsert_comment(7, MARKER, f"{MARKER} report")
    place.hub.answer(7, ANSWER, f"{ANSWER} working", is_first=True)
    place.hub.answer(7, ANSWER, f"{ANSWER} done")
    assert place.comments(7) == [f"{MARKER} report", f"{ANSWER} done"]


def test_a_revision_follows_from_what_is_said(place: Place):
    """From nothing to a first comment, from that to the next; None changes nothing."""
    assert place.hub.revise_comment(7, MARKER, lambda _: None) == ""
    place.hub.revise_comment(7, MARKER, lambda body: f"{MARKER} {body}")
    place.hub.revise_comment(7, MARKER, lambda body: f"{body} again")
    place.hub.revise_comment(7, MARKER, lambda _: None)
    assert place.comments(7) == [f"{MARKER} None again"]


def test_a_reaction_is_new_once(place: Place):
    """Another one is another."""
    comment = 1001  # the first one of the fake
    place.hub.upsert_comment(7, MARKER, MARKER)
    said = [
        place.hub.react(comment, "eyes"),
        place.hub.react(comment, "eyes"),
        place.hub.react(comment, "-1"),
    ]
    assert said == [True, False, True]


def test_a_late_beginning_does_not_undo_a_conclusion(place: Place):
    """A check in progress takes the place of one in progress only."""
    began = a_check(place.head(), conclusion=None)
    urls = {place.hub.upsert_check(it) for it in (began, a_check(place.head()), began)}
    assert len(urls) == 1


def test_a_branch_is_made_and_moved(place: Place):
    """Only where it is where we think; back as well as forth; where it is already is fine."""
    first = place.head()
    second = place.commit(b"{}\n")
    place.hub.reset_branch("bot", None, second)
    place.hub.reset_branch("bot", None, second)
    place.hub.reset_branch("bot", second, first)
    assert [place.hub.head(it) for it in ("bot", "main", "nope")] == [first, second, None]
    with pytest.raises(BranchMoved, match=f"^bot has moved on since {second[:7]}: it is at {first[:7]}; "):
        place.hub.reset_branch("bot", second, place.commit(b"[]\n"))
    with pytest.raises(BranchMoved, match=f"^bot is there already, at {first[:7]}; "):
        place.hub.reset_branch("bot", None, second)
    with pytest.raises(BranchMoved, match=r"^other is gone since it was at "):
        place.hub.reset_branch("other", first, second)
    assert place.hub.head("bot") == first


def test_a_branch_without_a_past(place: Place):
    """It holds what was given and nothing else, and is started once."""
    files = {"h100/2026-05.jsonl": b"{}\n", "raw": b"\x00\xff"}
    head = place.hub.start_branch("perf-history", files, "Begin\n\nNow.")
    assert place.hub.start_branch("perf-history", {}, "Again") == head == place.hub.head("perf-history")
    found = place.hub.files_at((head, path) for path in [*files, PATH])
    assert found == {**{(head, path): content for path, content in files.items()}, (head, PATH): None}
    with pytest.raises(HostRefused):
        place.hub.merge_base("main", head)


def test_files_are_told_byte_for_byte(place: Place):
    """Of commits, branches and HEAD; None for a folder, and for what is not there."""
    content = b"\xef\xbb\xbf{}\r\n\x00\xff"
    old = place.commit(b"{}\n")
    new = place.commit(content)
    places = [(old, PATH), (new, PATH), ("main", PATH), ("HEAD", PATH), ("nope", PATH), (new, ".github")]
    assert list(place.hub.files_at(places).values()) == [b"{}\n", content, content, content, None, None]
    assert place.hub.files_at([]) == {}


def test_histories_are_told(place: Place):
    """Where they parted, which commits one has more, oldest first, and which files differ."""
    base = place.head()
    first, second = place.commit(b"1\n", "One\n\nMore."), place.commit(b"2\n", "Two")
    told = place.hub.commits(base, "main")
    assert [(it.sha, it.message) for it in told] == [(first, "One\n\nMore."), (second, "Two")]
    assert place.hub.merge_base(first, "main") == first
    assert place.hub.changed_paths(base, second) == [PATH]
    assert place.hub.changed_paths(second, base) is None


def test_a_proposal_is_one_until_it_is_closed(place: Place):
    """Edited while it is open; closed with a word, once; then a new one."""
    place.hub.reset_branch("bot", None, place.head())
    place.hub.commit_files("bot", place.head(), {PATH: b"{}\n"}, "Tighten")
    assert [place.hub.upsert_pull(NEW), place.hub.upsert_pull(NEW)] == [place.number] * 2
    place.hub.close_pull(place.number, ANSWER, "Nothing is left.")
    place.hub.close_pull(place.number, ANSWER, "Nothing is left.")
    assert place.comments(place.number) == [f"{ANSWER}\nNothing is left."]
    assert place.hub.upsert_pull(NEW) == place.number + 1


def test_an_issue_is_one_until_it_is_closed(place: Place):
    """The same of issues, whose numbers are not those of pull requests."""
    other = replace(ISSUE, marker=ANSWER, body=f"{ANSWER}\nSince B.")
    numbers = [place.number, place.number + 1]
    assert [place.hub.settle_issues([ISSUE, other], []) for _ in range(2)] == [numbers] * 2
    over = Closing(OpenIssue(number=place.number, title="", body=""), ANSWER, "Fast again.")
    assert [place.hub.settle_issues([other], [over]) for _ in range(2)] == [[place.number + 1]] * 2
    assert place.comments(place.number) == [f"{ANSWER}\nFast again."]
    assert place.hub.settle_issues([ISSUE], []) == [place.number + 2]
