"""One repository on GitHub: what every call to its API shares."""

import hashlib
import time
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from ratchet_bot.hosts.github.client import Client
from ratchet_bot.hosts.github.failures import ApiCall, Unanswered
from ratchet_bot.hosts.port import HostRefused

TRIES: Final = 3  # of one call. Chosen: a longer incident is left to the next run
SHA256_DIGITS: Final = 64
"""Length of an object id in a SHA-256 repository. Source: `git help hash-object`."""

_Result = TypeVar("_Result")


class GithubRepository:
    """One repository, behind a client."""

    def __init__(self, client: Client, repository: str, login: str) -> None:
        """Make no request.

        Args:
            client: Of the API.
            repository: "owner/name".
            login: The account of the client.
        """
        self._client = client
        self._repository = repository
        self._login = login
        self._node: str | None = None
        """GraphQL id of the repository, which never changes; None until it was read."""
        self._labels: dict[str, str] | None = None
        """GraphQL ids of labels by name; None until the bot's issues were read."""

    @property
    def login(self) -> str:
        """The account that writes comments."""
        return self._login

    def _at(self, path: str) -> str:
        """Return the path of a resource of this repository."""
        return f"/repos/{self._repository}/{path}"

    def _owner_and_name(self) -> dict[str, str]:
        """Return the variables of a query for this repository."""
        owner, name = self._repository.split("/")
        return {"owner": owner, "name": name}

    def _call(self, doing: str, needs: str) -> ApiCall:
        return ApiCall(f"{doing} of {self._repository}", needs)

    def _settle(
        self,
        call: ApiCall,
        effect: Callable[[], _Result],
        again: Callable[[], _Result] | None = None,
        tries: int = TRIES,
    ) -> _Result:
        """Try until GitHub answers. Each try looks before it writes, so a lost answer doubles nothing.

        Args:
            call: What is done, in words.
            effect: Does it.
            again: Does it after a failed try; None: `effect` again.
            tries: How many tries are left.

        Raises:
            HostRefused: GitHub refused, or did not answer.
        """
        try:
            return effect()
        except Unanswered as unanswered:
            failure, pace = unanswered.failure, self._client.pace
            wait_s = failure.wait_s(pace.before_retry, pace.for_rate_limit)
            if tries == 1 or wait_s is None:
                raise HostRefused(f"GitHub did not {call.doing}: {failure.reason(call)}") from None
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise HostRefused(
                f"GitHub did not {call.doing}: its answer has no {place} that we know"
            ) from None
        time.sleep(wait_s)
        return self._settle(call, again or effect, None, tries - 1)


def quoted(name: str) -> str:
    """Return a name as one segment of a URL."""
    return quote(name, safe="")


def blob_name(content: bytes, like: str) -> str:
    """Return git's blob id of this content, in a repository whose object ids look like this one.

    Source: `git help hash-object`.
    """
    new = hashlib.sha256 if len(like) == SHA256_DIGITS else hashlib.sha1
    return new(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
