"""What every hub promises, asked of each: they are interchangeable."""

import pytest
from github_fake import a_check
from hub_places import PATH, Place
from ratchet_bot.hosts.port import HostRefused

MARKER = "<!-- perf-ratchet -->"
OTHER_MARKER = "<!-- perf-ratchet alarm -->"
MESSAGE = "Tighten 2 baselines\n\nFrom run 123."


def test_a_comment_is_one_comment(place: Place):
    """Said twice and then changed, it is still one, at one address, with the last words."""
    urls = {
        place.hub.upsert_comment(7, MARKER, f"{MARKER}\n{words}")
        for words in ("first", "first", "second: ≤ 5 %")
    }
    assert len(urls) == 1
    assert place.comments(7) == [f"{MARKER}\nsecond: ≤ 5 %"]


def test_another_marker_is_another_comment(place: Place):
    """Two kinds of comment do not overwrite each other."""
    for marker in (MARKER, OTHER_MARKER, MARKER, OTHER_MARKER):
        place.hub.upsert_comment(7, marker, marker)
    assert place.comments(7) == [MARKER, OTHER_MARKER]


@pytest.mark.parametrize(("marker", "body"), [(MARKER, f"hello {MARKER}"), ("", "hello")])
def test_a_comment_that_could_not_be_found_again_is_a_mistake(place: Place, marker: str, body: str):
    """A body that does not begin with its marker is refused as the programming mistake that it is."""
    with pytest.raises(ValueError, match=r"^a comment begins with its marker, or it is not found again$"):
        place.hub.upsert_comment(7, marker, body)
    assert place.comments(7) == []


def test_a_check_of_one_id_is_one_check(place: Place):
    """The same external id is the same check, with the last conclusion; another id is another check."""
    urls = [
        place.hub.upsert_check(a_check(place.head(), external_id=external_id, conclusion=conclusion))
        for external_id, conclusion in [("1", "failure"), ("2", "neutral"), ("1", "success")]
    ]
    assert place.checks() == [("1", "success"), ("2", "neutral")]
    assert urls[0] == urls[2] != urls[1]


def test_a_commit_puts_files_on_a_branch(place: Place):
    """The branch has the new commit, and the bytes are the ones given, whatever they are."""
    content = b"\xef\xbb\xbf{}\r\n\x00\xff"
    sha = place.hub.commit_files("main", place.head(), {PATH: content, "a b/ä.json": b""}, MESSAGE)
    assert place.head() == sha
    assert place.content(PATH) == content
    assert place.content("a b/ä.json") == b""


def test_a_commit_asked_twice_is_made_once(place: Place):
    """The second answer is the first commit."""
    before = place.head()
    first = place.hub.commit_files("main", before, {PATH: b"{}\n"}, MESSAGE)
    second = place.hub.commit_files("main", before, {PATH: b"{}\n"}, MESSAGE)
    assert first == second == place.head()


@pytest.mark.parametrize(
    ("content", "message"), [(b"[]\n", MESSAGE), (b"{}\n", "Tighten 3 baselines"), (b"[]\n", "Work on")]
)
def test_a_branch_that_moved_on_is_left_alone(place: Place, content: bytes, message: str):
    """What somebody else put there is not overwritten, and the refusal says where the branch is."""
    before = place.head()
    now = place.hub.commit_files("main", before, {PATH: content}, message)
    with pytest.raises(HostRefused, match=f"^main has moved on since {before[:7]}: it is at {now[:7]}; "):
        place.hub.commit_files("main", before, {PATH: b"{}\n"}, MESSAGE)
    assert place.head() == now
    assert place.content(PATH) == content


def test_our_words_after_somebody_elses_are_not_our_commit(place: Place):
    """Content and message may be the ones asked for: on top of another parent it is another commit."""
    before = place.head()
    between = place.hub.commit_files("main", before, {PATH: b"[]\n"}, "Work on")
    now = place.hub.commit_files("main", between, {PATH: b"{}\n"}, MESSAGE)
    with pytest.raises(HostRefused, match=f"^main has moved on since {before[:7]}: it is at {now[:7]}; "):
        place.hub.commit_files("main", before, {PATH: b"{}\n"}, MESSAGE)


@pytest.mark.parametrize(
    "path",
    ["../escaped.json", "a/../../escaped.json", "/escaped.json", ".git/config", "a/.GIT/config", "", "a//b"],
)
def test_a_path_out_of_the_repository_is_refused(place: Place, path: str):
    """Nothing is committed when one of the paths leads elsewhere."""
    before = place.head()
    with pytest.raises(HostRefused):
        place.hub.commit_files("main", before, {PATH: b"{}\n", path: b"{}\n"}, MESSAGE)
    assert place.head() == before


def test_a_branch_that_is_not_there_is_refused(place: Place):
    """No branch is made out of a wrong name."""
    with pytest.raises(HostRefused, match="nope"):
        place.hub.commit_files("nope", place.head(), {PATH: b"{}\n"}, MESSAGE)
