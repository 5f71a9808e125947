"""The issues about regressions, one for what began together: opened, kept true, closed when it is over."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ratchet_bot.data.history import Series
from ratchet_bot.flows.night_state import Night
from ratchet_bot.hosts.effects import Closing, Issue
from ratchet_bot.hosts.host import OpenIssue
from ratchet_bot.judging.issue_groups import Told, shared_out
from ratchet_bot.judging.regressions import (
    Episode,
    Regression,
    Remembered,
    episodes,
    known_and_found,
    why_over,
)
from ratchet_bot.judging.rises import held_regressions
from ratchet_bot.telling import render, words
from ratchet_bot.telling.issue_memory import (
    LOOSEN_LABEL,
    MOST_REMEMBERED,
    REGRESSION_LABEL,
    beginning_of,
    marker_of,
    memory_of,
    remembered_in,
)

OVER: Final = "<!-- perf-ratchet:over -->"
"""How the last word in such an issue begins: said once, however often closing is tried."""
MOST_ISSUES: Final = 20
"""Issues open at once about one hardware. Chosen: more are not read, and one request shows 100 in all."""


@dataclass(frozen=True)
class Group:
    """Regressions that began together, and the issue about them."""

    beginning: int
    """The run with which they began when they were first told."""
    episodes: tuple[Episode, ...]
    """One, or more where their beginnings are told apart since; none when all of it is over."""
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
    def names(self) -> Sequence[str]:
        """Their scenarios, each once."""
        return sorted({one.scenario for one in self.regressions})

    @property
    def later(self) -> Sequence[str]:
        """The scenarios that became slower when others had been accepted."""
        return [] if self.accepted is None else [name for name in self.names if name not in self.accepted]


@dataclass(frozen=True)
class Held:
    """The regressions of one hardware."""

    groups: tuple[Group, ...]
    """Those that have an issue, the oldest first, then the others."""

    @property
    def told(self) -> Sequence[Group]:
        """Those that hold, and have an issue after this night."""
        return [one for one in self.groups if one.episodes][:MOST_ISSUES]

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """What holds."""
        return tuple(episode for group in self.groups for episode in group.episodes)

    @property
    def accepted(self) -> Sequence[str]:
        """The scenarios that are to have looser baselines: all issues that tell of one have to agree."""
        wanted = {name for group in self.groups for name in group.accepted or ()}
        return sorted(wanted - {name for group in self.groups for name in {*group.names} - _accepted(group)})

    @property
    def accepting(self) -> Sequence[int]:
        """The numbers of the issues on which a person has put the label."""
        return [group.issue.number for group in self.groups if group.issue and group.accepted]

    def waiting(self, group: Group) -> Sequence[str]:
        """Return the scenarios that a group's issue accepts, and another one does not."""
        return sorted(_accepted(group) - {*self.accepted})


def _accepted(group: Group) -> set[str]:
    return {*(group.accepted or ())}


@dataclass(frozen=True)
class _Known:
    """An open issue."""

    beginning: int
    issue: OpenIssue
    memory: Remembered

    @property
    def told(self) -> Told:
        """What it has told."""
        regressions = self.memory.regressions
        return Told(self.beginning, regressions, len(regressions) < MOST_REMEMBERED)


def held(night: Night, hardware: str, series: Mapping[str, Series]) -> Held:
    """Return the regressions that hold on a hardware, and those of its issues that are over.

    Args:
        night: The night.
        hardware: The hardware's name.
        series: By scenario, this night's line among them.
    """
    file, nights = night.baselines(hardware), night.settings.tighten.nights
    issues = _known(night, hardware)
    remembered = {one.identity: one for known in issues for one in known.memory.regressions}
    found = known_and_found(remembered.values(), held_regressions(series, nights), series)
    reasons = {one.identity: why_over(one, series.get(one.scenario, ()), file) for one in found}
    sharing = shared_out(found, [one.told for one in issues])
    told = [[one for one in shared if not reasons[one.identity]] for shared in sharing.told]
    elsewhere: dict[str, str] = {
        one.scenario: Markup(f"#{known.issue.number} tells of it")  # noqa: S704 - a number
        for known, holding in zip(issues, told, strict=True)
        for one in holding
    }
    groups = []
    for known, shared, holding in zip(issues, sharing.told, told, strict=True):
        gone = {
            one.scenario: reasons.get(one.identity) or elsewhere.get(one.scenario, "it is as fast as before")
            for one in [*known.memory.regressions, *shared]
        }
        groups.append(_group(known, holding, gone, series))
    for beginning, regressions in sharing.fresh.items():
        began = tuple(episodes([one for one in regressions if not reasons[one.identity]], series))
        groups += [Group(beginning, began, {}, None, None)] if began else []
    return Held(tuple(groups))


def _known(night: Night, hardware: str) -> list[_Known]:
    """Return the issues about a hardware, the oldest first."""
    return [
        _Known(beginning, issue, remembered_in(issue.body))
        for issue in sorted(night.seen.issues, key=lambda it: it.number)
        if (beginning := beginning_of(issue.body, hardware)) is not None
    ]


def _group(
    known: _Known, holding: Iterable[Regression], gone: Mapping[str, str], series: Mapping[str, Series]
) -> Group:
    """Return what an issue tells now.

    Args:
        known: The issue.
        holding: What it tells of, and holds.
        gone: Scenario -> why its regression is over, if it is.
        series: By scenario.
    """
    began = tuple(episodes(holding, series))
    names = {one.scenario for episode in began for one in episode.regressions}
    over = {name: why for name, why in gone.items() if name not in names}
    accepted = None
    if LOOSEN_LABEL in known.issue.labels:
        before = known.memory.accepted
        accepted = tuple(sorted(names if before is None else names.intersection(before)))
    return Group(known.beginning, began, over, known.issue, accepted)


def tell(night: Night, found: Mapping[str, Held]) -> Mapping[str, Sequence[int]]:
    """Make the issues of all hardware say what holds, and close those that are over, all at once.

    Returns:
        By hardware, the numbers of the open ones.
    """
    wanted = {
        (hardware, group.beginning): _issue(night, hardware, every, group)
        for hardware, every in found.items()
        for group in every.told
    }
    over = [
        Closing(group.issue, OVER, words.markdown("regressions_over", night=night, over=group.over))
        for every in found.values()
        for group in every.groups
        if group.issue and not group.episodes
    ]
    numbers = night.here.host.settle_issues([*wanted.values()], over)
    told = dict(zip(wanted, numbers, strict=True))
    return {name: [told[name, group.beginning] for group in every.told] for name, every in found.items()}


def _issue(night: Night, hardware: str, every: Held, group: Group) -> Issue:
    marker = marker_of(hardware, group.beginning)
    body = render.answer(
        "regressions",
        max(len(episode.regressions) for episode in group.episodes),
        marker=Markup(marker),  # noqa: S704 - a name of the configuration, held to a pattern
        memory=Markup(memory_of(group.regressions, group.accepted)),  # noqa: S704 - nothing in it ends a comment
        hardware=hardware,
        found=group,
        waiting=every.waiting(group),
        night=night,
        loosen_label=LOOSEN_LABEL,
    )
    title = words.text("regressions_title", hardware=hardware, group=group).strip()
    return Issue(marker=marker, title=title, body=body, labels=(REGRESSION_LABEL,), seen=group.issue)
