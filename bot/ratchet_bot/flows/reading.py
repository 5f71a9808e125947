"""What a flow reads from the host before it decides: configuration, records, baselines, history."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from ratchet_profiler.record import Clock, RunRecord

from ratchet_bot.data.baselines import BaselineFile, BaselinesRejected, baselines_from_text
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.history import MONTHS_READ, history_from_files, paths_until
from ratchet_bot.data.names import CONFIG
from ratchet_bot.data.rewriting import clock_of, new_baselines
from ratchet_bot.data.settings import Settings
from ratchet_bot.data.settings_file import SettingsRejected, settings_from_yaml
from ratchet_bot.hosts.artifacts import MAX_ZIP_BYTES, Delivery, delivery
from ratchet_bot.hosts.port import HostReads
from ratchet_bot.hosts.states import Place, Run
from ratchet_bot.judging.comparability import PastNights, past_nights

DEFAULT_BRANCH: Final = "HEAD"
"""How `HostReads.files_at` names the default branch."""


def settings_on(host: HostReads) -> Settings:
    """Return the configuration of the default branch: a pull request cannot change the rules.

    Raises:
        BadInput: there is none, or it cannot be used.
        HostRefused: the host would not, or did not answer.
    """
    return settings_in(host.files_at([(DEFAULT_BRANCH, CONFIG)])[(DEFAULT_BRANCH, CONFIG)])


def settings_in(content: bytes | None) -> Settings:
    """Return the configuration from the file of the default branch.

    Raises:
        BadInput: there is none, or it cannot be used.
    """
    if content is None:
        raise BadInput(f"{CONFIG}: it is not on the default branch; perf-ratchet init writes one")
    try:
        return settings_from_yaml(content.decode())
    except (SettingsRejected, UnicodeDecodeError) as error:
        raise BadInput(f"{CONFIG} on the default branch: {error}") from error


def delivered(host: HostReads, run: Run, hardware: Collection[str]) -> Delivery:
    """Return the records of a run.

    Raises:
        HostRefused: the host would not, or did not answer.
    """
    return delivery(
        run,
        host.artifacts(run.run_id),
        hardware,
        lambda artifact: host.artifact(artifact.artifact_id, MAX_ZIP_BYTES),
    )


def baselines_in(
    path: str, content: bytes | None, hardware: str, records: Iterable[RunRecord]
) -> BaselineFile:
    """Return a baseline file; one without scenarios where there is none, on the clock of the records.

    Raises:
        BadInput: it is not a baseline file.
    """
    if content is None:
        return new_baselines(hardware, clock_of(records))
    try:
        return baselines_from_text(content.decode())
    except (BaselinesRejected, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error


def history_places(settings: Settings, hardware: str, moment: datetime) -> list[Place]:
    """Return where the history of a hardware is, up to a moment."""
    return [(settings.history_branch, path) for path in paths_until(hardware, moment, MONTHS_READ)]


def precedent_in(
    files: Mapping[Place, bytes | None],
    places: Iterable[Place],
    hardware: str,
    records: Sequence[RunRecord],
    clock: Clock,
) -> PastNights:
    """Return what the history has on the scenarios of these records.

    Args:
        files: By place, as `HostReads.files_at` returns them.
        places: The files of the history among them.
        hardware: Where the records were measured.
        records: Of one run.
        clock: The clock of the baseline file.
    """
    return past_nights(history_from_files(files[place] for place in places).lines, hardware, records, clock)
