"""Everything a pull request is told of a run: the report, and what only the host and the diff know. Pure."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ratchet_bot.data.names import RefusedArtifact, hardware_of
from ratchet_bot.hosts.effects import CARRIED, Check, Conclusion
from ratchet_bot.hosts.states import OwnCheck, Pull, Run
from ratchet_bot.judging.compare import Outcome
from ratchet_bot.telling.edits import Edit, annotations
from ratchet_bot.telling.report import Report
from ratchet_bot.telling.sticky import State

CHECK_NAME = "perf-ratchet"
"""What branch protection calls the check of pull requests into the default branch, and of no others."""
LONGEST_BRANCH: Final = 60
"""Characters of a base branch in a check's name. Chosen: what a list of checks shows of it."""
_ODD = re.compile(r"[^A-Za-z0-9._/-]")


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
    is_of_this_attempt: bool = True
    """Whether any of its records may be of the run's present attempt."""
    is_of_this_merge: bool = True
    """Whether it began when the pull request went into its base already."""
    changes_config: bool = False
    """Whether the pull request changes by what the ones after it are judged."""

    @property
    def wrong(self) -> Sequence[Edit]:
        """The changes that must not be merged as they are."""
        return [edit for edit in self.edits if edit.is_wrong]

    @property
    def unguarding(self) -> Sequence[Edit]:
        """The changes after which slowdowns pass that were caught before."""
        return [edit for edit in self.edits if edit.unguarding]

    @property
    def doubt(self) -> str:
        """Why the run itself is no proof of what its records show, as a sentence; "" when it is."""
        if not self.report.hardware:
            return ""  # that is said already
        if not self.is_of_this_merge:
            return "The pull request went into another branch, or was closed, when the run began."
        if not self.is_of_this_attempt:
            attempt = f"attempt {self.run.attempt} has measured nothing"
            return f"All records are of earlier attempts of the run: {attempt}."
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

        Looser ones, and a run that is no proof, ask a person to look.
        """
        if self.wrong:
            return "failure"
        is_open = self.report.conclusion == "success" and (self.unguarding or self.doubt)
        return "action_required" if is_open else self.report.conclusion

    @property
    def tells(self) -> bool:
        """True when somebody may want to know: anything but a quiet pass."""
        news = self.report.count("proposed") or self.report.count("cleared")
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
    edits: Iterable[Edit],
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
    others = tuple(one for one in refused if not hardware_of(one.name, report.absent))
    return RunReport(
        run, report, missing, others, tuple(edits), is_of_this_attempt, is_of_this_merge, changes_config
    )


def _missing(run: Run, hardware: str, refused: Iterable[RefusedArtifact]) -> Missing:
    ended = "the run" if run.conclusion == "success" else f"the run ended as {run.conclusion} and"
    reasons = [f"{one.name}: {one.reason}" for one in refused if hardware_of(one.name, [hardware])]
    return Missing(hardware, "; ".join(reasons) or f"{ended} left no record of it")


def check_name(pull: Pull | None) -> str:
    """Return what the check of a pull request is called: by its base, whose baselines have judged it.

    A check stands on a commit, which may be the head of several pull requests; who opens one chooses its
    base. So the required name is that of the default branch alone.

    Args:
        pull: The pull request; None where it is not known, which says nothing of the commit.
    """
    if pull is None or pull.goes_into_default:
        return CHECK_NAME
    base = pull.base_branch
    plain = _ODD.sub("_", base)[:LONGEST_BRANCH]
    # Two branches never share a name.
    unique = "" if plain == base else f" {hashlib.sha256(base.encode()).hexdigest()[:8]}"
    return f"{CHECK_NAME} ({plain}{unique})"


def begun(run: Run, pull: Pull) -> Check:
    """Return the check of a run that has not ended."""
    summary = f"[Run {run.run_id}]({run.url}) is measuring this commit."
    return _check(run, pull, None, title="Measuring", summary=summary, yields=True)


def failed(run: Run, pull: Pull | None, title: str, summary: str) -> Check:
    """Return the check of a run of which nothing could be told.

    Args:
        run: The run.
        pull: Its pull request, where it is known.
        title: What happened, a few words.
        summary: Why, as Markdown that is safe.
    """
    return _check(run, pull, "action_required", title=title, summary=summary, yields=True)


def check_of(told: RunReport, pull: Pull, title: str, summary: str) -> Check:
    """Return the check of a run that was judged.

    Args:
        told: What came of it.
        pull: Its pull request.
        title: The verdict in one line.
        summary: What the comment says, as Markdown.
    """
    yields = told.report.outcome is Outcome.NOTHING_COMPARED and not told.wrong
    check = _check(told.run, pull, told.conclusion, title=title, summary=summary, yields=yields)
    return replace(check, annotations=annotations(told.edits))


def carried(said: OwnCheck, pull: Pull, sha: str) -> Check:
    """Return the check of a head again, on a commit of ours that follows it and changes only baselines.

    Args:
        said: The check of the head, concluded.
        pull: The pull request with that head.
        sha: Our commit.
    """
    origin = f"Carried over from {pull.head_sha}, since only baselines were changed."
    return Check(
        name=check_name(pull),
        head_sha=sha,
        conclusion="success",
        title=said.title,
        summary=f"{origin}\n\n{said.summary}",
        external_id=f"{CARRIED}/{said.carried_from or pull.head_sha}",
    )


def _check(
    run: Run, pull: Pull | None, conclusion: Conclusion | None, *, title: str, summary: str, yields: bool
) -> Check:
    name = check_name(pull)
    elsewhere = f"The pull request goes into another branch than it did: the check `{name}` judges it."
    return Check(
        name=name,
        head_sha=run.head_sha,
        conclusion=conclusion,
        title=title,
        summary=summary,
        external_id=f"{run.run_id}/{run.attempt}",
        yields=yields,
        elsewhere=elsewhere if conclusion else "",
    )
