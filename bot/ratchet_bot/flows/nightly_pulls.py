"""The pull requests of a night: tighter baselines, and looser ones where a person has asked for them."""

from dataclasses import dataclass
from functools import cached_property

from ratchet_bot.flows.bot_branch import NightlyBranch, publish, withdraw
from ratchet_bot.flows.night_state import Night, proposed_file, targets
from ratchet_bot.flows.regression_issues import Held
from ratchet_bot.hosts.effects import PullRequest
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.known import Known
from ratchet_bot.judging.loosening import loosening
from ratchet_bot.judging.night_tightening import ProposalTerms, StandingProposal, Tightening, tightening
from ratchet_bot.judging.rules.findings import Finding
from ratchet_bot.telling import render, words
from ratchet_bot.telling.issue_memory import LOOSEN_LABEL
from ratchet_bot.telling.night_report import NightReport


@dataclass(frozen=True)
class TighteningPull:
    """The pull request with tighter baselines of one hardware."""

    night: Night
    hardware: str
    found: Known

    @cached_property
    def branch(self) -> NightlyBranch:
        """The branch as it was seen."""
        return self.night.own_branch(targets(self.night.settings, self.night.branch, self.hardware)[0])

    @cached_property
    def tightening(self) -> Tightening:
        """What there is to propose."""
        file = proposed_file(self.branch)
        return tightening(
            self.night.baselines(self.hardware),
            StandingProposal(file, self.branch.is_declined) if file else None,
            self.night.records(self.hardware),
            self.found,
            ProposalTerms(self.night.settings.tighten, self.night.settings.hardware[self.hardware].profile),
        )

    def settle(self, report: NightReport) -> int | None:
        """Open the pull request, make it say what it should, or close it; return its number."""
        if self.tightening.is_empty:
            reason = words.markdown("tightening_over", night=self.night)
            withdraw(self.branch, reason)
            return None
        body = render.answer("tightening", report.longest_list, report=report, night=self.night)
        count = len(self.tightening.proposals)
        pull = PullRequest(
            branch=self.branch.target.name,
            base=self.branch.target.base,
            title=f"Tighten {count} baseline{'' if count == 1 else 's'} on {self.hardware}",
            body=body,
        )
        return publish(self.branch, *_content("commit", self.tightening, self.hardware), pull)


def loosen(night: Night, hardware: str, held: Held, found: Known) -> int | None:
    """Propose looser baselines where a person has asked for them; return the pull request's number."""
    target = targets(night.settings, night.branch, hardware)[1]
    if not held.accepted and night.seen.branches[target.name].head is None:
        return None
    branch, before = night.own_branch(target), night.baselines(hardware)
    if not held.accepted:
        return withdraw(branch, words.markdown("loosening_over", night=night, hardware=hardware))
    wanted = loosening(
        before,
        proposed_file(branch),
        held.accepted,
        night.records(hardware),
        found,
        night.settings.hardware[hardware].profile,
    )
    if wanted.is_empty:
        return None
    findings = [one for one in introduced(night, wanted) if one.rule != "loosened"]  # it is what is asked for
    body = render.answer(
        "loosening", len(wanted.proposals), loosening=wanted, night=night, held=held, findings=findings
    )
    count = len(wanted.proposals)
    pull = PullRequest(
        branch=target.name,
        base=target.base,
        title=f"Accept {count} slower scenario{'' if count == 1 else 's'} on {hardware}",
        body=body,
        labels=(LOOSEN_LABEL,),
    )
    return publish(branch, *_content("loosen_commit", wanted, hardware), pull)


def introduced(night: Night, wanted: Tightening) -> list[Finding]:
    """Return what the audit says of a proposal, and did not say before; no notes."""
    findings = audit(wanted.after, against=wanted.before, waivers=night.settings.waivers, today=night.today)
    return [one for one in findings if one.introduced and not one.waived and one.severity != "info"]


def _content(template: str, wanted: Tightening, hardware: str) -> tuple[bytes, str]:
    """Return the file, and the message of its commit."""
    message = words.text(template, proposals=wanted, hardware=hardware)
    return wanted.after.text.encode(), message.strip()
