"""Whose numbers a baseline file holds: a run of one hardware must not write into another's file."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.formatting import plain
from ratchet_bot.data.names import CONFIG
from ratchet_bot.data.settings_file import settings_from_file
from ratchet_bot.judging.comparability import hardware_of_metadata, other_hardware, other_hardware_in

DEFAULT_CONFIG: Final = Path(CONFIG)
"""Where the configuration is, unless --config names another file."""


class BaselineOwner(NamedTuple):
    """Whose numbers are to go into a baseline file."""

    hardware: str
    is_configured: bool
    """Whether the configuration names this file for this hardware: then its path is not mistyped."""
    configured: Collection[str] = ()
    """Every hardware of the configuration."""


def baseline_owner(
    paths: Sequence[Path], records: Sequence[RunRecord], baselines: Path, config: Path | None
) -> BaselineOwner:
    """Return the hardware of the records, when it is one, and not another than the baseline file's.

    Args:
        paths: The files of the records.
        records: What they hold, at least one.
        baselines: The baseline file.
        config: The configuration, which may say whose file it is; None for the usual place, if there.

    Raises:
        BadInput: the records are of several hardwares, or the file is another's by the configuration.
    """
    hardware = {record.environment.hardware: path for record, path in zip(records, paths, strict=True)}
    if len(hardware) > 1:
        raise BadInput(
            f"{paths[0]}: these records are of {' and '.join(hardware)}; give those of one hardware"
        )
    [name] = hardware
    if config is None and not DEFAULT_CONFIG.exists():
        return BaselineOwner(name, is_configured=False)
    config = config or DEFAULT_CONFIG
    # Paths of the configuration begin at the top of the repository: above `.github`, or where it lies.
    folder = config.resolve().parent
    top = folder.parent if folder.name == DEFAULT_CONFIG.parent.name else folder
    configured = settings_from_file(config).hardware
    owners = [
        hardware_name
        for hardware_name, hardware_settings in configured.items()
        if (top / hardware_settings.baselines).resolve() == baselines.resolve()
    ]
    if owners and name not in owners:
        owned = " and ".join(owners)
        raise BadInput(
            f"{paths[0]}: the record is from {name}, but {config} assigns {baselines} to {owned}; "
            f"pass the baselines of {name}"
        )
    return BaselineOwner(name, is_configured=name in owners, configured=tuple(configured))


def require_named_hardware(
    paths: Sequence[Path],
    records: Sequence[RunRecord],
    baselines: Path,
    file: BaselineFile,
    owner: BaselineOwner,
) -> None:
    """Accept records of the hardware that a baseline file names, or that the configuration names it for.

    Raises:
        BadInput: a record without accelerator is of a hardware that `metadata.hardware` does not name.
    """
    for path, record in zip(paths, records, strict=True):
        if not owner.is_configured and (named := other_hardware(file, record)):
            raise BadInput(
                f"{path}: measured on {owner.hardware}, no accelerator is known, but {baselines} is of "
                f"{plain(repr(named))} by its metadata.hardware; give the baselines of "
                f"{owner.hardware}, or say in {DEFAULT_CONFIG} that these are"
            )


def require_own_hardware(
    paths: Sequence[Path],
    records: Sequence[RunRecord],
    baselines: Path,
    file: BaselineFile | None,
    owner: BaselineOwner,
) -> None:
    """Accept records of the hardware that a baseline file is of, before it is written.

    The configuration says whose file it is; else its `metadata.hardware`; else the name of the file, where
    that names a hardware.

    Args:
        paths: The files of the records.
        records: What they hold.
        baselines: The baseline file.
        file: What it holds; None where there is none yet, so that only its name speaks.
        owner: Whose file it is by the configuration.

    Raises:
        BadInput: a record is of another.
    """
    if owner.is_configured:
        return
    words = hardware_of_metadata(file) if file else ""
    source = "metadata.hardware" if words else "name"
    for path, record in zip(paths, records, strict=True):
        other = other_hardware(file, record) if file else ""
        if named := other or other_hardware_in(words or baselines.stem, record, owner.configured):
            raise BadInput(
                f"{path}: measured on {owner.hardware}, but {baselines} is of {plain(repr(named))} "
                f"by its {source}; give the baselines of {owner.hardware}, "
                "or say with --hardware NAME what both are of"
            )
