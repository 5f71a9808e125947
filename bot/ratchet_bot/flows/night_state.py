"""A night: one run of the default branch, and everything that is read before anything is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import MONTHS_READ, paths_until
from ratchet_bot.data.names import CONFIG, RefusedArtifact, hardware_of, loosening_branch, tightening_branch
from ratchet_bot.data.settings import Settings
from ratchet_bot.flows.bot_branch import BotBranch, BranchState, branch_state
from ratchet_bot.flows.history_branch import HistorySnapshot
from ratchet_bot.flows.reading import baselines_in, delivered, settings_in
from ratchet_bot.flows.runs import night_refusal
from ratchet_bot.hosts.artifacts import Delivery
from ratchet_bot.hosts.port import Host
from ratchet_bot.hosts.states import RepositoryState, Run
from ratchet_bot.telling.markers import REGRESSION_LABEL


@dataclass(frozen=True)
class BotContext:
    """Where the bot is, and who it is there."""

    host: Host
    login: str
    """In whose name it writes."""
    repository: str
    """"owner/name"."""
    server_url: str
    """Where people see the repository, such as "https://github.com"."""


@dataclass(frozen=True)
class Night:
    """A run, what it has left, and what was there before."""

    context: BotContext
    run: Run
    branch: str
    """The default branch."""
    settings: Settings
    delivery: Delivery
    seen: RepositoryState
    """Branches and issues, before anything was done."""
    snapshot: HistorySnapshot
    """The history, as it was read."""

    @property
    def today(self) -> date:
        """The day of the run, in UTC."""
        return self.run.day

    @cached_property
    def is_superseded(self) -> bool:
        """Whether the history has a later run already: this one only adds to it."""
        return any(line.captured_at > self.run.created_at for line in self.snapshot.history.lines)

    def records(self, hardware: str) -> Sequence[RunRecord]:
        """Return what was measured on a hardware."""
        return self.delivery.records.get(hardware, ())

    def refused(self, hardware: str) -> list[RefusedArtifact]:
        """Return the artifacts that may be of a hardware and could not be used."""
        return [
            artifact
            for artifact in self.delivery.refused
            if hardware in hardware_of(artifact.name, [hardware])
        ]

    def baselines(self, hardware: str) -> BaselineFile:
        """Return the baselines of the default branch; a file without scenarios where there is none.

        Raises:
            BadInput: it is not a baseline file.
        """
        if hardware not in self._baselines:
            path = self.settings.hardware[hardware].baselines
            content = self.seen.branches[self.branch].files[path]
            self._baselines[hardware] = baselines_in(path, content, hardware, self.records(hardware))
        return self._baselines[hardware]

    @cached_property
    def _baselines(self) -> dict[str, BaselineFile]:
        """The baselines that were parsed already, by hardware."""
        return {}

    def state_of(self, branch: BotBranch) -> BranchState:
        """Return a branch of the bot, as it was seen."""
        branches = self.seen.branches
        return branch_state(branch, branches[branch.name], branches[branch.draft].head, branches[self.branch])


def bot_branches(settings: Settings, base: str, hardware: str) -> tuple[BotBranch, BotBranch]:
    """Return the branches on which baselines of a hardware are tightened, and loosened."""
    path = settings.hardware[hardware].baselines
    return (
        BotBranch(tightening_branch(hardware), base, path),
        BotBranch(loosening_branch(hardware), base, path),
    )


def read(context: BotContext, run: Run) -> Night:
    """Read everything that decides about a run.

    Raises:
        BadInput: the run is not a night of the default branch, or the configuration cannot be used.
        HostRefused: the host would not, or did not answer.
    """
    default = context.host.default_branch(CONFIG)
    branch = default.name
    why = night_refusal(run, branch, context.repository)
    if why:
        raise BadInput(f"run {run.run_id} is not a nightly run of the default branch: {why}")
    settings = settings_in(default.content)
    delivery = delivered(context.host, run, settings.hardware)
    seen = _seen(context.host, run, branch, settings)
    snapshot = HistorySnapshot.of(seen.branches[settings.history_branch])
    return Night(context, run, branch, settings, delivery, seen, snapshot)


def _seen(host: Host, run: Run, default_branch: str, settings: Settings) -> RepositoryState:
    """Look at everything that the nights are about, at once."""
    own = [branch for name in settings.hardware for branch in bot_branches(settings, default_branch, name)]
    months = [path for name in settings.hardware for path in paths_until(name, run.created_at, MONTHS_READ)]
    files = {
        default_branch: [hardware.baselines for hardware in settings.hardware.values()],
        settings.history_branch: months,
        **{branch.draft: () for branch in own},
    }
    return host.repository_state(files, {branch.name: branch.path for branch in own}, REGRESSION_LABEL)
