"""The names of the bot's branches."""

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from ratchet_bot.data.names import (
    draft_branch,
    is_own_branch,
    loosening_branch,
    pull_branch,
    tightening_branch,
)
from ratchet_bot.data.settings import ConfiguredName

_CONFIGURED = TypeAdapter(ConfiguredName)


def _is_configured(name: str) -> bool:
    try:
        return bool(_CONFIGURED.validate_python(name))
    except ValidationError:
        return False


def branches(hardware: Sequence[str], pulls: Sequence[int]) -> list[str]:
    """Return every branch that the bot makes for these, but for the history's."""
    nightly = [make(name) for name in hardware for make in (tightening_branch, loosening_branch)]
    return [*nightly, *map(draft_branch, nightly), *map(pull_branch, pulls)]


NUMBERS = st.integers(min_value=1, max_value=10_000)
STRANGE = st.from_regex(
    r"((tighten|loosen|draft|pull)-)?([0-9]{1,5}|h100|draft)(-draft|-h100)?", fullmatch=True
)
NAMES = (STRANGE | st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,39}", fullmatch=True)).filter(_is_configured)


@given(st.lists(NAMES, max_size=8, unique=True), st.lists(NUMBERS, max_size=8, unique=True))
def test_no_two_purposes_meet(hardware: list[str], pulls: list[int]):
    """Each branch has a name of its own, and none is a folder of another, which git would refuse."""
    named = branches(hardware, pulls)
    folders = {name[: slash.start()] for name in named for slash in re.finditer("/", name)}

    assert len(set(named)) == 4 * len(hardware) + len(pulls)
    assert not folders & set(named)
    assert all(map(is_own_branch, named))


def test_a_hardware_may_be_named_like_a_pull_request():
    """What is told in the documentation, and what once met: the hardware 4090 and pull request 4090."""
    assert branches(["4090"], [4090]) == [
        "perf-ratchet/tighten-4090",
        "perf-ratchet/loosen-4090",
        "perf-ratchet/draft/tighten-4090",
        "perf-ratchet/draft/loosen-4090",
        "perf-ratchet/pull-4090",
    ]
