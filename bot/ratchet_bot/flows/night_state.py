"""One run of the default branch, and everything that is read before anything is decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.artifact_names import RefusedArtifact, hardware_of
from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import MONTHS_READ, paths_until
from ratchet_bot.data.repo_names import CONFIG, loosening_branch, tightening_branch
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows.bot_branch import NightlyBranch, Target
from ratchet_bot.flows.history_branch import Kept, kept_as_seen
from ratchet_bot.flows.reading import baselines_in, delivered, settings_in
from ratchet_bot.flows.runs import night_refusal
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.host import Run, Seen
from ratchet_bot.hosts.hub import HubAndHost
from ratchet_bot.telling.issue_memory import REGRESSION_LABEL


@dataclass(frozen=True)
class BotContext:
    """Where the bot is, and who it is there."""

    host: HubAndHost
    login: str
    """In whose name it writes."""
    repository: str
    """"owner/name"."""
    server_url: str
    """Where people see the repository, such as "https://github.com"."""


@dataclass(frozen=True)
class Night:
    """A run, what it brought, and what was there before."""

    here: BotContext
    run: Run
    branch: str
    """The default branch."""
    settings: Settings
    found: Delivery
    seen: Seen
    """Branches and issues, before anything was done."""
    kept: Kept
    """The history, as it was read."""

    @property
    def today(self) -> date:
        """The day of the run, in UTC."""
        return self.run.day

    @cached_property
    def is_superseded(self) -> bool:
        """Whether the history has a later run already: this one only adds to it."""
        return any(line.captured_at > self.run.created_at for line in self.kept.history.lines)

    def records(self, hardware: str) -> Sequence[RunRecord]:
        """Return what was measured on a hardware."""
        return self.found.records.get(hardware, ())

    def refused(self, hardware: str) -> list[RefusedArtifact]:
        """Return the artifacts that may be of a hardware and could not be used."""
        return [one for one in self.found.refused if hardware in hardware_of(one.name, [hardware])]

    def baselines(self, hardware: str) -> BaselineFile:
        """Return the baselines of the default branch; a file without scenarios where there is none.

        Raises:
            BadInput: it is no baseline file.
        """
        if hardware not in self._baselines:
            path = self.settings.hardware[hardware].baselines
            content = self.seen.branches[self.branch].files[path]
            self._baselines[hardware] = baselines_in(path, content, hardware, self.records(hardware))
        return self._baselines[hardware]

    @cached_property
    def _baselines(self) -> dict[str, BaselineFile]:
        """The baselines that were asked for already, by hardware."""
        return {}

    def own_branch(self, target: Target) -> NightlyBranch:
        """Return a branch of the bot, as it was seen."""
        branches = self.seen.branches
        draft_head = branches[target.draft].head
        return NightlyBranch(
            target, self.here.host, self.here.login, branches[target.name], draft_head, branches[self.branch]
        )


def targets(settings: Settings, base: str, hardware: str) -> tuple[Target, Target]:
    """Return the branches on which baselines of a hardware are tightened, and loosened."""
    path = settings.hardware[hardware].baselines
    return (
        Target(tightening_branch(hardware), base, path),
        Target(loosening_branch(hardware), base, path),
    )


def proposed_file(branch: NightlyBranch) -> BaselineFile | None:
    """Return the baselines as a branch of the bot proposes them; None where it proposes none that are."""
    try:
        return baselines_from_text(branch.proposed.decode()) if branch.proposed else None
    except (BaselinesRejected, UnicodeDecodeError):
        return None


def read(here: BotContext, run: Run) -> Night:
    """Read everything that decides about a run.

    Raises:
        BadInput: the run is no night of the default branch, or the configuration cannot be used.
        HubRefused: the host would not, or did not answer.
    """
    beginning = here.host.beginning(CONFIG)
    branch = beginning.default_branch
    why = night_refusal(run, branch, here.repository)
    if why:
        raise BadInput(f"run {run.run_id} is no night: {why}; nothing was read of it")
    settings = settings_in(beginning.content)
    found = delivered(here.host, run, settings.hardware)
    seen = _seen(here.host, run, branch, settings)
    history = seen.branches[settings.history_branch]
    return Night(here, run, branch, settings, found, seen, kept_as_seen(history))


def _seen(host: HubAndHost, run: Run, branch: str, settings: Settings) -> Seen:
    """Look at everything that the nights are about, at once."""
    own = [one for name in settings.hardware for one in targets(settings, branch, name)]
    months = [path for name in settings.hardware for path in paths_until(name, run.created_at, MONTHS_READ)]
    files = {
        branch: [one.baselines for one in settings.hardware.values()],
        settings.history_branch: months,
        **{one.draft: () for one in own},
    }
    return host.seen(files, {one.name: one.path for one in own}, REGRESSION_LABEL)
