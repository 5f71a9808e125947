"""Regressions of the default branch: levels that rose, stayed, and have not come back.

What is known is written into the issue that tells of it, so that a regression is not forgotten when the night
on which it began is older than the history that is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, ValidationError
from ratchet_profiler.record import Frozen, Milliseconds, ScenarioId, Sha

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.history import FieldName, Key, Series
from ratchet_bot.judging.changepoints import present_level

MAX_REGRESSIONS: Final = 512
"""Most regressions of one hardware. Chosen: as many as a run may have scenarios."""
MAX_STAGES: Final = 3
"""Stages named of one regression, those that grew most. Chosen: one or two explain nearly all."""
MAX_PARTS: Final = 8
"""Parts of a machine that are named. Chosen: as many as are kept of it."""
RECOVERED_RATIO: Final = 0.5
"""Part of a slowdown that has to be gone for it to be over. Chosen: the nearer of the two levels decides."""
EVERYWHERE_RATIO: Final = 0.5
EVERYWHERE_LEAST: Final = 3
"""From half of the scenarios on, and at least three, everything moved at once. Source: rotki#13140."""


class StageGrowth(Frozen):
    """By how much a stage grew in a regression."""

    name: FieldName
    before_ms: Milliseconds
    after_ms: Milliseconds
    share_ratio: float
    """Part of the scenario's whole slowdown, at most 1."""


class Regression(Frozen):
    """A level of one scenario that rose and stayed."""

    scenario: ScenarioId
    field: FieldName
    """Where the metric stands in a baseline file; end to end wherever that has risen."""
    comparability: Key
    before_ms: Milliseconds
    after_ms: Milliseconds
    good_sha: Sha
    """The last commit that was measured at the old level."""
    bad_sha: Sha
    """The first commit that was measured at the new level."""
    bad_run_id: Annotated[int, Field(ge=0, le=2**53)]
    since: AwareDatetime
    """When that run began."""
    stages: Annotated[tuple[StageGrowth, ...], Field(max_length=MAX_STAGES)] = ()
    """The stages that grew most, the largest first."""
    environment: Annotated[tuple[Key, ...], Field(max_length=MAX_PARTS)] = ()
    """What else changed on the machine on that night."""

    @property
    def change_ratio(self) -> float:
        """Relative change, positive is slower."""
        return (self.after_ms - self.before_ms) / self.before_ms if self.before_ms else 0.0

    @property
    def middle_ms(self) -> float:
        """Below this it is over."""
        return self.before_ms + RECOVERED_RATIO * (self.after_ms - self.before_ms)

    @property
    def identity(self) -> tuple[str, str, int]:
        """What makes it one of its own."""
        return self.scenario, self.field, self.bad_run_id


class Remembered(Frozen):
    """What an issue knows of its regressions."""

    regressions: Annotated[tuple[Regression, ...], Field(max_length=MAX_REGRESSIONS)] = ()
    accepted: Annotated[tuple[ScenarioId, ...], Field(max_length=MAX_REGRESSIONS)] | None = None
    """The scenarios that were slower when a person accepted that; None: nobody has."""


@dataclass(frozen=True)
class Episode:
    """What began on one night."""

    regressions: tuple[Regression, ...]
    """At least one, the largest first."""
    is_everywhere: bool
    """Whether most scenarios moved at once: the machine, or something that all of them share."""

    @property
    def first(self) -> Regression:
        """The largest; all of them began on the same night."""
        return self.regressions[0]

    @property
    def environment(self) -> tuple[str, ...]:
        """What else changed on the machines on that night."""
        return tuple(dict.fromkeys(part for one in self.regressions for part in one.environment))

    @property
    def is_shift(self) -> bool:
        """Whether the machine explains it better than the code."""
        return self.is_everywhere and bool(self.environment)


def known_and_found(
    known: Iterable[Regression], found: Sequence[Regression], series: Mapping[str, Series]
) -> list[Regression]:
    """Return all regressions that there are to tell, each once.

    Args:
        known: What an issue remembers.
        found: In the history that was read. It knows better of all that it reaches back to.
        series: That history, by scenario.
    """
    seen = {one.scenario for one in found}
    older = [
        one
        for one in known
        if one.scenario not in seen or all(line.captured_at > one.since for line in series[one.scenario])
    ]
    return [*older, *found]


def why_over(one: Regression, lines: Series, file: BaselineFile) -> str:
    """Return why a regression is over, or "" while it holds: not measured is not recovered.

    Args:
        one: The regression.
        lines: The series of its scenario, this night's line among them; none when it was not measured.
        file: The baselines of the default branch.
    """
    baseline = file.scenarios.get(one.scenario)
    if baseline is None:
        return "the scenario has no baseline any more"
    captured_at = baseline.provenance.captured_at if baseline.provenance else one.since
    if captured_at > one.since and baseline.by_field().get(one.field, 0.0) > one.middle_ms:
        return "its baseline was captured anew since, at the new level"
    values = [line.values[one.field] for line in lines if one.field in line.values]
    if not values:
        return ""
    if lines[-1].comparability != one.comparability:
        return "the machine has changed since, and its times do not compare"
    level = present_level(values)
    return "it is as fast as before" if level is not None and level.value <= one.middle_ms else ""


def episodes(regressions: Iterable[Regression], series: Mapping[str, Series]) -> list[Episode]:
    """Return the regressions by the night on which they began, the oldest night first."""
    by_run: dict[int, list[Regression]] = {}
    for one in sorted(regressions, key=lambda one: (one.since, -one.change_ratio)):
        by_run.setdefault(one.bad_run_id, []).append(one)
    return [Episode(tuple(found), _is_everywhere(found, run_id, series)) for run_id, found in by_run.items()]


def remembered_from_json(text: str) -> Remembered:
    """Return what an issue remembers; nothing where it was edited beyond recognition."""
    try:
        return Remembered.model_validate_json(text)
    except ValidationError:
        return Remembered()


def is_most(count: int, of: int) -> bool:
    """Return whether so many of the scenarios are everything, for all one can tell."""
    return count >= EVERYWHERE_LEAST and count >= EVERYWHERE_RATIO * of


def _is_everywhere(found: Sequence[Regression], run_id: int, series: Mapping[str, Series]) -> bool:
    measured = [name for name, lines in series.items() if any(line.run_id == run_id for line in lines)]
    return is_most(len({one.scenario for one in found}), len(measured))
