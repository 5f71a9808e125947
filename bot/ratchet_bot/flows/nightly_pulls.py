"""The pull requests of a night: tighter baselines, and looser ones where a person has asked for them."""

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from ratchet_bot.flows.bot_branch import BranchState, publish, with_proposal, withdraw
from ratchet_bot.flows.night_state import Night, bot_branches
from ratchet_bot.flows.regression_issues import OpenRegressions
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.night_tightening import (
    StandingProposal,
    Tightening,
    loosening,
    tightening,
)
from ratchet_bot.judging.nights import NightSeries
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.telling import render, words
from ratchet_bot.telling.markers import LOOSEN_LABEL
from ratchet_bot.telling.night_report import NightReport


def read_tightening(night: Night, hardware: str, series: NightSeries) -> tuple[BranchState, Tightening]:
    """Return the branch with tighter baselines of a hardware, and what there is to propose on it.

    Raises:
        BadInput: the baseline file cannot be used.
        HostRefused: the host would not, or did not answer.
    """
    state = night.state_of(bot_branches(night.settings, night.branch, hardware)[0])
    state, content = with_proposal(night.context.host, state)
    file = _parsed(content)
    wanted = tightening(
        night.baselines(hardware),
        StandingProposal(file, state.is_declined) if file else None,
        night.records(hardware),
        series,
        night.settings.terms(hardware),
    )
    return state, wanted


def propose_tightening(
    night: Night, state: BranchState, wanted: Tightening, report: NightReport
) -> int | None:
    """Open the pull request, make it say what it should, or close it; return its number if it is open."""
    host, login = night.context.host, night.context.login
    if wanted.is_empty:
        withdraw(host, login, state, words.markdown("tightening_over", night=night))
        return None
    count = len(wanted.proposals)
    pull = PullRequest(
        branch=state.branch.name,
        base=state.branch.base,
        title=f"Tighten {count} baseline{'' if count == 1 else 's'} on {report.hardware}",
        body=render.answer("tightening", report.longest_list, report=report, night=night),
    )
    message = words.text("commit", proposals=wanted, hardware=report.hardware).strip()
    return publish(host, login, state, wanted.after.text.encode(), message, pull)


def propose_loosening(
    night: Night, hardware: str, regressions: OpenRegressions, series: NightSeries
) -> int | None:
    """Propose looser baselines where a person has asked for them; return the pull request's number."""
    host, login = night.context.host, night.context.login
    branch = bot_branches(night.settings, night.branch, hardware)[1]
    if not regressions.accepted and night.seen.branches[branch.name].head is None:
        return None
    state, before = night.state_of(branch), night.baselines(hardware)
    if not regressions.accepted:
        return withdraw(host, login, state, words.markdown("loosening_over", night=night, hardware=hardware))
    state, content = with_proposal(host, state)
    wanted = loosening(
        before,
        _parsed(content),
        regressions.accepted,
        night.records(hardware),
        series,
        night.settings.hardware[hardware].profile,
    )
    if wanted.is_empty:
        return None
    # "loosened" is what is asked for
    findings = [finding for finding in introduced(night, wanted) if finding.rule != "loosened"]
    count = len(wanted.proposals)
    body = render.answer(
        "loosening", count, loosening=wanted, night=night, accepting=regressions.accepting, findings=findings
    )
    pull = PullRequest(
        branch=branch.name,
        base=branch.base,
        title=f"Accept {count} slower scenario{'' if count == 1 else 's'} on {hardware}",
        body=body,
        labels=(LOOSEN_LABEL,),
    )
    message = words.text("loosen_commit", proposals=wanted, hardware=hardware).strip()
    return publish(host, login, state, wanted.after.text.encode(), message, pull)


def introduced(night: Night, wanted: Tightening) -> list[Finding]:
    """Return what the audit says of a proposal, and did not say before; no notes."""
    findings = audit(wanted.after, against=wanted.before, waivers=night.settings.waivers, today=night.today)
    return [
        finding
        for finding in findings
        if finding.introduced and not finding.waived and finding.severity != "info"
    ]


def _parsed(content: bytes | None) -> BaselineFile | None:
    """Return the baselines that a branch proposes; None where it proposes none that can be used."""
    try:
        return baselines_from_text(content.decode()) if content else None
    except (BaselinesRejected, UnicodeDecodeError):
        return None
