import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from github_fake import a_check
from ratchet_bot.hosts.local import FolderHost
from ratchet_bot.hosts.port import HostRefused

MARKER = "<!-- perf-ratchet -->"
PATH = ".github/perf-baselines/h100.json"
FILES = {PATH: b'{"scenarios": {}}\n'}
MESSAGE = "Tighten 2 baselines\n\nFrom run 123."
PERSON = ("-c", "user.name=a person", "-c", "user.email=person@example.com")

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "engine.py").write_text("steps = 50\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    return folder


@pytest.fixture
def git(repository: Path) -> Git:
    """Give git in the repository, as a person uses it."""

    def run(*arguments: str) -> str:
        command = ["git", *PERSON, *arguments]
        return subprocess.run(
            command, cwd=repository, check=True, capture_output=True, text=True
        ).stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    run("add", ".")
    run("commit", "--quiet", "--message=Begin")
    return run


@pytest.fixture
def hub(tmp_path: Path, repository: Path) -> FolderHost:
    return FolderHost(tmp_path / "hub", repository)


def test_a_comment_is_a_file(hub: FolderHost, tmp_path: Path):
    """The first comment of a pull request is at the place that the documentation names, and alone there."""
    place = hub.upsert_comment(7, MARKER, f"{MARKER}\nhello")
    assert place == str(tmp_path / "hub/pulls/7/comment.md")
    assert Path(place).read_text() == f"{MARKER}\nhello"
    assert [it.name for it in Path(place).parent.iterdir()] == ["comment.md"]


def test_a_check_is_a_file(hub: FolderHost, tmp_path: Path):
    """A check is told whole, in a file whose name a person can read."""
    place = hub.upsert_check(a_check("0" * 40))
    assert place == str(tmp_path / "hub/checks" / ("0" * 40) / "perf-ratchet-h100-123-b158f2c7.json")
    assert json.loads(Path(place).read_text()) == {**vars(a_check("0" * 40)), "annotations": []}


def test_checks_that_read_the_same_are_still_two(hub: FolderHost):
    """The readable part of the name may be equal; the identity is not."""
    places = {hub.upsert_check(a_check("0" * 40, external_id=it)) for it in ("a b", "a-b", "A B" * 99)}
    assert len(places) == 3


@pytest.mark.parametrize("sha", ["../../etc", "main", "0" * 39, "0" * 40 + "\n", "-" * 40])
def test_what_is_no_full_sha_is_refused(hub: FolderHost, git: Git, sha: str):
    """A SHA becomes a folder and an argument of git, so it must be one."""
    before = git("rev-parse", "main")
    with pytest.raises(HostRefused, match="is not the full SHA of a commit"):
        hub.upsert_check(a_check(sha))
    with pytest.raises(HostRefused, match="is not the full SHA of a commit"):
        hub.commit_files("main", sha, FILES, MESSAGE)
    assert git("rev-parse", "main") == before


def test_a_commit_is_by_the_bot(hub: FolderHost, git: Git):
    """Author and committer are the bot, whoever runs it, and the parent is the head that was expected."""
    before = git("rev-parse", "main")
    sha = hub.commit_files("main", before, FILES, MESSAGE)
    who = "perf-ratchet <perf-ratchet@users.noreply.github.com>"
    shown = git("show", "--no-patch", "--format=%H%n%an <%ae>%n%cn <%ce>%n%P%n%B", "main")
    assert shown == f"{sha}\n{who}\n{who}\n{before}\n{MESSAGE}"


def test_other_files_stay_as_they_are(hub: FolderHost, git: Git):
    """Only what was given changes; modes of other files included."""
    hub.commit_files("main", git("rev-parse", "main"), FILES, MESSAGE)
    assert git("diff", "--name-status", "main~", "main") == f"A\t{PATH}"
    assert git("ls-tree", "-r", "--format=%(objectmode) %(path)", "main") == (
        f"100644 {PATH}\n100755 run.sh\n100644 src/engine.py"
    )


def test_the_working_tree_and_its_index_are_untouched(hub: FolderHost, git: Git, repository: Path):
    """A person may be in the middle of something, on the very branch."""
    (repository / "src" / "engine.py").write_text("steps = 4\n")
    (repository / "new.py").write_text("")
    git("add", "new.py")
    index = (repository / ".git" / "index").read_bytes()
    hub.commit_files("main", git("rev-parse", "main"), FILES, MESSAGE)
    assert (repository / ".git" / "index").read_bytes() == index
    assert (repository / "src" / "engine.py").read_text() == "steps = 4\n"
    assert not (repository / PATH).exists()


def test_a_bare_repository_will_do(git: Git, tmp_path: Path):
    """No working tree is needed."""
    git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    hub = FolderHost(tmp_path / "hub", tmp_path / "bare.git")
    sha = hub.commit_files("main", git("rev-parse", "main"), FILES, MESSAGE)
    assert git("--git-dir", str(tmp_path / "bare.git"), "rev-parse", "main") == sha


def test_a_branch_that_moves_meanwhile_is_left_alone(
    hub: FolderHost, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Between the look and the move somebody commits: git itself refuses the move."""
    real, before = shutil.which("git"), git("rev-parse", "main")
    sneak = f"'{real}' -c user.name=x -c user.email=x@example.com commit --quiet --allow-empty -m sneaked"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    # A git that lets somebody else commit just before update-ref, which is $3 after -C and the folder.
    fake.write_text(f'#!/bin/sh\n[ "$3" != update-ref ] || (cd "$2" && {sneak})\nexec \'{real}\' "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    with pytest.raises(HostRefused, match=r"^git update-ref in .* failed: .* but expected"):
        hub.commit_files("main", before, FILES, MESSAGE)
    assert git("log", "--format=%s", "main") == "sneaked\nBegin"


def test_a_git_hook_around_us_does_not_mislead(
    hub: FolderHost, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Started from a hook of another repository, the hub still commits to its own."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "other")], check=True)
    before = git("rev-parse", "main")
    with monkeypatch.context() as patched:
        patched.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
        patched.setenv("GIT_AUTHOR_NAME", "a person")
        sha = hub.commit_files("main", before, FILES, MESSAGE)
    assert git("log", "-1", "--format=%H %an", "main") == f"{sha} perf-ratchet"


def test_a_folder_inside_a_repository_is_not_that_repository(git: Git, repository: Path):
    """Git looks upwards for a repository; the hub does not commit to whatever is found there."""
    before = git("rev-parse", "main")
    with pytest.raises(HostRefused, match=r"^git rev-parse in .*/src failed: fatal: not a git repository"):
        FolderHost(repository, repository / "src").commit_files("main", before, FILES, MESSAGE)
    assert git("rev-parse", "main") == before


def test_a_file_where_a_folder_is_needed_is_refused(hub: FolderHost, git: Git):
    """Git's own words are passed on, on one line."""
    before = git("rev-parse", "main")
    with pytest.raises(HostRefused, match=r"^git update-index in [^\n]* failed: error: [^\n]*$"):
        hub.commit_files("main", before, {"run.sh/h100.json": b""}, MESSAGE)
    assert git("rev-parse", "main") == before


@pytest.mark.parametrize(
    "path", ["../a", "a/../../b", "/a", "a//b", "./a", "", "x/.GIT/config", "a\\b", "a\nb"]
)
def test_a_path_is_refused_before_git_is_asked(hub: FolderHost, git: Git, path: str):
    """The message names the path; nothing depends on how git of this machine sees it."""
    before = git("rev-parse", "main")
    with pytest.raises(HostRefused) as refused:
        hub.commit_files("main", before, {path: b""}, MESSAGE)
    assert (
        str(refused.value) == f"{path!r} is not a path from the top of the repository: use folder/file.json"
    )


def test_a_missing_git_is_told(hub: FolderHost, git: Git, monkeypatch: pytest.MonkeyPatch):
    """Without git the message says what to install."""
    before = git("rev-parse", "main")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(HostRefused, match=r"^git was not found: install it, or put it on PATH$"):
        hub.commit_files("main", before, FILES, MESSAGE)
