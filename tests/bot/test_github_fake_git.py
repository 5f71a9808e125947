"""What the fake GitHub has of git is git: any git clones it, logs it and finds nothing wrong in it."""

import itertools
from pathlib import Path

import pytest
import requests
from git_folder import git
from github_fake import FakeGithub
from perf_project import ASCEND, FORK, H100, Project
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused

FILES = {H100: b'{"a": 1}\r\n', "b.json": b"", "b0": b"\x00\xff", "ä b/c": b"x"}


def lines(folder: Path, *arguments: str) -> list[str]:
    """Return what git says there, by line."""
    return git(folder, *arguments).splitlines()


def cloned(github: FakeGithub, folder: Path) -> Path:
    """Return a clone of the repository as anybody would make it."""
    git(folder, "clone", "--quiet", str(github.git.path), "clone")
    return folder / "clone"


def is_moved(github: FakeGithub, branch: str, to: str) -> bool:
    """Ask over HTTP to move a branch without force; return whether it is done."""
    query = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
    update = {"name": f"refs/heads/{branch}", "afterOid": to}
    variables = {"input": {"repositoryId": "R_octo/demo", "refUpdates": [update]}}
    answer = requests.post(f"{github.url}/graphql", json={"query": query, "variables": variables}, timeout=5)
    return "errors" not in answer.json()


def test_a_clone_has_what_the_client_committed(github: FakeGithub, hub: GithubHost, tmp_path: Path):
    """Byte for byte, on the branch and the parent that were asked for, in the name of the client."""
    before = github.branches["main"]
    sha = hub.commit_files("main", before, FILES, "Tighten 2 baselines\n\nFrom run 123.")
    clone = cloned(github, tmp_path)
    assert {path: (clone / path).read_bytes() for path in FILES} == FILES
    assert lines(clone, "log", "--format=%H %P %an") == [
        f"{sha} {before} github-actions[bot]",
        f"{before}  github-actions[bot]",
    ]
    assert git(clone, "log", "-1", "--format=%B").rstrip("\n") == "Tighten 2 baselines\n\nFrom run 123."
    assert git(clone, "diff", "-z", "--name-only", before, sha).strip("\0").split("\0") == sorted(FILES)


def test_a_stale_head_changes_nothing(github: FakeGithub, hub: GithubHost):
    """Neither a branch nor the objects: the history of everything is what it was."""
    stale = github.branches["main"]
    github.commit("main", {"a": b"1"}, "Be faster")
    before = lines(github.git.path, "log", "--all", "--format=%H %D")
    objects = lines(github.git.path, "count-objects")
    with pytest.raises(HostRefused):
        hub.commit_files("main", stale, FILES, "Tighten")
    assert lines(github.git.path, "log", "--all", "--format=%H %D") == before
    assert lines(github.git.path, "count-objects") == objects


def test_only_a_fast_forward_moves_a_branch(github: FakeGithub):
    """Without force a branch goes only to a commit that has it in its past, as git sees it."""
    github.commit("newer", {"a": b"1"}, "Go on")
    heads = [github.branches[it] for it in ("main", "newer", "work")]
    for now, to in itertools.permutations(heads, 2):
        github.branches["bot"] = now
        has_it = now in lines(github.git.path, "rev-list", to)
        assert is_moved(github, "bot", to) == has_it
        assert lines(github.git.path, "rev-parse", "bot") == [to if has_it else now]


def test_nothing_is_wrong_with_a_story(github: FakeGithub, tmp_path: Path):
    """A person's and a fork's pull requests, a commit and a new branch of the bot's: fsck finds nothing."""
    project = Project(github, tmp_path)
    pull = project.opened()
    project.reported(project.measured(flux=0.8))
    project.asked(pull, "/tighten-baselines")
    project.opened("slow", FORK, **{ASCEND: None})
    project.hub.start_branch("perf-history", FILES, "Begin\n\nNow.")
    git(github.git.path, "fsck", "--strict")
    assert lines(github.git.path, "log", "--format=%s", "main..faster") == [
        "Tighten 1 baseline of h100",
        "Work",
    ]
    assert lines(github.git.path, "log", "--format=%s", "perf-history") == ["Begin"]


def test_a_forks_branches_are_its_own(github: FakeGithub, tmp_path: Path):
    """Its commits can be asked for by SHA; no clone and no list of branches has them."""
    sha = github.commit("slow", {"a": b"1"}, "Slow", author="stranger", repository=FORK)
    github.commit("main", {"a": b"2"}, "Go on", repository=FORK)
    assert list(github.heads(FORK)) == ["main", "slow"]
    assert list(github.branches) == ["main", "work"]
    clone = cloned(github, tmp_path)
    remote = lines(clone, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes")
    assert remote == ["HEAD", "main", "work"]
    assert lines(clone, "rev-parse", "origin/main") == [github.branches["main"]]
    assert sha not in lines(clone, "rev-list", "--all")
    assert github.commits[sha].author == "stranger"


def test_histories_part_where_git_says(github: FakeGithub, hub: GithubHost):
    """Also after a merge; the commits in between are those that git lists."""
    parted = github.commit("main", {"a": b"1"}, "Before")
    fork = github.commit("slow", {"b": b"1"}, "Slow", repository=FORK)
    after = github.commit("main", {"c": b"1"}, "After")
    github.branches["main"] = github.git.commit(github.head("main").tree, [after, fork], "Merge", "writer")
    later = github.commit("slow", {"b": b"2"}, "Slower", repository=FORK)
    for base, head in [("main", later), ("work", later), (parted, "main"), ("main", "work")]:
        assert [hub.merge_base(base, head)] == lines(github.git.path, "merge-base", base, head)
        between = lines(github.git.path, "rev-list", "--reverse", "--topo-order", f"{base}..{head}")
        assert [it.sha for it in hub.commits(base, head)] == between
