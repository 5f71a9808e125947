"""Which release of perf-ratchet this is: where another repository's workflows take it from."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ratchet_bot.adoption import checkout
from ratchet_bot.data.errors import BadInput

PACKAGE: Final = "perf-ratchet"
_WORD: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)@([0-9a-f]{40})")
_SHA: Final = re.compile(r"[0-9a-f]{40}")
_REMOTE: Final = re.compile(
    r"(?:https?://|ssh://)?(?:[^@/]+@)?[A-Za-z0-9.-]+(?::[0-9]+)?[/:]"
    r"([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+?)(?:\.git)?/?"
)
"""A repository on a host, over HTTPS or SSH. A path of this machine has no host, and does not match."""


@dataclass(frozen=True)
class Release:
    """One commit of perf-ratchet on a repository host."""

    repository: str
    """"owner/name"."""
    sha: str
    """Full SHA."""
    version: str | None = None
    """Such as "0.1.0"; None where no tag is known to be at the commit."""

    @property
    def pin(self) -> str:
        """What a workflow writes behind the @: the SHA, and the version for those who update it."""
        return self.sha if self.version is None else f"{self.sha} # v{self.version}"


@dataclass(frozen=True)
class _Origin:
    """Where this program was installed from, as far as that is written down."""

    url: str
    sha: str
    names: frozenset[str]
    """By which the commit goes: the tags of a checkout, or what pip was asked for."""


def release_from_word(word: str) -> Release:
    """Return the release that "owner/name@sha" names; with a version where this program's tag is there.

    Raises:
        ValueError: it names none; the message says what is expected.
    """
    match = _WORD.fullmatch(word)
    if not match:
        raise ValueError(
            f"{word!r} is not a release such as octo/perf-ratchet@ and the 40 digits of its commit"
        )
    origin, version = _origin(_direct_url()), _version()
    is_tagged = origin.sha == match[2] and f"v{version}" in origin.names
    return Release(match[1], match[2], version if is_tagged else None)


def installed_release() -> Release:
    """Return the release that this program was installed from, or is a checkout of.

    Raises:
        BadInput: nobody wrote that down.

    Source: https://packaging.python.org/specifications/direct-url/
    """
    direct_url = _direct_url()
    origin = _origin(direct_url)
    match = _REMOTE.fullmatch(origin.url)
    word = f"{match[1]}@{origin.sha}" if match else ""
    try:
        return release_from_word(word)
    except ValueError as error:
        raise BadInput(
            f"perf-ratchet was installed from {_place(direct_url)}; {_what_to_type(origin.sha)}"
        ) from error


def _origin(direct_url: Mapping[str, Any]) -> _Origin:
    url, vcs = str(direct_url.get("url")), direct_url.get("vcs_info", {})
    if url.startswith("file:"):
        folder = Path(unquote(urlsplit(url).path))
        return _Origin(checkout.remote(folder), checkout.commit(folder), checkout.tags(folder))
    return _Origin(url, str(vcs.get("commit_id")), frozenset([str(vcs.get("requested_revision"))]))


def _place(direct_url: Mapping[str, Any]) -> str:
    """Return where a package is from that is not of a release, a clause."""
    url = str(direct_url.get("url") or "")
    if url.startswith("file:"):
        return f"{unquote(urlsplit(url).path)}, which is not a clone with an origin on a host"
    return "no git repository that it knows of"


def _what_to_type(sha: str) -> str:
    """Return the command that names a release, with the commit where it is known."""
    has_sha = _SHA.fullmatch(sha) is not None
    which = "has this commit" if has_sha else "they are to use"
    digits = f"; SHA are the 40 digits that git ls-remote https://github.com/OWNER/{PACKAGE} HEAD prints"
    return (
        "the workflows take it from a repository host, so type: "
        f"perf-ratchet init --release OWNER/{PACKAGE}@{sha if has_sha else 'SHA'} "
        f"(OWNER is the account whose copy {which}{'' if has_sha else digits})"
    )


def _direct_url() -> dict[str, Any]:
    """Return what pip wrote down about where the package is from; nothing for an index."""
    try:
        direct_url = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return direct_url if isinstance(direct_url, dict) else {}


def _version() -> str:
    try:
        return distribution(PACKAGE).version
    except PackageNotFoundError:
        return "0"
