"""The issues about regressions, one for what began together: opened, kept true, closed when it is over."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ratchet_bot.data.history import Series
from ratchet_bot.flows.night_state import Night
from ratchet_bot.hosts.effects import Closing, Issue
from ratchet_bot.hosts.states import OpenIssue
from ratchet_bot.judging.open_regressions import (
    Episode,
    Remembered,
    ReportedIssue,
    episodes,
    issue_shares,
    remembered_and_current,
    why_over,
)
from ratchet_bot.judging.regressions import Regression, held_regressions
from ratchet_bot.telling import render, words
from ratchet_bot.telling.markers import (
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
    """The run with which they began when they were first reported."""
    episodes: tuple[Episode, ...]
    """One, or more where later nights have separated their beginnings; none when all of it is over."""
    over: Mapping[str, str]
    """Scenario -> why its regression is over."""
    issue: OpenIssue | None
    """As it is before this night."""
    accepted: tuple[str, ...] | None
    """The scenarios for which a person has asked for looser baselines; None: for none so far.

    The label accepts what the issue lists on the first night that sees the label: nobody has looked at what
    becomes slower after that.
    """

    @property
    def regressions(self) -> Sequence[Regression]:
        """All of them."""
        return [regression for episode in self.episodes for regression in episode.regressions]

    @property
    def names(self) -> Sequence[str]:
        """Their scenarios, each once."""
        return sorted({regression.scenario for regression in self.regressions})

    @property
    def later(self) -> Sequence[str]:
        """The scenarios that became slower when others had been accepted."""
        return [] if self.accepted is None else [name for name in self.names if name not in self.accepted]


@dataclass(frozen=True)
class OpenRegressions:
    """The regressions of one hardware."""

    groups: tuple[Group, ...]
    """Those that have an issue, the oldest first, then the others."""

    @property
    def with_issue(self) -> Sequence[Group]:
        """Those that hold, and have an issue after this night."""
        return [group for group in self.groups if group.episodes][:MOST_ISSUES]

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """What holds."""
        return tuple(episode for group in self.groups for episode in group.episodes)

    @property
    def accepted(self) -> Sequence[str]:
        """The scenarios that are to have looser baselines: all issues that list one have to agree."""
        wanted = {name for group in self.groups for name in group.accepted or ()}
        refused = {name for group in self.groups for name in {*group.names}.difference(group.accepted or ())}
        return sorted(wanted - refused)

    @property
    def accepting(self) -> Sequence[int]:
        """The numbers of the issues on which a person has put the label."""
        return [group.issue.number for group in self.groups if group.issue and group.accepted]

    def waiting(self, group: Group) -> Sequence[str]:
        """Return the scenarios that a group's issue accepts, and another one does not."""
        return sorted({*(group.accepted or ())}.difference(self.accepted))


@dataclass(frozen=True)
class KnownIssue:
    """An open issue, and what it remembers."""

    beginning: int
    issue: OpenIssue
    memory: Remembered


def open_regressions(night: Night, hardware: str, series: Mapping[str, Series]) -> OpenRegressions:
    """Return the regressions that hold on a hardware, and those of its issues that are over.

    Args:
        night: The night.
        hardware: The hardware's name.
        series: By scenario, this night's line among them.
    """
    file, nights = night.baselines(hardware), night.settings.tighten.nights
    issues = _known_issues(night, hardware)
    remembered = {
        regression.identity: regression for known in issues for regression in known.memory.regressions
    }
    regressions = remembered_and_current(remembered.values(), held_regressions(series, nights), series)
    why = {
        regression.identity: why_over(regression, series.get(regression.scenario, ()), file)
        for regression in regressions
    }
    shares = issue_shares(regressions, [_listed(known) for known in issues])
    holding = [
        [regression for regression in share if not why[regression.identity]] for share in shares.by_issue
    ]
    moved: dict[str, str] = {
        regression.scenario: Markup(f"#{known.issue.number} reports it")  # noqa: S704 - a number
        for known, held in zip(issues, holding, strict=True)
        for regression in held
    }
    groups = []
    for known, share, held in zip(issues, shares.by_issue, holding, strict=True):
        gone = {
            regression.scenario: why.get(regression.identity)
            or moved.get(regression.scenario, "it is as fast as before")
            for regression in [*known.memory.regressions, *share]
        }
        groups.append(_group(known, held, gone, series))
    for beginning, share in shares.fresh.items():
        began = tuple(episodes([regression for regression in share if not why[regression.identity]], series))
        groups += [Group(beginning, began, {}, None, None)] if began else []
    return OpenRegressions(tuple(groups))


def _known_issues(night: Night, hardware: str) -> list[KnownIssue]:
    """Return the issues about a hardware, the oldest first."""
    return [
        KnownIssue(beginning, issue, remembered_in(issue.body))
        for issue in sorted(night.seen.issues, key=lambda issue: issue.number)
        if (beginning := beginning_of(issue.body, hardware)) is not None
    ]


def _listed(known: KnownIssue) -> ReportedIssue:
    """Return what an issue lists."""
    regressions = known.memory.regressions
    return ReportedIssue(known.beginning, regressions, len(regressions) < MOST_REMEMBERED)


def _group(
    known: KnownIssue, holding: Iterable[Regression], gone: Mapping[str, str], series: Mapping[str, Series]
) -> Group:
    """Return what an issue lists now.

    Args:
        known: The issue.
        holding: What it lists, and holds.
        gone: Scenario -> why its regression is over, if it is.
        series: By scenario.
    """
    began = tuple(episodes(holding, series))
    names = {regression.scenario for episode in began for regression in episode.regressions}
    over = {name: why for name, why in gone.items() if name not in names}
    accepted = None
    if LOOSEN_LABEL in known.issue.labels:
        before = known.memory.accepted
        accepted = tuple(sorted(names if before is None else names.intersection(before)))
    return Group(known.beginning, began, over, known.issue, accepted)


def settle(night: Night, by_hardware: Mapping[str, OpenRegressions]) -> Mapping[str, Sequence[int]]:
    """Make the issues of all hardware say what holds, and close those that are over, all at once.

    Returns:
        By hardware, the numbers of the open ones.
    """
    wanted = {
        (hardware, group.beginning): _issue(night, hardware, regressions, group)
        for hardware, regressions in by_hardware.items()
        for group in regressions.with_issue
    }
    over = [
        Closing(group.issue, OVER, words.markdown("regressions_over", night=night, over=group.over))
        for regressions in by_hardware.values()
        for group in regressions.groups
        if group.issue and not group.episodes
    ]
    settled = night.context.host.settle_issues([*wanted.values()], over)
    numbers = dict(zip(wanted, settled, strict=True))
    return {
        hardware: [numbers[hardware, group.beginning] for group in regressions.with_issue]
        for hardware, regressions in by_hardware.items()
    }


def _issue(night: Night, hardware: str, regressions: OpenRegressions, group: Group) -> Issue:
    marker = marker_of(hardware, group.beginning)
    body = render.answer(
        "regressions",
        max(len(episode.regressions) for episode in group.episodes),
        marker=Markup(marker),  # noqa: S704 - a name of the configuration, held to a pattern
        memory=Markup(memory_of(group.regressions, group.accepted)),  # noqa: S704 - nothing in it ends a comment
        hardware=hardware,
        group=group,
        waiting=regressions.waiting(group),
        night=night,
        loosen_label=LOOSEN_LABEL,
    )
    title = words.text("regressions_title", hardware=hardware, group=group).strip()
    return Issue(marker=marker, title=title, body=body, labels=(REGRESSION_LABEL,), seen=group.issue)
