"""Run records out of the artifacts of a run, whose every byte may be hostile.

A pull request's own code wrote them, and any job of its run can forge any name. So nothing is written to
disk, inflated bytes are counted, and time and place of a run come from the host, never from the record.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ratchet_profiler.record import MAX_RECORD_BYTES, RecordRejected, RunRecord, record_from_json

from ratchet_bot.data.names import ARTIFACT_PREFIX, RefusedArtifact, hardware_of
from ratchet_bot.hosts.states import Artifact, Run

RECORD_NAME: Final = "run-record.json"
"""The only file of an artifact that is read."""
MAX_ZIP_BYTES: Final = MAX_RECORD_BYTES // 2
"""Largest zip that is fetched. Chosen: JSON of numbers shrinks at least to half."""
MAX_MEMBERS: Final = 64
"""Most files in a zip. Chosen: there is one that counts; logs beside it are a handful."""
MAX_INFLATION: Final = 200
"""How many bytes one byte of a zip may become. Chosen: records of equal requests reach some dozens, and
deflate's own limit, which bombs use, is 1032."""
MAX_ARTIFACTS: Final = 64
"""Most artifacts of a run that are fetched, each one request. Chosen: 32 shards on two kinds of hardware."""
MAX_RUN_BYTES: Final = 2 * MAX_RECORD_BYTES
"""Most bytes of all records of a run, inflated. Chosen: in memory they take many times as much, and of shards
each holds only its part."""
LOCAL_HEADER_BYTES: Final = 30
"""Before each file of a zip, at least. Source: APPNOTE.TXT of PKWARE, 4.3.7."""

_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What `zipfile` raises on bytes that are no proper zip."""


class ArtifactRejected(ValueError):
    """The bytes hold no usable record; the message is a clause that says why."""


@dataclass(frozen=True)
class Delivery:
    """The records of a run."""

    records: Mapping[str, tuple[RunRecord, ...]]
    """By hardware, only those that have one; several are shards of one run."""
    refused: tuple[RefusedArtifact, ...]
    ignored: int
    """How many files beside the records were not read."""
    is_of_this_attempt: bool = True
    """Whether any record may be of the run's present attempt: artifacts of earlier attempts stay.

    The record itself names its attempt, so False is certain and True is not."""


def delivery(
    run: Run, artifacts: Iterable[Artifact], hardware: Collection[str], fetch: Callable[[Artifact], bytes]
) -> Delivery:
    """Return the records of a run.

    Args:
        run: The run, according to the host: where and when its records were measured.
        artifacts: Of all its attempts. The newest of several with one name counts.
        hardware: The configured kinds of hardware.
        fetch: From an artifact to its zip.
    """
    wanted, refused = _wanted(artifacts, hardware)
    records: dict[str, list[RunRecord]] = {}
    ignored, left, attempts = 0, MAX_RUN_BYTES, set()
    for artifact in wanted:
        try:
            content = fetch(artifact)
            left -= _inflated_bytes(content)
            _require_room(left)
            claimed, others = record_in(content)
            _require_hardware(claimed, artifact.name, hardware)
            record = vouched(claimed, run)
        except ArtifactRejected as error:
            refused.append(RefusedArtifact(artifact.name, str(error)))
        else:
            records.setdefault(record.environment.hardware, []).append(record)
            ignored += others
            attempts.add(claimed.source.run_attempt)
    by_hardware = {name: tuple(records[name]) for name in hardware if name in records}
    is_present = not attempts or bool(attempts & {None, run.attempt})
    return Delivery(by_hardware, tuple(refused), ignored, is_present)


def record_in(content: bytes) -> tuple[RunRecord, int]:
    """Return the record in a zip, and how many files beside it were ignored.

    Raises:
        ArtifactRejected: it is not a zip, is made to harm, or holds no record.
    """
    try:
        with _opened(content) as archive:
            members = archive.infolist()
            # Reading stops at the size that the member claims, and its checksum must agree.
            with archive.open(_record_member(members, len(content))) as file:
                record = record_from_json(file.read(MAX_RECORD_BYTES + 1))
    except ArtifactRejected:
        raise
    except RecordRejected as error:
        raise ArtifactRejected(f"{RECORD_NAME}: {error}") from error
    except _BROKEN as error:
        raise ArtifactRejected(f"the zip is broken ({type(error).__name__})") from error
    return record, len(members) - 1


def _inflated_bytes(content: bytes) -> int:
    """Return how many bytes the record of a zip claims to have; reading stops there."""
    try:
        with _opened(content) as archive:
            return sum(
                member.file_size for member in archive.infolist() if member.orig_filename == RECORD_NAME
            )
    except (ArtifactRejected, *_BROKEN):
        return 0  # reading it will say why


def vouched(record: RunRecord, run: Run) -> RunRecord:
    """Return a record with the provenance that the host vouches for, instead of its own claims.

    Raises:
        ArtifactRejected: it claims to be of another commit or run.
    """
    claimed = record.source
    if claimed.head_sha is not None and not run.head_sha.startswith(claimed.head_sha):
        raise ArtifactRejected(f"it claims commit {claimed.head_sha}, and the run is of {run.head_sha}")
    if claimed.run_id not in {None, run.run_id}:
        raise ArtifactRejected(f"it claims run {claimed.run_id}, and was left by run {run.run_id}")
    vouched_values = {
        "run_id": run.run_id,
        "run_attempt": run.attempt,
        "head_sha": run.head_sha,
        "created_at": run.created_at,
        "repository": run.head_repository or None,
    }
    return record.model_copy(update={"source": claimed.model_copy(update=vouched_values)})


def _wanted(
    artifacts: Iterable[Artifact], hardware: Collection[str]
) -> tuple[list[Artifact], list[RefusedArtifact]]:
    """Return the artifacts to fetch, by name, and those that look like records and are not used."""
    newest = {
        artifact.name: artifact for artifact in sorted(artifacts, key=lambda artifact: artifact.artifact_id)
    }
    reasons = {
        name: _unwanted(newest[name], hardware) for name in sorted(newest) if name.startswith(ARTIFACT_PREFIX)
    }
    wanted = [newest[name] for name, reason in reasons.items() if not reason]
    for artifact in wanted[MAX_ARTIFACTS:]:
        reasons[artifact.name] = f"a run brings at most {MAX_ARTIFACTS} of them"
    refused = [RefusedArtifact(name, reason) for name, reason in reasons.items() if reason]
    return wanted[:MAX_ARTIFACTS], refused


def _unwanted(artifact: Artifact, hardware: Collection[str]) -> str:
    """Return why an artifact is not fetched, or ""."""
    if not hardware_of(artifact.name, hardware):
        return f"no such hardware is configured; there is {', '.join(hardware)}"
    if artifact.is_expired:
        return "it expired, and the host deleted it; run the job again"
    if artifact.size_bytes > MAX_ZIP_BYTES:
        return f"it has {artifact.size_bytes:,} bytes, and {MAX_ZIP_BYTES:,} are taken"
    return ""


def _require_room(left: int) -> None:
    if left < 0:
        raise ArtifactRejected(f"the records of a run may have {MAX_RUN_BYTES:,} bytes in all")


def _require_hardware(record: RunRecord, name: str, hardware: Collection[str]) -> None:
    if record.environment.hardware not in hardware_of(name, hardware):
        raise ArtifactRejected(f"its record was measured on {record.environment.hardware!r}")


def _opened(content: bytes) -> zipfile.ZipFile:
    if len(content) > MAX_ZIP_BYTES:
        raise ArtifactRejected(f"it has {len(content):,} bytes, and {MAX_ZIP_BYTES:,} are taken")
    # Counted before anything is parsed: a directory of 300,000 entries takes seconds to read.
    if content.count(_DIRECTORY_ENTRY) > MAX_MEMBERS:
        raise ArtifactRejected(f"the zip has more than {MAX_MEMBERS} files")
    return zipfile.ZipFile(io.BytesIO(content))


def _record_member(members: Sequence[zipfile.ZipInfo], size: int) -> zipfile.ZipInfo:
    """Return the one member that is a record, and can be read without harm."""
    _refuse_overlap(members, size)
    # Compared as it was written: a NUL ends what `filename` shows.
    records = [member for member in members if member.orig_filename == RECORD_NAME]
    if len(records) != 1:
        raise ArtifactRejected(
            f"the zip has {len(records) or 'no'} files named {RECORD_NAME}; one is expected"
        )
    problem = _member_problem(records[0])
    if problem:
        raise ArtifactRejected(f"{RECORD_NAME} in the zip {problem}")
    return records[0]


def _refuse_overlap(members: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Refuse files that share bytes, by which a small zip holds more than its size."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    ends = [member.header_offset + LOCAL_HEADER_BYTES + member.compress_size for member in ordered]
    starts = [*(member.header_offset for member in ordered[1:]), size]
    if any(end > start for end, start in zip(ends, starts, strict=True)):
        raise ArtifactRejected("files in the zip overlap")


def _member_problem(member: zipfile.ZipInfo) -> str:
    """Return why a member is not read, or ""."""
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in _METHODS:
        return "is packed by a method other than deflate"
    # Python's own writer leaves the kind of file open, which is 0.
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        return "is not a regular file"
    if member.file_size > MAX_RECORD_BYTES:
        return f"would have {member.file_size:,} bytes; {MAX_RECORD_BYTES:,} are taken"
    if member.file_size > MAX_INFLATION * max(member.compress_size, 1):
        return f"grows to more than {MAX_INFLATION} times its size: a bomb"
    return ""
