"""What a pull request is shown of a run, as plain data: the measurements, and what host and diff add."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from ratchet_bot.data.names import RefusedArtifact, hardware_of
from ratchet_bot.hosts.effects import Conclusion
from ratchet_bot.hosts.states import Run
from ratchet_bot.judging.attribution import Attribution
from ratchet_bot.judging.proposals import Proposal
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.verdicts import Outcome, ScenarioComparison, Verdict
from ratchet_bot.telling.edits import BaselineEdit
from ratchet_bot.telling.hardware_report import HardwareReport, ScenarioRow
from ratchet_bot.telling.markers import State

T = TypeVar("T")

CONCLUSIONS: Final[Mapping[Outcome, Conclusion]] = {
    Outcome.REGRESSED: "failure",
    Outcome.NOTHING_COMPARED: "action_required",
    Outcome.INCOMPLETE: "action_required",
    Outcome.SUSPECT: "success",
    Outcome.IMPROVED: "success",
    Outcome.UNCHANGED: "success",
}
"""Improvement is never red. What was not judged is never green, and does not satisfy a required check.
A suspect is within the limits that its maintainers chose: it is reported, and holds nothing back."""


@dataclass(frozen=True)
class Explained:
    """Where the change of one scenario is, and on which hardware."""

    hardware: str
    scenario: str
    attribution: Attribution


@dataclass(frozen=True)
class Report:
    """What the runs of one commit have shown, on each kind of hardware, the worst first."""

    hardware: tuple[HardwareReport, ...]
    absent: tuple[str, ...] = ()
    """Kinds of hardware that should have been measured and have no run."""

    @cached_property
    def outcome(self) -> Outcome:
        """The worst outcome; nothing compared when there is not a single run."""
        if not self.hardware:
            return Outcome.NOTHING_COMPARED
        outcomes = {self.hardware[0].comparison.outcome, *([Outcome.INCOMPLETE] if self.absent else [])}
        return min(outcomes, key=tuple(Outcome).index)

    @cached_property
    def slower(self) -> Sequence[str]:
        """The names of the regressed scenarios, the worst first, each once."""
        return list(
            dict.fromkeys(
                comparison.scenario for section in self.hardware for comparison in section.regressed
            )
        )

    @cached_property
    def explained(self) -> Sequence[Explained]:
        """Where the slowdown of the regressed scenarios is, the worst first."""
        return [
            Explained(section.hardware, comparison.scenario, comparison.attribution)
            for section in self.hardware
            for comparison in section.regressed
            if comparison.attribution
        ]

    @cached_property
    def obstacles(self) -> Sequence[Verdict]:
        """Why scenarios were not judged, each verdict once; what moved with the machine is left out."""
        return list(
            dict.fromkeys(unjudged.verdict for section in self.hardware for unjudged in section.reasons)
        )

    @property
    def conclusion(self) -> Conclusion:
        """What a check run on the commit concludes."""
        return CONCLUSIONS[self.outcome]

    @property
    def names(self) -> Sequence[str]:
        """The kinds of hardware."""
        return [section.hardware for section in self.hardware]

    @property
    def regressed(self) -> Sequence[ScenarioComparison]:
        """The regressed scenarios on all hardware."""
        return self._all(lambda section: section.regressed)

    @property
    def suspects(self) -> Sequence[ScenarioComparison]:
        """The suspects on all hardware."""
        return self._all(lambda section: section.suspects)

    @property
    def cleared(self) -> Sequence[ScenarioComparison]:
        """The scenarios on all hardware that looked slower until they were measured again."""
        return self._all(lambda section: section.cleared)

    @property
    def improved(self) -> Sequence[ScenarioComparison]:
        """The improved scenarios on all hardware."""
        return self._all(lambda section: section.improved)

    @property
    def judged(self) -> Sequence[ScenarioComparison]:
        """The scenarios on all hardware whose verdict rests on a comparison of numbers."""
        return self._all(lambda section: section.judged)

    @property
    def unjudged(self) -> Sequence[ScenarioComparison]:
        """The scenarios on all hardware that should have been judged and were not."""
        return self._all(lambda section: section.unjudged)

    @property
    def moved(self) -> Sequence[ScenarioRow]:
        """The end-to-end rows on all hardware of what became slower together with the machine."""
        return self._all(lambda section: section.moved)

    @property
    def errors(self) -> Sequence[Finding]:
        """The errors in the baselines of all hardware."""
        return self._all(lambda section: section.errors)

    @property
    def proposed(self) -> Sequence[Proposal]:
        """The new baselines that the runs on all hardware would allow."""
        return self._all(lambda section: section.proposed)

    def _all(self, part: Callable[[HardwareReport], Sequence[T]]) -> list[T]:
        return [item for section in self.hardware for item in part(section)]


def report_on(sections: Iterable[HardwareReport], expected: Iterable[str] = ()) -> Report:
    """Return one report on several kinds of hardware: the worst speaks first, and for all.

    Args:
        sections: What each run has shown.
        expected: The kinds of hardware that should have a run.
    """
    ordered = sorted(sections, key=lambda section: tuple(Outcome).index(section.comparison.outcome))
    measured = {section.hardware for section in ordered}
    return Report(tuple(ordered), tuple(name for name in expected if name not in measured))


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
    edits: tuple[BaselineEdit, ...] = ()
    """Baseline files that the pull request itself changes."""
    is_of_this_attempt: bool = True
    """Whether any of its records may be of the run's present attempt."""
    is_of_this_merge: bool = True
    """Whether it began when the pull request went into its base already."""
    changes_config: bool = False
    """Whether the pull request changes by what the ones after it are judged."""

    @property
    def wrong(self) -> Sequence[BaselineEdit]:
        """The changes that must not be merged as they are."""
        return [edit for edit in self.edits if edit.is_wrong]

    @property
    def unguarding(self) -> Sequence[BaselineEdit]:
        """The changes after which slowdowns pass that were caught before."""
        return [edit for edit in self.edits if edit.unguarding]

    @property
    def doubt(self) -> str:
        """Why the run does not prove what its records show, as a sentence; "" when it is."""
        if not self.report.hardware:
            return ""  # that is said already
        if not self.is_of_this_merge:
            return "When the run began, the pull request was closed or had another base branch."
        if not self.is_of_this_attempt:
            attempt = f"attempt {self.run.attempt} has measured nothing"
            return f"All records come from earlier attempts of the run: {attempt}."
        if self.run.conclusion != "success":
            return f"The run ended as {self.run.conclusion}, so not all of it may have been measured."
        return ""

    @property
    def cure(self) -> str:
        """What the author does about a doubt, a clause. A run that is run again measures the same merge."""
        return "run the job again" if self.is_of_this_merge else "push, or close and reopen the pull request"

    @property
    def introduced(self) -> int:
        """How many findings the pull request brings."""
        return sum(len(edit.findings) + bool(edit.problem) for edit in self.edits)

    @property
    def conclusion(self) -> Conclusion:
        """What the check concludes: baselines made wrong hold a merge back as a regression does.

        Looser ones, and a run that proves nothing, ask a person to look.
        """
        if self.wrong:
            return "failure"
        is_open = self.report.conclusion == "success" and (self.unguarding or self.doubt)
        return "action_required" if is_open else self.report.conclusion

    @property
    def tells(self) -> bool:
        """True when somebody may want to know: anything but a quiet pass."""
        news = self.report.proposed or self.report.cleared
        fine = self.report.outcome is Outcome.UNCHANGED and not news
        return not fine or bool(self.introduced or self.refused or self.doubt or self.changes_config)

    @property
    def state(self) -> State:
        """What the comment keeps about itself."""
        return State(run_id=self.run.run_id, attempt=self.run.attempt, outcome=self.report.outcome)


def run_report(
    run: Run,
    report: Report,
    refused: Sequence[RefusedArtifact],
    edits: Iterable[BaselineEdit],
    *,
    is_of_this_attempt: bool,
    is_of_this_merge: bool,
    changes_config: bool = False,
) -> RunReport:
    """Return everything there is to say of a run.

    Args:
        run: The run.
        report: What its records have shown.
        refused: The artifacts of it that were left aside.
        edits: What the pull request itself does to baseline files.
        is_of_this_attempt: Whether any of its records may be of the run's present attempt.
        is_of_this_merge: Whether it began when the pull request went into its base already.
        changes_config: Whether the pull request changes the configuration.
    """
    missing = tuple(_missing(run, name, refused) for name in report.absent)
    others = tuple(artifact for artifact in refused if not hardware_of(artifact.name, report.absent))
    return RunReport(
        run, report, missing, others, tuple(edits), is_of_this_attempt, is_of_this_merge, changes_config
    )


def _missing(run: Run, hardware: str, refused: Iterable[RefusedArtifact]) -> Missing:
    ended = "the run" if run.conclusion == "success" else f"the run ended as {run.conclusion} and"
    reasons = [
        f"{artifact.name}: {artifact.reason}"
        for artifact in refused
        if hardware_of(artifact.name, [hardware])
    ]
    return Missing(hardware, "; ".join(reasons) or f"{ended} left no record of it")
