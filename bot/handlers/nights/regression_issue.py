"""The issue about the regressions of one hardware: opened, kept true, closed when they are over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from bot import render
from bot.handlers.nights.night import Night
from bot.history import Series
from bot.host import OpenIssue
from bot.hub import Issue
from bot.nightly.issue_memory import LOOSEN_LABEL, REGRESSION_LABEL, marker_of, memory_of, regressions_in
from bot.nightly.regressions import Episode, Regression, episodes, known_and_found, why_over
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

    @property
    def regressions(self) -> Sequence[Regression]:
        """All of them."""
        return [one for episode in self.episodes for one in episode.regressions]

    @property
    def accepted(self) -> tuple[str, ...]:
        """The scenarios for which a person has asked for looser baselines."""
        wanted = self.issue is not None and LOOSEN_LABEL in self.issue.labels
        return tuple(dict.fromkeys(one.scenario for one in self.regressions)) if wanted else ()


def held(night: Night, hardware: str, series: Mapping[str, Series]) -> Held:
    """Return the regressions that hold on a hardware.

    Args:
        night: The night.
        hardware: The hardware's name.
        series: By scenario, this night's line among them.
    """
    file, nights = night.baselines(hardware), night.settings.tighten.nights
    issue = next((one for one in night.seen.issues if one.body.startswith(marker_of(hardware))), None)
    remembered = regressions_in(issue.body) if issue else ()
    found = known_and_found(remembered, held_regressions(series, nights), series)
    reasons = {one.identity: why_over(one, series.get(one.scenario, ()), file) for one in found}
    holding = [one for one in found if not reasons[one.identity]]
    known = {one.scenario for one in holding}
    over = {
        one.scenario: reasons.get(one.identity) or "it is as fast as before" for one in [*remembered, *found]
    }
    return Held(
        tuple(episodes(holding, series)),
        {name: why for name, why in over.items() if name not in known},
        issue,
    )


def tell(night: Night, hardware: str, found: Held) -> int | None:
    """Open the issue, make it say what holds, or close it; return the number of the open one."""
    host = night.here.host
    if found.episodes:
        return host.upsert_issue(
            _issue(night, hardware, found), is_first=found.issue is None, seen=found.issue
        )
    if found.issue:
        reason = render.markdown("regressions_over", night=night, over=found.over)
        host.close_issue(found.issue.number, OVER, reason, key=found.issue.key)
    return None


def _issue(night: Night, hardware: str, found: Held) -> Issue:
    marker, memory = marker_of(hardware), memory_of(found.regressions)
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
    names = {one.scenario for one in found.regressions}
    title = f"Slower on {hardware}: {len(names)} scenario{'' if len(names) == 1 else 's'}"
    return Issue(marker=marker, title=title, body=body, labels=(REGRESSION_LABEL,))
