"""One repository on GitHub: what every call shares."""

import time
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from ratchet_bot.hosts.github.client import Client
from ratchet_bot.hosts.github.failures import ApiCall, Unanswered
from ratchet_bot.hosts.port import HostRefused

TRIES: Final = 3  # of one effect. Chosen: a longer incident is a matter for the next run

_Result = TypeVar("_Result")


class Repository:
    """One repository, asked through a client. Its methods ask nothing by themselves."""

    def __init__(self, client: Client, repository: str, login: str) -> None:
        """Ask nothing yet.

        Args:
            client: Who asks.
            repository: "owner/name".
            login: In whose name the client asks.
        """
        self._client = client
        self._repository = repository
        self._login = login
        self._node: str | None = None
        """What GraphQL calls the repository, which never changes; None until GitHub has told it."""
        self._labels: dict[str, str] | None = None
        """What GraphQL calls labels, by name; None until GitHub was asked about the bot's issues."""

    @property
    def login(self) -> str:
        """In whose name comments are written."""
        return self._login

    def _at(self, path: str) -> str:
        """Return where the API has something of this repository."""
        return f"/repos/{self._repository}/{path}"

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
            again: Does it where a try has failed before; None: as at first.
            tries: How often.

        Raises:
            HostRefused: GitHub would not, or did not answer.
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
    """Return a name as one part of an address."""
    return quote(name, safe="")
