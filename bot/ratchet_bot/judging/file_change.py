"""What the values of a run would change in a baseline file, and whether it is right afterwards. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings import Settings
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.proposals import Proposals
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.tighten import propose, tightened


@dataclass(frozen=True)
class FileChange:
    """The change of one baseline file."""

    hardware: str
    path: str
    """The file, from the top of the repository."""
    proposals: Proposals
    before: BaselineFile
    after: BaselineFile
    contradictions: tuple[Finding, ...]
    """Errors that the file would have afterwards and had not before: then it is left as it is."""

    @property
    def is_made(self) -> bool:
        """True when the file changes."""
        return bool(self.proposals.proposals) and not self.contradictions

    @property
    def content(self) -> bytes:
        """The file afterwards."""
        return self.after.text.encode()


def file_change(
    hardware: str,
    settings: Settings,
    file: BaselineFile,
    records: Sequence[RunRecord],
    *,
    globs: Sequence[str],
    past: Past,
) -> FileChange:
    """Return what the records of a run would change in a file.

    Args:
        hardware: Where they were measured.
        settings: The configuration, which has that hardware.
        file: Its baselines, where the change goes.
        records: The run on this hardware.
        globs: Which scenarios; all of them when there is none.
        past: The nights before, as `propose` takes them.

    Raises:
        BaselinesRejected: the file has no tolerances of the configured name.
    """
    wanted = [_narrowed(record, globs) for record in records]
    proposals = propose(file, wanted, settings.terms(hardware), past=past)
    after = tightened(file, proposals)
    findings = audit(after, against=file, records=wanted) if proposals.proposals else []
    errors = tuple(finding for finding in findings if finding.introduced and finding.severity == "error")
    return FileChange(hardware, settings.hardware[hardware].baselines, proposals, file, after, errors)


def unmatched(globs: Iterable[str], records: Mapping[str, Sequence[RunRecord]]) -> Sequence[str]:
    """Return the globs that match no scenario of any record."""
    names = {
        scenario.id for several in records.values() for record in several for scenario in record.scenarios
    }
    return [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]


def _narrowed(record: RunRecord, globs: Sequence[str]) -> RunRecord:
    """Return a record of those scenarios only that some glob matches."""
    if not globs:
        return record
    wanted = [
        scenario for scenario in record.scenarios if any(fnmatchcase(scenario.id, glob) for glob in globs)
    ]
    return record.model_copy(update={"scenarios": tuple(wanted)})
