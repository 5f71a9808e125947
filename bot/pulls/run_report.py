"""Everything a pull request is told of a run: the report, and what only the host and the diff know. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.compare import Outcome
from bot.host import Run
from bot.hub import Check, Conclusion
from bot.pulls.artifact_names import RefusedArtifact, hardware_of
from bot.pulls.edits import Edit, annotations
from bot.pulls.sticky import State
from bot.report import Report

CHECK_NAME = "perf-ratchet"
"""What branch protection calls the check."""


@dataclass(frozen=True)
class Missing:
    """A kind of hardware of which a run has brought no valid record."""

    hardware: str
    reason: str
    """A clause to follow the name."""


@dataclass(frozen=True)
class RunReport:
    """What one run says of a pull request."""

    run: Run
    report: Report
    missing: tuple[Missing, ...] = ()
    refused: tuple[RefusedArtifact, ...] = ()
    """Artifacts that were left aside, and are not why a hardware is missing."""
    edits: tuple[Edit, ...] = ()
    """Baseline files that the pull request itself changes."""

    @property
    def wrong(self) -> Sequence[Edit]:
        """The changes that must not be merged as they are."""
        return [edit for edit in self.edits if edit.is_wrong]

    @property
    def introduced(self) -> int:
        """How many findings the pull request brings."""
        return sum(len(edit.findings) + bool(edit.problem) for edit in self.edits)

    @property
    def conclusion(self) -> Conclusion:
        """What the check concludes: baselines made wrong hold a merge back as a regression does."""
        return "failure" if self.wrong else self.report.conclusion

    @property
    def tells(self) -> bool:
        """True when somebody may want to know: anything but a quiet pass."""
        news = self.report.count("proposed") or self.report.count("cleared")
        fine = self.report.outcome is Outcome.UNCHANGED and not news
        return not fine or bool(self.introduced or self.refused)

    @property
    def state(self) -> State:
        """What the comment keeps about itself."""
        return State(run_id=self.run.run_id, attempt=self.run.attempt, outcome=self.report.outcome)


def run_report(
    run: Run, report: Report, refused: Sequence[RefusedArtifact], edits: Iterable[Edit]
) -> RunReport:
    """Return everything there is to say of a run.

    Args:
        run: The run.
        report: What its records have shown.
        refused: The artifacts of it that were left aside.
        edits: What the pull request itself does to baseline files.
    """
    missing = [_missing(run, name, refused) for name in report.absent]
    others = [one for one in refused if not hardware_of(one.name, report.absent)]
    return RunReport(run, report, tuple(missing), tuple(others), tuple(edits))


def _missing(run: Run, hardware: str, refused: Iterable[RefusedArtifact]) -> Missing:
    ended = "the run" if run.conclusion == "success" else f"the run ended as {run.conclusion} and"
    reasons = [f"{one.name}: {one.reason}" for one in refused if hardware_of(one.name, [hardware])]
    return Missing(hardware, "; ".join(reasons) or f"{ended} left no record of it")


def begun(run: Run) -> Check:
    """Return the check of a run that has not ended."""
    return _check(run, None, "Measuring", f"[Run {run.run_id}]({run.url}) is measuring this commit.")


def failed(run: Run, title: str, summary: str) -> Check:
    """Return the check of a run of which nothing could be told.

    Args:
        run: The run.
        title: What happened, a few words.
        summary: Why, as Markdown that is safe.
    """
    return _check(run, "action_required", title, summary)


def check_of(told: RunReport, title: str, summary: str) -> Check:
    """Return the check of a run that was judged.

    Args:
        told: What came of it.
        title: The verdict in one line.
        summary: What the comment says, as Markdown.
    """
    return _check(told.run, told.conclusion, title, summary, told.edits)


def _check(
    run: Run, conclusion: Conclusion | None, title: str, summary: str, edits: Iterable[Edit] = ()
) -> Check:
    return Check(
        name=CHECK_NAME,
        head_sha=run.head_sha,
        conclusion=conclusion,
        title=title,
        summary=summary,
        external_id=f"{run.run_id}/{run.attempt}",
        annotations=annotations(edits),
    )
