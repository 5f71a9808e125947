"""The baselines that sglang's tests print, found among the lines of others. Pure.

A test that misses or breaks its baseline logs one (`_dump_baseline_for_testcase` in sglang's
`multimodal_gen/test/server/test_server_common.py`), as `json.dumps` with an indent of 4 writes it:

    "flux_image_t2i": {
        "stages_ms": {
            "TextEncodingStage": 30.0,
            "DenoisingStage": 460.25
        },
        "denoise_step_ms": {
            "0": 50.0
        },
        "expected_e2e_ms": 560.5,
        "expected_avg_denoise_ms": 50.0,
        "expected_median_denoise_ms": 50.0
    }

Workers and threads write into the same log, so other lines stand between. What can be a block's next line
is known: its indentation, the commas, which keys are left, and which step comes next. A line that could be of
two blocks at once proves nothing, so both are refused, except where the other one never goes on and this one
stands in one piece: then the other one was cut off.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from ratchet_profiler.record import MAX_STAGES, MAX_STEPS

from ratchet_bot.engines.log_lines import LogLine

STAGES: Final = "stages_ms"
STEPS: Final = "denoise_step_ms"
MOST: Final = {STAGES: MAX_STAGES, STEPS: MAX_STEPS}
"""Most members of a section: what a record can hold."""
MAX_OPEN: Final = 32
"""Most unfinished blocks of one stream. Chosen: four times the workers of an eight-GPU machine."""
MAX_SILENCE: Final = 5000
"""Lines after which an unfinished block is cut off. Chosen: a block has a hundred lines, written at once."""

_INDENT: Final = 4
_MEMBER = re.compile(
    r'(?P<indent>(?: {4}){0,2})(?P<key>"(?:[^"\\]|\\.){1,400}"): '
    r"(?P<value>\{\}?|null|NaN|-?Infinity|-?\d[\d.eE+-]{0,400})(?P<comma>,?)"
)
_END = re.compile(r"(?P<indent>(?: {4})?)\}(?P<comma>,?)")


class PrintedValue(NamedTuple):
    """A number as it is printed, with its place."""

    number: float | None
    """Milliseconds or seconds; None for null."""
    line: int


class _Token(NamedTuple):
    """A line that a block can have."""

    line: LogLine
    depth: int
    """0 for the scenario, 1 for its members, 2 for the members of a section."""
    key: str | None
    """None for a closing brace."""
    opens: bool
    empty: bool
    """Opens and closes at once: `{}`."""
    number: float | None
    comma: bool


@dataclass(eq=False)
class PrintedBlock:
    """One printed baseline, as far as it was found."""

    scenario: str
    line: int
    """Where it begins."""
    stamp: datetime | None
    sections: dict[str, dict[str, PrintedValue]] = field(default_factory=dict)
    """`stages_ms` and `denoise_step_ms`, in the order in which they were printed."""
    others: dict[str, PrintedValue] = field(default_factory=dict)
    """The scenario's own numbers, such as "expected_e2e_ms"."""
    problem: str = ""
    """Why it is no measurement; empty while nothing is wrong."""
    is_whole: bool = False
    last: int = 0
    """The last line that was taken."""
    in_one_piece: bool = True
    """True while no other line stood between."""
    _section: str | None = None
    _is_ending: bool = False
    """True after a member without a comma: only a closing brace may follow."""
    _rivals: "dict[PrintedBlock, int]" = field(default_factory=dict)
    """Blocks that took a line which fits here too, with that line."""

    @property
    def is_in_stages(self) -> bool:
        """True while the next line may be a stage: a name that nothing checks."""
        return self._section == STAGES

    def fits(self, token: _Token) -> bool:
        """Return whether this can be the block's next line."""
        if token.key is None:
            return self._is_ending and token.depth == (1 if self._section else 0)
        if self._is_ending or token.depth != (2 if self._section else 1):
            return False
        if self._section:
            return not token.opens and self._takes_member(self._section, token.key)
        if token.opens:
            return token.key in MOST and token.key not in self.sections
        return token.key not in MOST and token.key not in self.others and len(self.others) < MAX_STAGES

    def take(self, token: _Token) -> None:
        """Take a line that fits; if a rival took one that may be of this block, both are spoiled now."""
        for rival, line in self._rivals.items():
            rival.spoil(f"line {line} may be of {self.scenario} as well")
            self.spoil(f"line {line} may be of {rival.scenario} as well")
        self._rivals.clear()
        self.in_one_piece = self.in_one_piece and token.line.number == self.last + 1
        self.last = token.line.number
        self._take(token)

    def spoil(self, problem: str) -> None:
        """Remember why this is no measurement; the first reason stays."""
        self.problem = self.problem or problem

    def give_way(self, rival: "PrintedBlock", line: int) -> None:
        """Remember that another block took a line that fits here too."""
        self._rivals.setdefault(rival, line)

    def give_up(self) -> None:
        """End an unfinished block. Its rivals keep their lines if those stand in one piece."""
        for rival, line in self._rivals.items():
            if not rival.in_one_piece:
                rival.spoil(f"line {line} may be of {self.scenario} as well")
        self.spoil(f"cut off after line {self.last}")

    def _takes_member(self, section: str, key: str) -> bool:
        members = self.sections[section]
        is_next = key == str(len(members)) if section == STEPS else key not in members and not key.isdigit()
        return is_next and len(members) < MOST[section]

    def _take(self, token: _Token) -> None:
        if token.key is None:
            self.is_whole = token.depth == 0
            self._section = None
        elif token.opens:
            self.sections[token.key] = {}
            self._section = None if token.empty else token.key
        else:
            members = self.sections[self._section] if self._section else self.others
            members[token.key] = PrintedValue(token.number, token.line.number)
        self._is_ending = not token.comma and not (token.opens and not token.empty)
        if self.is_whole and token.comma:
            self.spoil(
                "a suggested improvement: the lowest of run and baseline, field by field, is not a request"
            )


class BlockReader:
    """Finds the blocks of one stream; give it every line in order, then `close` it."""

    def __init__(self) -> None:
        """Begin without a block."""
        self.blocks: list[PrintedBlock] = []
        """Every block that began, in that order."""
        self._open: list[PrintedBlock] = []
        """Unfinished ones; the one that took a line last is at the end."""

    def read(self, line: LogLine) -> bool:
        """Take a line; return whether it is of a block."""
        token = _token(line)
        if token is None:
            return False
        self._end_silent(line.number)
        if token.depth == 0 and token.key is not None:
            self._begin(token.key, line)
            return True
        return self._continue(token)

    def close(self) -> list[PrintedBlock]:
        """End the stream; return every block, those that are no measurement with their problem."""
        while self._open:
            self._open.pop(0).give_up()
        return self.blocks

    def _begin(self, scenario: str, line: LogLine) -> None:
        if len(self._open) == MAX_OPEN:
            self._open.pop(0).give_up()
        block = PrintedBlock(scenario, line.number, line.stamp, last=line.number)
        self.blocks.append(block)
        self._open.append(block)

    def _end_silent(self, line: int) -> None:
        while self._open and self._open[0].last < line - MAX_SILENCE:
            self._open.pop(0).give_up()

    def _continue(self, token: _Token) -> bool:
        fitting = [block for block in self._open if block.fits(token)]
        if not fitting:
            self._find_stray(token)
            return False
        taker = fitting.pop()
        for other in fitting:
            other.give_way(taker, token.line.number)
        self._open.remove(taker)
        taker.take(token)
        if not taker.is_whole:
            self._open.append(taker)
        return True

    def _find_stray(self, token: _Token) -> None:
        """A member of no known block: its like may be among the stages of those that are open."""
        for block in self._open:
            if token.key is not None and block.is_in_stages:
                block.spoil(
                    f"line {token.line.number} does not follow: a line is missing, or there is another block"
                )


def _token(line: LogLine) -> _Token | None:
    """Return what a line is to a block, or None when no block has such a line."""
    if not line.text.lstrip(" ").startswith(('"', "}")):
        return None
    found = _END.fullmatch(line.text) or _MEMBER.fullmatch(line.text)
    if not found:
        return None
    parts: dict[str, Any] = {"key": None, "value": "", **found.groupdict()}
    depth, opens = len(found["indent"]) // _INDENT, parts["value"] in {"{", "{}"}
    if depth == 0 and parts["key"] and parts["value"] != "{":
        return None
    try:
        key = json.loads(parts["key"]) if parts["key"] else None
        number = None if opens or not key else json.loads(parts["value"], parse_int=float)
    except ValueError:
        return None
    return _Token(line, depth, key, opens, parts["value"] == "{}", number, bool(found["comma"]))
