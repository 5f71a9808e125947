"""What a pull request does to the baseline files themselves: an audit of its own edits. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ratchet_bot.data.baselines import AGGREGATES, BaselineFile, BaselinesRejected, baselines_from_text
from ratchet_bot.data.formatting import plain
from ratchet_bot.data.json_text import line_of, member_lines
from ratchet_bot.data.settings import Waiver
from ratchet_bot.hosts.effects import Annotation
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.metrics import gates
from ratchet_bot.judging.proposals import Change
from ratchet_bot.judging.rules.rule import SEVERITIES, Finding

MOST_ANNOTATIONS: Final = 50
"""Remarks on lines of a check. Source: GitHub takes 50 with one request; the comment lists them all."""
UNGUARDING: Final = frozenset({"loosened", "guard-lost", "unguarded"})
"""Rules of changes that let slowdowns pass."""

_LINE = re.compile(r"^it cannot be read: line ([0-9]{1,9})\b")


@dataclass(frozen=True)
class BaselineEdit:
    """A baseline file that a pull request changes."""

    path: str
    problem: str
    """Why it can no longer be read, one clause; "" when it can."""
    findings: tuple[Finding, ...] = ()
    """What the change brought and somebody should look at, the gravest first."""
    lines: tuple[int, ...] = ()
    """Where each of them stands, from 1."""
    unguarding: tuple[Finding, ...] = ()
    """Those after which slowdowns pass that were caught before: a person has to look."""

    @property
    def errors(self) -> Sequence[Finding]:
        """The findings that are errors."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def is_wrong(self) -> bool:
        """True when the change must not be merged as it is."""
        return bool(self.problem or self.errors)


def edit_of(
    path: str,
    before: bytes | None,
    after: bytes | None,
    *,
    waivers: Sequence[Waiver] = (),
    today: date | None = None,
) -> BaselineEdit | None:
    """Return what a pull request's change of a baseline file is like, or None when it leaves it alone.

    Args:
        path: The file, from the top of the repository.
        before: Its content where the pull request began; None when it was not there.
        after: Its content at the pull request's head; None when it is gone.
        waivers: Findings that are accepted for a while.
        today: Waivers that expired before count no more.
    """
    if before == after:
        return None
    if after is None:
        return BaselineEdit(path, "it is deleted, and nothing guards its scenarios any more")
    try:
        file = baselines_from_text(after.decode())
    except (BaselinesRejected, UnicodeDecodeError) as error:
        return BaselineEdit(path, f"it cannot be read: {error}")
    old = _readable(before)
    findings = audit(file, against=old, waivers=waivers, today=today)
    introduced = [
        finding
        for finding in findings
        if finding.introduced and finding.severity != "info" and not finding.waived
    ]
    introduced.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    unguarding = [
        finding
        for finding in introduced
        if finding.rule in UNGUARDING
        and not (finding.rule == "loosened" and _is_tighter(finding.scenario, old, file))
    ]
    return BaselineEdit(path, "", tuple(introduced), tuple(_lines(file, introduced)), tuple(unguarding))


def annotations(edits: Iterable[BaselineEdit]) -> tuple[Annotation, ...]:
    """Return remarks for the lines that are wrong, the gravest first, at most `MOST_ANNOTATIONS`."""
    edits = list(edits)
    unreadable = [_unreadable(edit) for edit in edits if edit.problem]
    placed = [
        (finding, edit.path, line)
        for edit in edits
        for finding, line in zip(edit.findings, edit.lines, strict=True)
    ]
    placed.sort(key=lambda remark: remark[0].severity != "error")
    return tuple((unreadable + [_remark(*remark) for remark in placed])[:MOST_ANNOTATIONS])


def _unreadable(edit: BaselineEdit) -> Annotation:
    named = _LINE.search(edit.problem)
    return Annotation(
        path=edit.path,
        line=int(named[1]) if named else 1,
        level="failure",
        title="unreadable",
        message=plain(edit.problem),
    )


def _remark(finding: Finding, path: str, line: int) -> Annotation:
    return Annotation(
        path=path,
        line=line,
        level="failure" if finding.severity == "error" else "warning",
        title=finding.rule,
        message=plain(f"{finding.scenario}: {finding.message}"),
    )


def _readable(content: bytes | None) -> BaselineFile:
    """Return an older file; one without scenarios where there is none to compare with."""
    try:
        return baselines_from_text((content or b"").decode())
    except (BaselinesRejected, UnicodeDecodeError):
        return baselines_from_text('{"scenarios": {}}')


def _is_tighter(name: str, old: BaselineFile, new: BaselineFile) -> bool:
    """Whether a scenario changed as `/tighten-baselines` may: end to end fell, none rose beyond its slack.

    Five milliseconds more of a short stage are more than 5 %, which the audit reports, and still tight.
    """
    if name not in old.scenarios or name not in new.scenarios:
        return False
    was, now = old.scenarios[name].by_field(), new.scenarios[name].by_field()
    changes = [Change(field, was.get(field), value) for field, value in now.items() if gates(field)]
    e2e = next((change for change in changes if change.field == AGGREGATES[0]), None)
    return bool(e2e and e2e.rise_ms < 0 and all(it.rise_ms <= it.slack_ms for it in changes))


def _lines(file: BaselineFile, findings: Iterable[Finding]) -> Iterable[int]:
    lines = member_lines(file.text)
    for finding in findings:
        of_file = finding.scenario not in file.scenarios
        place = (finding.scenario,) if of_file else ("scenarios", finding.scenario)
        yield line_of(lines, (*place, *finding.field.split(".", maxsplit=1)))
