"""The measurements that sglang's tests print of every request, found among the lines of others. Pure.

Newer tests print one whether it passes or not (`_print_performance_log` in sglang's
`multimodal_gen/test/server/test_server_common.py`), in one piece:

    --- Performance Log: flux_image_t2i ---
      e2e=560.50ms, avg_denoise=86.67ms, median_denoise=100.00ms
      baseline: e2e=580.00ms, avg_denoise=90.00ms, median_denoise=101.00ms
      stages: TextEncodingStage=30.00ms, DenoisingStage=460.25ms
      denoise_steps: 0=50.00ms, 1=100.00ms, 2=110.00ms
    --- End Performance Log: flux_image_t2i ---

The baseline is what it was held against; it is not kept. A line that stands while two of them are open may be
of either, so both are refused.
"""

import re
from collections.abc import Mapping
from typing import Final

from ratchet_bot.engines.log_lines import LogLine
from ratchet_bot.engines.sglang.printed_blocks import MOST, STAGES, STEPS, PrintedBlock, PrintedValue

TOTALS: Final[Mapping[str, str]] = {
    "e2e": "expected_e2e_ms",
    "avg_denoise": "expected_avg_denoise_ms",
    "median_denoise": "expected_median_denoise_ms",
}
"""What a baseline file calls them."""
MAX_LINES: Final = 1000
"""Lines after which an unfinished one is cut off. Chosen: it has six lines, written at once."""

_BEGIN = re.compile(r"--- Performance Log: (?P<scenario>.{1,200}) ---")
_END = re.compile(r"--- End Performance Log: (?P<scenario>.{1,200}) ---")
_TOTALS = re.compile(r"  (?P<members>e2e=.{1,400})")
_SECTION = re.compile(r"  (?P<section>stages|denoise_steps): (?P<members>.+)")
_MEMBER = re.compile(r"(?P<name>[^=]{1,200})=(?P<ms>-?\d{1,20}\.\d\d|nan|-?inf)ms")
_SECTIONS: Final = {"stages": STAGES, "denoise_steps": STEPS}


class PerformanceLogReader:
    """Finds the performance logs of one stream; give it every line in order, then `close` it."""

    def __init__(self) -> None:
        """Begin without any."""
        self.blocks: list[PrintedBlock] = []
        """Every one that began, in that order, in the form of a printed baseline."""
        self._open: list[PrintedBlock] = []

    def read(self, line: LogLine) -> bool:
        """Take a line; return whether it is of a performance log."""
        if begin := _BEGIN.fullmatch(line.text):
            self._begin(begin["scenario"], line)
            return True
        self._end_silent(line.number)
        if not self._open:
            return False
        if end := _END.fullmatch(line.text):
            return self._end(end["scenario"])
        return self._continue(line)

    def close(self) -> list[PrintedBlock]:
        """End the stream; return every one, those that are no measurement with their problem."""
        for block in self._open:
            block.give_up()
        self._open = []
        return self.blocks

    def _begin(self, scenario: str, line: LogLine) -> None:
        block = PrintedBlock(scenario, line.number, line.stamp, {STAGES: {}, STEPS: {}}, last=line.number)
        self.blocks.append(block)
        self._open.append(block)

    def _end_silent(self, line: int) -> None:
        while self._open and self._open[0].last < line - MAX_LINES:
            self._open.pop(0).give_up()

    def _end(self, scenario: str) -> bool:
        block = next((block for block in reversed(self._open) if block.scenario == scenario), None)
        if block is None:
            return False
        self._open.remove(block)
        block.is_whole = True
        return True

    def _continue(self, line: LogLine) -> bool:
        found = _TOTALS.fullmatch(line.text) or _SECTION.fullmatch(line.text)
        if found is None:
            return line.text.startswith("  baseline: ")
        section = _SECTIONS.get(found.groupdict().get("section", ""))
        for block in self._open:
            rival = next((other for other in self._open if other is not block), None)
            if rival is not None:
                block.spoil(f"line {line.number} may be of {rival.scenario} as well")
            _take(block, section, found["members"], line.number)
        return True


def _take(block: PrintedBlock, section: str | None, members: str, line: int) -> None:
    """Put the members of a line into a block: a section's, or the totals."""
    block.last = line
    values = _values(members, line)
    if values is None or len(values) > MOST.get(section or "", len(TOTALS)):
        block.spoil(f"line {line} is not as sglang's tests print it")
    elif section is None:
        block.others.update({TOTALS[name]: value for name, value in values.items() if name in TOTALS})
    elif section == STEPS and list(values) != [str(index) for index in range(len(values))]:
        block.spoil(f"line {line} does not have every step")
    else:
        block.sections[section].update(values)


def _values(members: str, line: int) -> dict[str, PrintedValue] | None:
    """Return `name=1.00ms, ...` by name, or None when it is something else, or a name stands twice."""
    matches = [_MEMBER.fullmatch(member) for member in members.split(", ")]
    values = {match["name"]: PrintedValue(float(match["ms"]), line) for match in matches if match}
    return values if len(values) == len(matches) else None
