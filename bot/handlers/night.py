"""One run of the default branch, and everything that is read before anything is decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import cached_property
from typing import Final

from bot.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from bot.handlers.fetched import HubAndHost, Place, baselines_in, delivered, settings_on
from bot.handlers.history_branch import Kept, kept_from_files
from bot.handlers.own_branch import OwnBranch, Target, seen
from bot.history import MONTHS_READ, paths_until
from bot.host import Run
from bot.pulls.artifact_names import RefusedArtifact, hardware_of
from bot.pulls.artifacts import Delivery
from bot.settings import Settings
from profiler.record import RunRecord

EVENTS: Final = ("schedule", "workflow_dispatch")
"""What may start a night."""


@dataclass(frozen=True)
class Here:
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

    here: Here
    run: Run
    branch: str
    """The default branch."""
    settings: Settings
    found: Delivery
    heads: Mapping[str, str | None]
    """Where branches are."""
    files: Mapping[Place, bytes | None]
    kept: Kept
    """The history, as it was read."""

    @property
    def today(self) -> date:
        """The day of the run, in UTC."""
        return self.run.created_at.astimezone(UTC).date()

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
        path = self.settings.hardware[hardware].baselines
        content = self.files[(str(self.heads[self.branch]), path)]
        return baselines_in(path, content, hardware, self.records(hardware))

    def own_branch(self, target: Target) -> OwnBranch:
        """Return a branch of the bot, as it is. Asks the host where there is such a branch."""
        contents = [self._content(name, target.path) for name in (target.name, self.branch)]
        return seen(self.here.host, self.here.login, target, self.heads, (contents[0], contents[1]))

    def _content(self, branch: str, path: str) -> bytes | None:
        head = self.heads[branch]
        return self.files[(head, path)] if head else None


def targets(settings: Settings, base: str, hardware: str) -> tuple[Target, Target]:
    """Return the branches on which baselines of a hardware are tightened, and loosened."""
    path = settings.hardware[hardware].baselines
    return (
        Target(f"perf-ratchet/tighten-{hardware}", base, path),
        Target(f"perf-ratchet/loosen-{hardware}", base, path),
    )


def proposed_file(branch: OwnBranch) -> BaselineFile | None:
    """Return the baselines as a branch of the bot proposes them; None where it proposes none that are."""
    try:
        return baselines_from_text(branch.proposed.decode()) if branch.proposed else None
    except (BaselinesRejected, UnicodeDecodeError):
        return None


def refusal(run: Run, default_branch: str, repository: str) -> str:
    """Return why a run is no night of the default branch, or "" when it is."""
    if run.event not in EVENTS:
        return f"run {run.run_id} was started by {run.event}; only {' and '.join(EVENTS)} make a night"
    if run.head_repository.lower() != repository.lower():
        return f"run {run.run_id} is of {run.head_repository or 'a deleted repository'}, not of {repository}"
    if run.head_branch != default_branch:
        return (
            f"run {run.run_id} is of {run.head_branch}; only {default_branch}, the default branch, is history"
        )
    return ""


def read(here: Here, run: Run, default_branch: str) -> Night:
    """Read everything that decides about a run.

    Raises:
        BadInput: the configuration cannot be used.
        HubRefused: the host would not, or did not answer.
    """
    host, settings = here.host, settings_on(here.host)
    found = delivered(host, run, settings.hardware)
    own = [one for name in settings.hardware for one in targets(settings, default_branch, name)]
    names = [name for one in own for name in (one.name, one.draft)]
    heads = host.heads([default_branch, settings.history_branch, *names])
    places = [
        *((heads[branch], one.path) for one in own for branch in (default_branch, one.name)),
        *((heads[settings.history_branch], path) for path in _paths(settings, run)),
    ]
    files = host.files_at([(head, path) for head, path in places if head])
    kept = kept_from_files(
        settings.history_branch, heads[settings.history_branch], _paths(settings, run), files
    )
    return Night(here, run, default_branch, settings, found, heads, files, kept)


def _paths(settings: Settings, run: Run) -> list[str]:
    return [path for name in settings.hardware for path in paths_until(name, run.created_at, MONTHS_READ)]
