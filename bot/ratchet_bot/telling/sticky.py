"""The bot's one comment on a pull request: what it keeps about itself, and when it may change. Pure.

The second line holds, hidden, which run the comment tells of. It is trusted as far as its author is: who
finds the comment looks at that first. Whatever does not read as such a line counts as none.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ratchet_profiler.record import MAX_INTEGER

from ratchet_bot.judging.compare import Outcome

MARKER: Final = "<!-- perf-ratchet:report -->"
"""How the comment begins. Other tools post under the same login, so it names us."""
_STATE = re.compile(r"<!-- perf-ratchet:state (\{[^<>\n]{1,400}\}) -->")


class State(BaseModel):
    """Which run a comment tells of, and what came of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: Annotated[int, Field(ge=1, le=MAX_INTEGER, strict=True)]
    attempt: Annotated[int, Field(ge=1, le=MAX_INTEGER, strict=True)]
    outcome: Outcome
    before: Outcome | None = None
    """What the comment said before this run; None when it was not there."""

    @property
    def order(self) -> tuple[int, int]:
        """The later of two runs has the greater one."""
        return self.run_id, self.attempt

    @property
    def has_worsened(self) -> bool:
        """True when an edit, of which nobody is notified, has turned a fine comment into a regression."""
        return self.outcome is Outcome.REGRESSED and self.before not in {None, Outcome.REGRESSED}


def state_of(body: str | None) -> State | None:
    """Return what a comment of ours keeps about itself, or None when it keeps nothing that can be read."""
    lines = (body or "").split("\n", maxsplit=2)
    found = _STATE.fullmatch(lines[1].strip()) if len(lines) > 1 and lines[0].strip() == MARKER else None
    try:
        return State.model_validate_json(found[1]) if found else None
    except ValidationError:
        return None


def state_line(state: State) -> str:
    """Return the line that a comment keeps about itself."""
    return f"<!-- perf-ratchet:state {state.model_dump_json()} -->"


def with_state(body: str, state: State) -> str:
    """Return a comment that keeps this about itself, from one that begins with `MARKER` and keeps nothing."""
    return f"{MARKER}\n{state_line(state)}\n{shown(body)}"


def shown(body: str) -> str:
    """Return what a reader sees of a comment that keeps nothing about itself."""
    return body.removeprefix(MARKER).lstrip("\n")


def succeeding(state: State, body: str | None) -> State | None:
    """Return what a comment shall keep when a run is told, or None when it tells of a later one already.

    Args:
        state: The run to tell of.
        body: The comment as it is; None when there is none.
    """
    known = state_of(body)
    if known is None:
        return state
    if known.order > state.order:
        return None
    before = known.before if known.order == state.order else known.outcome
    return state.model_copy(update={"before": before})


def is_posted(setting: Literal["always", "changes", "never"], *, tells: bool, exists: bool) -> bool:
    """Return whether a comment is written: one that is there is kept true, unless none is wanted at all.

    Args:
        setting: What the configuration says.
        tells: Whether there is something to tell.
        exists: Whether there is a comment already.
    """
    return setting == "always" or (setting == "changes" and (tells or exists))
