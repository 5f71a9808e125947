"""What the bot's comment and its issues keep about themselves, hidden in HTML comments.

Such a line is trusted as far as the author of the comment is, so the caller checks the author first. A line
that does not read as ours counts as none.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ratchet_profiler.record import MAX_INTEGER

from ratchet_bot.judging.open_regressions import Remembered, remembered_from_json
from ratchet_bot.judging.regressions import Regression
from ratchet_bot.judging.verdicts import Outcome

MARKER: Final = "<!-- perf-ratchet:report -->"
"""How the comment begins. Other tools post under the same login, so it names us."""
_STATE = re.compile(r"<!-- perf-ratchet:state (\{[^<>\n]{1,400}\}) -->")
REGRESSION_LABEL: Final = "perf-regression"
"""Of every issue about regressions."""
LOOSEN_LABEL: Final = "perf-loosen"
"""A person puts it on such an issue to have looser baselines proposed; the proposal has it too."""
MOST_REMEMBERED: Final = 40
"""Regressions that an issue remembers, the largest. Chosen: half of what an issue can hold."""
_ISSUE_MARKER: Final = re.compile(
    r"<!-- perf-ratchet:regressions (?P<hardware>\S+) since run (?P<run>[0-9]{1,16}) -->"
)
_MEMORY: Final = re.compile(r"<!-- perf-ratchet:memory (.*) -->")


class State(BaseModel):
    """Which run a comment reports, and with what outcome."""

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
    match = _STATE.fullmatch(lines[1].strip()) if len(lines) > 1 and lines[0].strip() == MARKER else None
    try:
        return State.model_validate_json(match[1]) if match else None
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
    """Return what a comment keeps when it reports a run, or None when it reports a later one already.

    Args:
        state: The run to report.
        body: The comment as it is; None when there is none.
    """
    kept = state_of(body)
    if kept is None:
        return state
    if kept.order > state.order:
        return None
    before = kept.before if kept.order == state.order else kept.outcome
    return state.model_copy(update={"before": before})


def is_posted(setting: Literal["always", "changes", "never"], *, tells: bool, exists: bool) -> bool:
    """Return whether a comment is written: one that is there is kept true, unless none is wanted at all.

    Args:
        setting: What the configuration says.
        tells: Whether there is something to tell.
        exists: Whether there is a comment already.
    """
    return setting == "always" or (setting == "changes" and (tells or exists))


def marker_of(hardware: str, beginning: int) -> str:
    """Return how an issue begins, and is found again, as long as it is open.

    Args:
        hardware: Its name, without a blank.
        beginning: The run with which the regressions began when they were first reported.
    """
    return f"<!-- perf-ratchet:regressions {hardware} since run {beginning} -->"


def beginning_of(body: str, hardware: str) -> int | None:
    """Return the run in the marker of an issue; None where it is not an issue about this hardware."""
    match = _ISSUE_MARKER.match(body)
    return int(match["run"]) if match and match["hardware"] == hardware else None


def memory_of(regressions: Sequence[Regression], accepted: Sequence[str] | None = None) -> str:
    """Return what an issue remembers, as an HTML comment on one line that nothing in it can end.

    Args:
        regressions: What holds; the largest are remembered.
        accepted: The scenarios that a person has accepted as slower; None: nobody has.
    """
    largest = sorted(regressions, key=lambda regression: -regression.change_ratio)[:MOST_REMEMBERED]
    kept = [regression for regression in regressions if regression in largest]
    memory = Remembered(regressions=tuple(kept), accepted=None if accepted is None else tuple(accepted))
    text = memory.model_dump_json(exclude_defaults=True)
    return f"<!-- perf-ratchet:memory {text.replace('>', chr(92) + 'u003e')} -->"


def remembered_in(body: str) -> Remembered:
    """Return what an issue remembers; nothing where it does not, or was edited beyond recognition."""
    match = _MEMORY.search(body)
    return remembered_from_json(match[1]) if match else Remembered()
