import pytest
from github_fake import FakeGithub, Refused, quick_hub
from github_fake.wire import Answer
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused
from ratchet_bot.hosts.states import Commit

H100, ASCEND = ".github/perf-baselines/h100.json", ".github/perf-baselines/ascend.json"
BASELINES, README = ("main", H100), ("main", "README.md")
CONTENT = b'{"scenarios": {}}\n'


def test_any_number_of_files_costs_one_request(github: FakeGithub, hub: GithubHost):
    """What is there is told byte for byte, what is not there is None."""
    paths = {f"baselines/{number}.json": f'{{"{number}": 1}}\n'.encode() for number in range(60)}
    sha = github.commit("main", paths, "Add")
    wanted = {**paths, "nope.json": None, "baselines": None}
    found = hub.files_at((sha, path) for path in wanted)
    assert found == {(sha, path): content for path, content in wanted.items()}
    assert github.api_requests == ["POST /graphql 200"]


def test_files_of_several_commits_cost_one_request(github: FakeGithub, hub: GithubHost):
    """A commit of a fork is there; a branch and HEAD are names as good as a SHA."""
    before = github.commit("main", {H100: b"1\n"}, "Add")
    github.branches["perf-history"] = github.commit("main", {H100: b"2\n"}, "Change")
    fork = github.commit("slow", {H100: b"3\n"}, "Slow", repository="stranger/demo")
    refs = [before, "main", "HEAD", "perf-history", fork, "nope"]
    found = hub.files_at([(ref, H100) for ref in refs])
    assert [found[ref, H100] for ref in refs] == [b"1\n", b"2\n", b"2\n", b"2\n", b"3\n", None]
    assert len(github.api_requests) == 1


def test_nothing_is_asked_for_nothing(github: FakeGithub, hub: GithubHost):
    """No path, no request."""
    assert hub.files_at([]) == {}
    assert github.api_requests == []


def test_what_is_asked_for_is_never_part_of_the_query(github: FakeGithub, hub: GithubHost):
    """A path or branch that reads like GraphQL is a string in a variable, and finds nothing."""
    hostile = '") { id } viewer { login } x: object(expression: "main'
    assert hub.files_at([("main", hostile), (hostile, H100)]) == {
        ("main", hostile): None,
        (hostile, H100): None,
    }
    query = github.log[0].request.body["query"]
    assert "viewer" not in query
    assert github.log[0].request.body["variables"]["at0"] == f"refs/heads/main:{hostile}"


def test_a_branch_is_named_so_that_no_tag_is_meant(github: FakeGithub, hub: GithubHost):
    """Git takes a tag for what is called only by a name; commits and the default branch have no such twin."""
    sha = github.branches["main"]
    hub.files_at([("main", H100), (sha, H100), ("HEAD", H100), ("refs/heads/x", H100)])
    asked = github.log[0].request.body["variables"]
    assert [asked[f"at{number}"].partition(":")[0] for number in range(4)] == [
        "refs/heads/main",
        sha,
        "HEAD",
        "refs/heads/refs/heads/x",
    ]


@pytest.mark.parametrize(
    "content",
    [b"\x00\xff\xfe", b"\xef\xbb\xbf{}\r\n", b"", b"x" * 5_000, "ä ≤ 🐢\n".encode()],
    ids=["bytes", "byte order mark", "empty", "cut by GraphQL", "UTF-8"],
)
def test_content_is_exact(github: FakeGithub, hub: GithubHost, content: bytes):
    """What GraphQL cuts, or has no text for, is asked of REST; the rest is not."""
    github.graphql_text_limit = 4_000
    github.commit("main", {H100: content}, "Add")
    assert hub.files_at([BASELINES]) == {BASELINES: content}
    needs_rest = content.startswith(b"\x00") or len(content) > 4_000
    assert len(github.api_requests) == (2 if needs_rest else 1)


def test_text_that_is_not_the_file_is_not_taken(
    github: FakeGithub, hub: GithubHost, monkeypatch: pytest.MonkeyPatch
):
    """Should GraphQL mend line ends or drop a mark, git's own name of the content gives it away."""
    from github_fake.endpoints import graphql  # noqa: PLC0415 - a server that is not quite honest

    real = graphql._object

    def mended(*asked: object) -> dict[str, object] | None:
        told = real(*asked)  # type: ignore[arg-type] - passed on
        return told and {**told, "text": str(told["text"]).replace("\r\n", "\n")}

    monkeypatch.setattr(graphql, "_object", mended)
    github.commit("main", {H100: b"{}\r\n"}, "Add")
    assert hub.files_at([BASELINES]) == {BASELINES: b"{}\r\n"}
    assert len(github.api_requests) == 2


def test_a_repository_that_is_not_there_is_told(github: FakeGithub):
    """GraphQL's NOT_FOUND is read like a 404."""
    hub = quick_hub(github, repository="octo/nope")
    with pytest.raises(
        HostRefused, match=r"^GitHub did not show 1 file\(s\) of octo/nope: not found; check the name"
    ):
        hub.files_at([BASELINES])


def test_reading_files_survives_an_outage(github: FakeGithub, hub: GithubHost):
    """A query may be repeated: it changes nothing."""
    github.fail_next("POST", "/graphql", 502)
    github.drop_next("POST", "/graphql")
    assert hub.files_at([README]) == {README: b"# demo\n"}
    assert github.api_requests == [
        "POST /graphql 502",
        "POST /graphql dropped",
        "POST /graphql 200",
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], r"it does not answer \(no GraphQL\); run it again later"),
        ({"data": None}, "it says 400: nothing more"),
        (
            {"data": {"repository": {"file0": {"oid": 5}}}},
            "its answer has no repository.file0.oid that we know",
        ),
    ],
)
def test_a_strange_answer_is_one_line(github: FakeGithub, hub: GithubHost, body: object, told: str):
    """Whatever comes back instead of files."""
    for _ in range(3):
        github.answer_next("POST", "/graphql$", Answer(200, body))
    with pytest.raises(HostRefused, match=rf"^GitHub did not show 1 file\(s\) of octo/demo: {told}[^\n]*$"):
        hub.files_at([BASELINES])


def test_where_two_histories_parted(github: FakeGithub, hub: GithubHost):
    """One request, for a fork's commit too."""
    parted = github.branches["main"]
    fork = github.commit("slow", {"a": b"1"}, "Slow", repository="stranger/demo")
    github.commit("main", {"b": b"1"}, "Go on")
    assert hub.merge_base("main", fork) == parted
    assert len(github.api_requests) == 1


def test_commits_are_told_oldest_first(github: FakeGithub, hub: GithubHost):
    """Only those that the base does not have; an author without an account has the name that git knows."""
    base = github.branches["main"]
    first = github.commit("main", {"a": b"1"}, "One\n\nMore.", author="writer")
    second = github.commit("main", {"a": b"2"}, "Two", author="somebody")
    github.strangers.add("somebody")
    assert hub.commits(base, "main") == [
        Commit(sha=first, author="writer", message="One\n\nMore."),
        Commit(sha=second, author="somebody", message="Two"),
    ]
    assert len(github.api_requests) == 1


def test_of_many_commits_the_newest_250_are_told(github: FakeGithub, hub: GithubHost):
    """GitHub gives as many without paging, in one request."""
    base = github.branches["main"]
    made = [github.commit("main", {}, f"{number}") for number in range(260)]
    assert [it.sha for it in hub.commits(base, "main")] == made[10:]
    assert len(github.api_requests) == 1


def test_the_paths_that_a_commit_changes(github: FakeGithub, hub: GithubHost):
    """Added, changed and deleted ones, of all commits in between; None when it is no ancestor."""
    base = github.branches["main"]
    github.commit("main", {H100: CONTENT, ASCEND: CONTENT}, "Add")
    head = github.commit("main", {ASCEND: None, "README.md": b"new\n"}, "Change")
    assert hub.changed_paths(base, head) == [H100, "README.md"]
    assert hub.changed_paths(head, head) == []
    assert hub.changed_paths(github.branches["work"], head) is None
    assert len(github.api_requests) == 3


def test_too_many_changed_paths_are_none(github: FakeGithub, hub: GithubHost):
    """GitHub lists 300 files; with as many, nobody knows whether there are more."""
    base = github.branches["main"]
    head = github.commit("main", {f"{number}": b"" for number in range(300)}, "Add")
    assert hub.changed_paths(base, head) is None


def test_a_commit_that_is_not_there_is_told(github: FakeGithub, hub: GithubHost):
    """A wrong name is one line."""
    github.refuse_next("GET", "/compare/", Refused(404, "Not Found"))
    with pytest.raises(HostRefused, match=r"^GitHub did not compare main and nope of octo/demo: not found"):
        hub.merge_base("main", "nope")
