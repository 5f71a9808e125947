"""The check of a run on its commit: its name, and what it concludes."""

import hashlib
import re
from dataclasses import replace
from typing import Final

from ratchet_bot.hosts.effects import CARRIED, Check, Conclusion
from ratchet_bot.hosts.states import OwnCheck, Pull, Run
from ratchet_bot.judging.verdicts import Outcome
from ratchet_bot.telling.edits import annotations
from ratchet_bot.telling.report import RunReport

CHECK_NAME = "perf-ratchet"
"""What branch protection calls the check of pull requests into the default branch, and of no others."""
LONGEST_BRANCH: Final = 60
"""Characters of a base branch in a check's name. Chosen: what a list of checks shows of it."""
_ODD = re.compile(r"[^A-Za-z0-9._/-]")


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
    """Return the check of a run that could not be reported.

    Args:
        run: The run.
        pull: Its pull request, where it is known.
        title: What happened, a few words.
        summary: Why, as Markdown that is safe.
    """
    return _check(run, pull, "action_required", title=title, summary=summary, yields=True)


def check_of(report: RunReport, pull: Pull, title: str, summary: str) -> Check:
    """Return the check of a run that was judged.

    Args:
        report: What came of it.
        pull: Its pull request.
        title: The verdict in one line.
        summary: What the comment says, as Markdown.
    """
    yields = report.report.outcome is Outcome.NOTHING_COMPARED and not report.wrong
    check = _check(report.run, pull, report.conclusion, title=title, summary=summary, yields=yields)
    return replace(check, annotations=annotations(report.edits))


def carried(check: OwnCheck, pull: Pull, sha: str) -> Check:
    """Return the check of a head again, on a commit of ours that follows it and changes only baselines.

    Args:
        check: The check of the head, concluded.
        pull: The pull request with that head.
        sha: Our commit.
    """
    origin = f"Carried over from {pull.head_sha}, since only baselines changed."
    return Check(
        name=check_name(pull),
        head_sha=sha,
        conclusion="success",
        title=check.title,
        summary=f"{origin}\n\n{check.summary}",
        external_id=f"{CARRIED}/{check.carried_from or pull.head_sha}",
    )


def _check(
    run: Run, pull: Pull | None, conclusion: Conclusion | None, *, title: str, summary: str, yields: bool
) -> Check:
    name = check_name(pull)
    elsewhere = f"The base branch of the pull request has changed: the check `{name}` judges it."
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
