"""The issue about the regressions of one hardware: opened, kept true, closed when they are over."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from bot import render, words
from bot.handlers.nights.night import Night
from bot.history import Series
from bot.host import OpenIssue
from bot.hub import Issue
from bot.nightly.issue_memory import LOOSEN_LABEL, REGRESSION_LABEL, marker_of, memory_of, remembered_in
from bot.nightly.regressions import (
    Episode,
    Regression,
    Remembered,
    episodes,
    known_and_found,
    why_over,
)
from bot.nightly.rises import held_regressions

OVER: Final = "<!-- perf-ratchet:over -->"
"""How the last word in such an issue begins: said once, however often closing is tried."""


@dataclass(frozen=True)
class Held:
    """The regressions of one hardware, and the issue about them."""

    episodes: tuple[Episode, ...]
    over: Mapping[str, str]
    """Scenario -> why its regression is over."""
    issue: OpenIssue | None
    """As it is before anything is said."""
    accepted: tuple[str, ...] | None
    """The scenarios for which a person has asked for looser baselines; None: for none so far.

    The label on the issue asks for those that it tells of on the first night that sees it: at what becomes
    slower after that, nobody has looked.
    """

    @property
    def regressions(self) -> Sequence[Regression]:
        """All of them."""
        return [one for episode in self.episodes for one in episode.regressions]

    @property
    def later(self) -> Sequence[str]:
        """The scenarios that became slower when others had been accepted."""
        return [] if self.accepted is None else sorted(_names(self.regressions) - {*self.accepted})


def held(night: Night, hardware: str, series: Mapping[str, Series]) -> Held:
    """Return the regressions that hold on a hardware.

    Args:
        night: The night.
        hardware: The hardware's name.
        series: By scenario, this night's line among them.
    """
    file, nights = night.baselines(hardware), night.settings.tighten.nights
    issue = next((one for one in night.seen.issues if one.body.startswith(marker_of(hardware))), None)
    memory = remembered_in(issue.body) if issue else Remembered()
    found = known_and_found(memory.regressions, held_regressions(series, nights), series)
    reasons = {one.identity: why_over(one, series.get(one.scenario, ()), file) for one in found}
    holding = [one for one in found if not reasons[one.identity]]
    known = _names(holding)
    over = {
        one.scenario: reasons.get(one.identity) or "it is as fast as before"
        for one in [*memory.regressions, *found]
    }
    return Held(
        tuple(episodes(holding, series)),
        {name: why for name, why in over.items() if name not in known},
        issue,
        _accepted(issue, memory, known),
    )


def _accepted(
    issue: OpenIssue | None, memory: Remembered, holding: Collection[str]
) -> tuple[str, ...] | None:
    if issue is None or LOOSEN_LABEL not in issue.labels:
        return None
    return tuple(sorted(holding if memory.accepted is None else {*holding}.intersection(memory.accepted)))


def _names(regressions: Iterable[Regression]) -> set[str]:
    return {one.scenario for one in regressions}


def tell(night: Night, hardware: str, found: Held) -> int | None:
    """Open the issue, make it say what holds, or close it; return the number of the open one."""
    host = night.here.host
    if found.episodes:
        return host.upsert_issue(
            _issue(night, hardware, found), is_first=found.issue is None, seen=found.issue
        )
    if found.issue:
        reason = words.markdown("regressions_over", night=night, over=found.over)
        host.close_issue(found.issue.number, OVER, reason, key=found.issue.key)
    return None


def _issue(night: Night, hardware: str, found: Held) -> Issue:
    marker, memory = marker_of(hardware), memory_of(found.regressions, found.accepted)
    body = render.answer(
        "regressions",
        max(len(episode.regressions) for episode in found.episodes),
        marker=Markup(marker),  # noqa: S704 - a name of the configuration, held to a pattern
        memory=Markup(memory),  # noqa: S704 - nothing in it ends a comment
        hardware=hardware,
        found=found,
        night=night,
        loosen_label=LOOSEN_LABEL,
    )
    count = len(_names(found.regressions))
    title = f"Slower on {hardware}: {count} scenario{'' if count == 1 else 's'}"
    return Issue(marker=marker, title=title, body=body, labels=(REGRESSION_LABEL,))
