import pytest
from github_fake import FakeGithub, answers
from github_fake.wire import Answer
from ratchet_bot.hosts.effects import Closing, Issue, PullRequest
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused
from ratchet_bot.hosts.states import OpenIssue

FILES = {".github/perf-baselines/h100.json": b"{}\n"}
PULL = PullRequest(branch="bot", base="main", title="Tighten", body="From run 5.", labels=("perf",))
MARKER = "<!-- perf-ratchet regression h100 flux -->"
ISSUE = Issue(marker=MARKER, title="flux is slower", body=f"{MARKER}\nSince A.", labels=("perf",))
LAST = "<!-- perf-ratchet closed -->"


def over(number: int) -> Closing:
    return Closing(OpenIssue(number=number, title="", body=""), LAST, "It is fast again.")


@pytest.fixture
def branch(github: FakeGithub) -> str:
    github.commit("bot", FILES, "Propose")
    return "bot"


@pytest.mark.usefixtures("branch")
def test_a_proposal_is_one_pull_request(github: FakeGithub, hub: GithubHost):
    """Asked again with other words it is edited; an equal one is not written again."""
    assert hub.upsert_pull(PULL) == 8
    assert hub.upsert_pull(PULL) == 8
    changed = PullRequest(
        branch="bot", base="main", title="Tighten 3", body="From run 6.", labels=("perf", "x")
    )
    assert hub.upsert_pull(changed) == 8
    it = github.pulls[8]
    assert (it.title, it.body, it.labels, it.author) == (
        "Tighten 3",
        "From run 6.",
        ["perf", "x"],
        github.login,
    )
    assert [line.split()[0] for line in github.api_requests] == [
        *("GET", "POST", "POST"),
        "GET",
        *("GET", "PATCH", "POST"),
    ]


@pytest.mark.usefixtures("branch")
def test_a_closed_pull_request_is_not_opened_again(github: FakeGithub, hub: GithubHost):
    """A person who closed it has said no to that one; a new proposal is a new one."""
    assert hub.upsert_pull(PULL) == 8
    github.pulls[8].is_open = False
    assert hub.upsert_pull(PULL) == 9


@pytest.mark.usefixtures("branch")
def test_a_forks_branch_of_the_same_name_is_not_ours(github: FakeGithub, hub: GithubHost):
    """Also when the fork's owner is ours: GitHub's query cannot tell their repositories apart."""
    for repository in ("stranger/demo", "octo/demo-2"):
        github.commit("bot", FILES, "Other", repository=repository)
        github.pull("bot", repository=repository)
    assert hub.upsert_pull(PULL) == 10
    assert [github.pulls[number].title for number in (8, 9, 10)] == ["Work", "Work", "Tighten"]


@pytest.mark.usefixtures("branch")
def test_of_two_bases_the_asked_one_is_taken(github: FakeGithub, hub: GithubHost):
    """A second pull request of the branch, into another base, stays as it is."""
    github.branches["release"] = github.branches["main"]
    github.pull("bot", base="main")
    github.pull("bot", base="release")
    assert hub.upsert_pull(PULL) == 8
    assert github.pulls[9].title == "Work"


@pytest.mark.usefixtures("branch")
def test_another_base_is_a_change(github: FakeGithub, hub: GithubHost):
    """The pull request moves along with the default branch."""
    github.branches["release"] = github.branches["main"]
    github.pull("bot", base="release")
    assert hub.upsert_pull(PULL) == 8
    assert github.pulls[8].base_branch == "main"


@pytest.mark.usefixtures("branch")
def test_closing_says_why_once(github: FakeGithub, hub: GithubHost):
    """A last comment, then closed; closed again nothing is said."""
    number = hub.upsert_pull(PULL)
    hub.close_pull(number, LAST, "Nothing is left to propose.")
    hub.close_pull(number, LAST, "Nothing is left to propose.")
    assert [(it.pull, it.body) for it in github.comments] == [(8, f"{LAST}\nNothing is left to propose.")]
    assert github.pulls[8].is_open is False


def test_a_persons_pull_request_is_not_closed(github: FakeGithub, hub: GithubHost):
    """A wrong number does no harm."""
    with pytest.raises(
        HostRefused, match=r"^#7 was not opened by github-actions\[bot\]; a person has to close it$"
    ):
        hub.close_pull(7, LAST, "Oops")
    assert github.pulls[7].is_open
    assert github.comments == []


def test_an_issue_is_one_issue(github: FakeGithub, hub: GithubHost):
    """Found by marker and author among all open ones of the bot; labels that a person removed come back.

    GitHub lists pull requests among issues, and they are none.
    """
    pull = github.pulls[7]
    pull.author, pull.body = github.login, MARKER
    for number in range(120):
        github.issue(github.login, "Other", f"<!-- {number} -->")
    github.issue("a-person", "Forged", f"{MARKER}\nmine")
    [first] = hub.settle_issues([ISSUE], [])
    github.issues[first].labels.clear()
    changed = Issue(marker=MARKER, title="flux is slower still", body=f"{MARKER}\nSince A.", labels=("perf",))
    assert hub.settle_issues([changed], []) == [first]
    it = github.issues[first]
    assert (it.title, it.body, it.labels) == ("flux is slower still", f"{MARKER}\nSince A.", ["perf"])
    assert len(github.issues) == 122


def test_a_strangers_issue_is_not_ours_whoever_lists_it(github: FakeGithub, hub: GithubHost):
    """The author is looked at here too: a host that passes over part of a query does no harm."""
    forged = github.issue("a-person", "Forged", f"{MARKER}\nmine", ["perf"])
    github.answer_next("GET", "/issues$", Answer(200, [answers.issue(github, forged)]))
    assert hub.settle_issues([ISSUE], []) == [forged.number + 1]
    assert forged.title == "Forged"


def test_a_closed_issue_is_not_opened_again(github: FakeGithub, hub: GithubHost):
    """The next regression is a new issue."""
    [first] = hub.settle_issues([ISSUE], [])
    hub.settle_issues([], [over(first)])
    assert [it.body for it in github.comments] == [f"{LAST}\nIt is fast again."]
    assert github.issues[first].is_open is False
    assert hub.settle_issues([ISSUE], []) == [first + 1]


def test_an_issue_that_could_not_be_found_again_is_a_mistake(github: FakeGithub, hub: GithubHost):
    """Its body begins with its marker."""
    with pytest.raises(ValueError, match=r"^the body of an issue begins with its marker"):
        hub.settle_issues([Issue(marker=MARKER, title="x", body="y")], [])
    assert github.log == []


def test_a_missing_permission_is_named(github: FakeGithub, hub: GithubHost):
    """Issues are another permission than pull requests."""
    github.permissions.discard("issues: write")
    with pytest.raises(HostRefused, match=r'give the job "permissions: \{issues: write\}"$'):
        hub.settle_issues([ISSUE], [])
