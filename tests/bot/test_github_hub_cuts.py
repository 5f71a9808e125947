"""Every effect, cut at every one of its requests in every way: what is left is what one clean run leaves."""

import functools
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from contracts import described
from github_fake import FakeGithub, Refused, a_check, quick_hub
from ratchet_bot.hosts.effects import Annotation, Closing, Issue, PullRequest
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.states import OpenIssue

MARKER, OTHER = "<!-- perf-ratchet -->", "<!-- perf-ratchet answer 5 -->"
FILES = {".github/perf-baselines/h100.json": b"{}\n", "blob.bin": b"\x00\xff"}
TEXT = {"h100/2026-05.jsonl": b"{}\n", "README.md": b"Nights\n"}
PULL = PullRequest(branch="bot", base="main", title="Tighten", body="From run 5.", labels=("perf", "bot"))
ISSUE = Issue(marker=MARKER, title="Slower", body=f"{MARKER}\nSince A.", labels=("perf",))
REMARKS = tuple(
    Annotation(path="h100.json", line=line, level="failure", title="mean-mismatch", message="Look.")
    for line in range(1, 121)
)

Do = Callable[[FakeGithub, GithubHost], object]


def with_comment(github: FakeGithub) -> None:
    github.comment(7, github.login, f"{MARKER}\nold")


def with_check(github: FakeGithub) -> None:
    github.check({"name": "perf-ratchet (h100)", "head_sha": github.branches["main"], "external_id": "123"})


def with_branch(github: FakeGithub) -> None:
    github.commit("bot", TEXT, "Propose")


def with_pull(github: FakeGithub) -> None:
    with_branch(github)
    github.pull("bot", author=github.login).labels.append("perf")


def with_issue(github: FakeGithub) -> None:
    github.issue(github.login, "Old", f"{MARKER}\nold")


def with_issues(github: FakeGithub) -> None:
    """One to close, and one to change."""
    github.issue(github.login, "Old", f"{MARKER}\nold", ["perf"])
    github.issue(github.login, "Older", f"{OTHER}\nold", ["perf"])


def looked(hub: GithubHost, label: str = "perf") -> GithubHost:
    """Return a hub that has seen which issues are open."""
    hub.repository_state({"main": ("README.md",)}, {"bot": "README.md"}, label)
    return hub


def opened(github: FakeGithub, number: int) -> OpenIssue:
    it = github.issues[number]
    return OpenIssue(number=number, key=f"I_{number}", title=it.title, body=it.body, labels=tuple(it.labels))


def closing(github: FakeGithub) -> Closing:
    return Closing(opened(github, 8), OTHER, "It is fast again.")


def several(github: FakeGithub, label: str = "perf") -> list[Issue]:
    """Return an issue to change where it is open, and two to open."""
    seen = opened(github, 9) if 9 in github.issues else None
    return [
        Issue(marker=marker, title="Slower", body=f"{marker}\nSince B.", labels=(label,), seen=it)
        for marker, it in (
            (OTHER, seen),
            ("<!-- perf-ratchet 6 -->", None),
            ("<!-- perf-ratchet 7 -->", None),
        )
    ]


def nothing(_: FakeGithub) -> None:
    """Begin as a fake begins."""


def begin(github: FakeGithub) -> str:
    """Return the first commit of "main"."""
    return github.git.past(github.branches["main"])[-1].sha


def move(github: FakeGithub, hub: GithubHost) -> None:
    proposed = next(it.sha for it in github.commits.values() if it.message == "Propose")
    hub.reset_branch("bot", proposed, github.branches["work"])


def rebuild(github: FakeGithub, hub: GithubHost) -> None:
    proposed = next(it.sha for it in github.commits.values() if it.message == "Propose")
    hub.rebuild_branch("bot", proposed, begin(github), FILES, "Tighten\n\nMore.")


EFFECTS: Mapping[str, tuple[Callable[[FakeGithub], None], Do]] = {
    "first comment": (nothing, lambda _, hub: hub.upsert_comment(7, MARKER, f"{MARKER}\nnew")),
    "edited comment": (with_comment, lambda _, hub: hub.upsert_comment(7, MARKER, f"{MARKER}\nnew")),
    "revised comment": (
        with_comment,
        lambda _, hub: hub.revise_comment(
            7, MARKER, lambda old: f"{MARKER}\nnew" if old and old.endswith("old") else None
        ),
    ),
    "answer": (nothing, lambda _, hub: hub.answer(7, OTHER, f"{OTHER}\nDone.")),
    "first answer": (nothing, lambda _, hub: hub.answer(7, OTHER, f"{OTHER}\nDone.", is_first=True)),
    "reaction": (with_comment, lambda github, hub: hub.react(github.comments[0].id, "eyes")),
    "check": (nothing, lambda github, hub: hub.upsert_check(a_check(github.branches["main"]))),
    "concluded check": (with_check, lambda github, hub: hub.upsert_check(a_check(github.branches["main"]))),
    "check with 120 remarks": (
        with_check,
        lambda github, hub: hub.upsert_check(a_check(github.branches["main"], annotations=REMARKS)),
    ),
    "commit": (
        nothing,
        lambda github, hub: hub.commit_files("main", begin(github), FILES, "Tighten\n\nMore."),
    ),
    "new branch": (nothing, lambda github, hub: hub.reset_branch("bot", None, github.branches["work"])),
    "moved branch": (with_branch, move),
    "rebuilt branch": (with_branch, rebuild),
    "made branch": (
        nothing,
        lambda github, hub: hub.rebuild_branch("bot", None, github.branches["work"], FILES, "Tighten"),
    ),
    "branch without a past": (
        nothing,
        lambda _, hub: hub.start_branch("perf-history", FILES | TEXT, "Begin"),
    ),
    "proposal": (with_branch, lambda _, hub: hub.upsert_pull(PULL)),
    "first proposal": (with_branch, lambda _, hub: hub.upsert_pull(PULL, is_first=True)),
    "changed proposal": (with_pull, lambda _, hub: hub.upsert_pull(PULL)),
    "closed proposal": (with_pull, lambda _, hub: hub.close_pull(8, OTHER, "Nothing is left.")),
    "closed proposal, seen": (
        with_pull,
        lambda _, hub: hub.close_pull(8, OTHER, "Nothing is left.", key="PR_8"),
    ),
    "issue": (nothing, lambda _, hub: hub.settle_issues([ISSUE], [])),
    "changed issue": (with_issue, lambda _, hub: hub.settle_issues([ISSUE], [])),
    "closed issue": (with_issue, lambda github, hub: hub.settle_issues([], [closing(github)])),
    "issues, seen": (
        with_issues,
        lambda github, hub: looked(hub).settle_issues(several(github), [closing(github)]),
    ),
    "issues with an unknown label, seen": (
        nothing,
        lambda github, hub: looked(hub, "new").settle_issues(several(github, "new"), []),
    ),
}


def limited(status: int) -> Refused:
    return Refused(status, "You have exceeded a secondary rate limit.", headers={"retry-after": "0"})


CUTS: Mapping[str, Callable[[FakeGithub, int], None]] = {
    "502 before": lambda github, at: github.fail_next("", "", 502, skip=at),
    "502 after": lambda github, at: github.fail_next("", "", 502, skip=at, after=True),
    "500 after, twice": lambda github, at: github.fail_next("", "", 500, skip=at, after=True, times=2),
    "dropped before": lambda github, at: github.drop_next("", "", skip=at),
    "dropped after": lambda github, at: github.drop_next("", "", skip=at, after=True),
    "403 with patience": lambda github, at: github.refuse_next("", "", limited(403), skip=at),
    "429 with patience": lambda github, at: github.refuse_next("", "", limited(429), skip=at),
}


def left(github: FakeGithub) -> dict[str, Any]:
    """Return all that people see afterwards. When and in how many tries it was made is not part of it."""
    pasts = {name: github.git.past(sha) for name, sha in github.branches.items()}
    seen = {
        "comments": [(it.pull, it.author, it.body, it.reactions) for it in github.comments],
        "checks": [(it.said, it.annotations) for it in github.checks],
        "pulls": {number: (it.title, it.body, it.labels, it.is_open) for number, it in github.pulls.items()},
        "issues": {number: vars(it) for number, it in github.issues.items()},
        "branches": {name: [(it.tree, it.message) for it in past] for name, past in pasts.items()},
    }
    return deepcopy(seen)


def done(
    effect: str, cut: Callable[[FakeGithub, int], None] | None = None, at: int = 0
) -> tuple[dict[str, Any], list[str]]:
    """Return what an effect leaves, cut at one of its requests, and all its requests."""
    prepare, do = EFFECTS[effect]
    with described(FakeGithub()) as github:
        prepare(github)
        if cut:
            cut(github, at)
        do(github, quick_hub(github))
        return left(github), github.api_requests


@functools.cache
def done_once(effect: str) -> tuple[dict[str, Any], list[str]]:
    """Return the same when nothing goes wrong."""
    return done(effect)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("effect", EFFECTS)
def test_a_cut_at_any_request_leaves_the_same(effect: str, cut: str):
    """No comment, check, remark, commit, branch, label, issue or pull request is lost or doubled."""
    expected, requests = done_once(effect)
    for at, request in enumerate(requests):
        found, _ = done(effect, CUTS[cut], at)
        assert found == expected, f"cut at {request}"


@pytest.mark.parametrize("effect", [it for it in EFFECTS if not it.endswith("seen") and it != "first answer"])
def test_an_effect_asked_for_twice_leaves_the_same(effect: str):
    """What is there already is not written again, by another hub either."""
    prepare, do = EFFECTS[effect]
    with described(FakeGithub()) as github:
        prepare(github)
        do(github, quick_hub(github))
        before = left(github)
        do(github, quick_hub(github))
        assert left(github) == before == done_once(effect)[0]


@pytest.mark.parametrize(
    ("effect", "requests"),
    {
        "first comment": 2,
        "edited comment": 2,
        "revised comment": 2,
        "answer": 2,
        "first answer": 1,
        "reaction": 1,
        "check": 2,
        "concluded check": 2,
        "check with 120 remarks": 4,
        "commit": 1,
        "new branch": 2,
        "moved branch": 2,
        "rebuilt branch": 2,
        "made branch": 2,
        "branch without a past": 5,
        "proposal": 3,
        "first proposal": 2,
        "changed proposal": 3,
        "closed proposal": 4,
        "closed proposal, seen": 1,
        "issue": 2,
        "changed issue": 3,
        "closed issue": 4,
        "issues, seen": 2,
        "issues with an unknown label, seen": 3,
    }.items(),
)
def test_an_effect_costs_so_many_requests(effect: str, requests: int):
    """The budgets of the commands add these up."""
    assert len(done_once(effect)[1]) == requests
