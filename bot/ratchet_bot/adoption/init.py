"""`perf-ratchet init`: add perf-ratchet to a repository. It overwrites nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ratchet_bot.adoption import checkout, scaffold
from ratchet_bot.adoption.release import Release, installed_release
from ratchet_bot.adoption.scaffold import Adoption
from ratchet_bot.data.baselines import DEFAULT_TOLERANCES
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.record_files import baselines_from_file
from ratchet_bot.data.settings import Hardware, Settings
from ratchet_bot.hosts.local import LocalHub
from ratchet_bot.judging.audit import audit
from ratchet_bot.telling import words


@dataclass(frozen=True, kw_only=True)
class Audited:
    """How a baseline file that was found here stands."""

    path: str
    scenarios: int
    errors: int
    warnings: int
    notes: int


def run(folder: Path, release: Release | None) -> int:
    """Write the files, make the history branch, audit the baselines that are there; return 0.

    Args:
        folder: Top of a git repository.
        release: Where the workflows come from; None: where this program comes from.

    Raises:
        BadInput: it is no repository, a file is there already, or the release is not known. Nothing was
            written then.
    """
    if not (folder / ".git").exists():
        raise BadInput(f"{folder.resolve()}: is not the top of a git repository; go there, or run git init")
    adoption = _adoption(folder, release or installed_release())
    files = scaffold.files(adoption)
    there = [path for path in files if (folder / path).exists()]
    if there:
        raise BadInput(
            f"{', '.join(there)}: there already, so nothing is written; "
            "move them away, or see perf-ratchet doctor"
        )
    audits = [_audited(folder, path) for path in sorted(adoption.baselines_there)]
    _write(folder, files)
    branch = Settings(hardware=adoption.hardware).history_branch
    made_branch = _make_branch(folder, branch)
    told = {"adoption": adoption, "audits": audits, "history_branch": branch, "made_branch": made_branch}
    told["unmeasured"] = any(one.scenarios for one in audits)
    print(words.printed("init", written=list(files), scenario_file=scaffold.SCENARIOS, **told), end="")
    return 0


def _adoption(folder: Path, release: Release) -> Adoption:
    """Return what this repository is to get: the baselines that it has stay where they are."""
    found = {
        name: path
        for name, one in scaffold.STARTING_HARDWARE.items()
        for path in (one.baselines, *scaffold.SGLANG.get(name, ()))
        if (folder / path).is_file()
    }
    hardware = {
        name: _with_file(usual, found[name], folder) if name in found else usual
        for name, usual in scaffold.STARTING_HARDWARE.items()
        if name in found or not found
    }
    return Adoption(
        release=release,
        hardware=hardware,
        baselines_there=frozenset(found.values()),
        has_scenarios=(folder / scaffold.SCENARIOS).is_file(),
    )


def _with_file(usual: Hardware, path: str, folder: Path) -> Hardware:
    """Return a hardware with the baseline file that is there, and a profile that the file has."""
    tolerances = baselines_from_file(folder / path).tolerances
    profiles = list(DEFAULT_TOLERANCES if tolerances is None else tolerances)
    profile = next((name for name in profiles if name != usual.profile), usual.profile)
    chosen = usual.profile if usual.profile in profiles else profile
    return usual.model_copy(update={"baselines": path, "profile": chosen})


def _audited(folder: Path, path: str) -> Audited:
    file = baselines_from_file(folder / path)
    severities = [finding.severity for finding in audit(file)]
    return Audited(
        path=path,
        scenarios=len(file.scenarios),
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        notes=severities.count("info"),
    )


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write new files, all of them or none.

    Raises:
        OSError: one cannot be written; those before it are gone again.
    """
    written: list[Path] = []
    try:
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="") as file:
                written.append(place)
                file.write(text)
    except OSError:
        for place in written:
            place.unlink()
        raise


def _make_branch(folder: Path, branch: str) -> bool:
    """Make the history branch in the local repository, if it is nowhere yet; return whether it was made."""
    if checkout.places_of(folder, branch):
        return False
    hub = LocalHub(folder / ".git", folder)  # its folder for comments is not used: a branch leaves none
    hub.start_branch(branch, scaffold.history_files(), "Begin the history of the nights")
    return True
