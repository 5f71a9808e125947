"""Where this program was installed from."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest
from git_folder import git
from ratchet_bot.adoption.release import Release, installed_release, release_from_word
from ratchet_bot.data.errors import BadInput

SHA = "0123456789abcdef0123456789abcdef01234567"


class Installed(importlib.metadata.Distribution):
    """A package that pip has installed, and what pip wrote down about it."""

    version = "1.2.3"

    def __init__(self, told: str | None) -> None:
        """Have this direct_url.json, or none."""
        self.told = told

    def read_text(self, filename: str) -> str | None:
        """Return what pip wrote down."""
        return self.told if filename == "direct_url.json" else None

    def locate_file(self, path: Any) -> Any:
        """Have no files."""
        raise NotImplementedError


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says what pip wrote down."""

    def wrote(told: Any) -> None:
        text = told if told is None or isinstance(told, str) else json.dumps(told)
        monkeypatch.setattr("ratchet_bot.adoption.release.distribution", lambda _: Installed(text))

    return wrote


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/perf-ratchet.git",
        "https://github.com/octo/perf-ratchet",
        "ssh://git@github.example.org:2222/octo/perf-ratchet.git",
    ],
)
def test_installed_from_a_repository(pip: Any, url: str):
    """`pip install git+URL` leaves the repository and the commit."""
    pip({"url": url, "vcs_info": {"vcs": "git", "commit_id": SHA, "requested_revision": "v1.2.3"}})

    assert installed_release() == Release("octo/perf-ratchet", SHA, "1.2.3")


@pytest.mark.parametrize("revision", ["main", "v1.2.2", SHA, None])
def test_a_version_is_known_where_its_tag_was_installed(pip: Any, revision: str | None):
    """A branch, another tag or a bare commit says nothing of a version: none is written behind the SHA."""
    told = {"vcs": "git", "commit_id": SHA, "requested_revision": revision}
    pip({"url": "https://github.com/octo/perf-ratchet", "vcs_info": told})

    assert installed_release().pin == SHA


def test_a_named_release_has_a_version_where_it_is_the_installed_one(pip: Any):
    """The same commit is the same code, in a mirror as well; another commit is something unknown."""
    told = {"vcs": "git", "commit_id": SHA, "requested_revision": "v1.2.3"}
    pip({"url": "https://github.com/octo/perf-ratchet", "vcs_info": told})

    assert release_from_word(f"mirror/perf-ratchet@{SHA}").pin == f"{SHA} # v1.2.3"
    assert release_from_word(f"octo/perf-ratchet@{'f' * 40}").pin == "f" * 40


@pytest.mark.parametrize(("tag", "version"), [("v1.2.3", "1.2.3"), ("v1.2.2", None), ("nightly", None)])
def test_a_checkout_knows_its_remote_and_its_tag(pip: Any, tmp_path: Path, tag: str, version: str | None):
    """An installed checkout is where its origin is, at the commit that is checked out."""
    folder = tmp_path / "with space"
    git(tmp_path, "init", "--quiet", str(folder))
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "x")
    git(folder, "tag", tag)
    git(folder, "remote", "add", "origin", "git@github.com:octo/perf-ratchet.git")
    pip({"url": folder.as_uri(), "dir_info": {"editable": True}})

    head = git(folder, "rev-parse", "HEAD").strip()
    assert installed_release() == Release("octo/perf-ratchet", head, version)


@pytest.mark.parametrize(
    "told",
    [
        None,
        "[]",
        "not JSON",
        {"url": "https://example.org/perf-ratchet.zip", "archive_info": {}},
        {"url": "file:///nowhere", "dir_info": {}},
        {"url": "/srv/git/perf-ratchet.git", "vcs_info": {"vcs": "git", "commit_id": SHA}},
    ],
)
def test_where_nobody_wrote_it_down_it_is_asked_for(pip: Any, told: Any):
    """An index, an archive, a folder without a remote: the message says what to type."""
    pip(told)

    with pytest.raises(BadInput, match="type: perf-ratchet init --release OWNER/perf-ratchet@"):
        installed_release()


def test_what_is_to_be_typed_has_the_commit_where_it_is_known(pip: Any):
    """A clone of a folder knows its commit, and not whose it is; an index knows neither."""
    pip({"url": "/srv/git/perf-ratchet.git", "vcs_info": {"vcs": "git", "commit_id": SHA}})
    with pytest.raises(BadInput) as refused:
        installed_release()
    assert str(refused.value) == (
        "perf-ratchet was installed from no git repository that it knows of; the workflows take it from a "
        f"repository host, so type: perf-ratchet init --release OWNER/perf-ratchet@{SHA} "
        "(OWNER is the account whose copy has this commit)"
    )
    pip(None)
    with pytest.raises(BadInput) as refused:
        installed_release()
    assert str(refused.value).endswith(
        "so type: perf-ratchet init --release OWNER/perf-ratchet@SHA (OWNER is the account whose copy they "
        "are to use; SHA are the 40 digits that "
        "git ls-remote https://github.com/OWNER/perf-ratchet HEAD prints)"
    )


def test_a_folder_without_an_origin_is_named(pip: Any, tmp_path: Path):
    """`pip install .` in a copy that no host knows: the line says what was looked at."""
    pip({"url": tmp_path.as_uri(), "dir_info": {}})

    with pytest.raises(BadInput) as refused:
        installed_release()
    assert str(refused.value).startswith(
        f"perf-ratchet was installed from {tmp_path}, which is not a clone with an origin on a host; "
    )
