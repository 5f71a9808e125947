from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from builders import make_record, make_run, make_scenario
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.names import hardware_of
from ratchet_bot.hosts.artifacts import (
    MAX_ARTIFACTS,
    MAX_MEMBERS,
    MAX_ZIP_BYTES,
    RECORD_NAME,
    ArtifactRejected,
    Delivery,
    delivery,
    record_in,
)
from ratchet_bot.hosts.states import Artifact
from ratchet_profiler.record import MAX_RECORD_BYTES, RunRecord, record_from_json, record_to_json
from zips import make_member, make_overlapping, make_zip

HEAD = "0123456789abcdef0123456789abcdef01234567"
RUN = make_run(attempt=2, head_sha=HEAD)
RECORD = record_to_json(make_record(make_scenario("flux")))
ZIP = make_zip((RECORD_NAME, RECORD))


def make_artifact(number: int, name: str, **fields: Any) -> Artifact:
    return Artifact(artifact_id=number, name=name, **{"size_bytes": 10_000, "is_expired": False, **fields})


def delivered(zips: Mapping[str, bytes], *hardware: str) -> Delivery:
    artifacts = [make_artifact(number, name) for number, name in enumerate(zips)]
    return delivery(RUN, artifacts, hardware or ("h100", "ascend"), lambda it: zips[it.name])


def packed(record: RunRecord) -> bytes:
    return make_zip((RECORD_NAME, record_to_json(record)))


def test_a_record_is_read_and_what_is_beside_it_is_counted():
    """One name counts; scripts, logs and names that climb out of folders are not looked at."""
    content = make_zip(
        (RECORD_NAME, RECORD), ("../" + RECORD_NAME, b"!"), ("setup.sh", b"rm"), ("/etc/x", b"")
    )
    record, ignored = record_in(content)

    assert (record.environment.hardware, ignored) == ("h100", 3)


def test_where_and_when_a_record_was_measured_comes_from_the_host():
    """Run, attempt, commit, repository and time are the host's; what the record claims is replaced."""
    claimed = make_record(make_scenario("flux"), run_attempt=77, repository="evil/evil", job="profile")
    source = delivered({"perf-records-h100": packed(claimed)}).records["h100"][0].source

    assert (source.run_id, source.run_attempt, source.head_sha) == (42, 2, HEAD)
    assert (source.created_at, source.repository, source.job) == (RUN.created_at, "fork/demo", "profile")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"head_sha": "f" * 40}, f"it claims commit {'f' * 40}, and the run is of {HEAD}"),
        ({"run_id": 41}, "it claims run 41, and was left by run 42"),
    ],
)
def test_a_record_that_contradicts_its_run_is_refused(claims: dict[str, Any], reason: str):
    """A record of another commit or another run does not become this run's by being uploaded here."""
    found = delivered({"perf-records-h100": packed(make_record(make_scenario("flux"), **claims))})

    assert (found.records, [one.reason for one in found.refused]) == ({}, [reason])


def test_shards_of_a_hardware_stay_together():
    """Records come by hardware in the order of the configuration, shards in the order of their names."""
    shards = {
        f"perf-records-h100-{shard}": packed(make_record(make_scenario(f"s{shard}"))) for shard in (2, 1)
    }
    ascend = {"perf-records-ascend": packed(make_record(make_scenario("npu"), hardware="ascend"))}
    found = delivered(shards | ascend, "ascend", "h100")

    assert list(found.records) == ["ascend", "h100"]
    assert [record.scenarios[0].id for record in found.records["h100"]] == ["s1", "s2"]


def test_of_one_name_the_newest_counts():
    """A job that ran again has left its artifact again."""
    artifacts = [make_artifact(8, "perf-records-h100"), make_artifact(7, "perf-records-h100")]
    fetched: list[int] = []

    def fetch(it: Artifact) -> bytes:
        fetched.append(it.artifact_id)
        return ZIP

    delivery(RUN, artifacts, ["h100"], fetch)
    assert fetched == [8]


def test_other_artifacts_are_none_of_our_business():
    """Logs and wheels of the same run are neither fetched nor told."""
    assert delivered({"wheels": b"", "records-h100": b""}) == Delivery({}, (), 0)


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        (make_artifact(1, "perf-records-b200"), "no such hardware is configured; there is h100"),
        (make_artifact(1, "perf-records-h100-x"), "no such hardware is configured; there is h100"),
        (
            make_artifact(1, "perf-records-h100", is_expired=True),
            "it expired, and the host deleted it; run the job again",
        ),
        (
            make_artifact(1, "perf-records-h100", size_bytes=MAX_ZIP_BYTES + 1),
            "it has 16,777,217 bytes, and 16,777,216 are taken",
        ),
    ],
)
def test_what_is_not_worth_fetching_is_told_without_fetching(artifact: Artifact, reason: str):
    """An unknown hardware, an expired and an oversize artifact cost no request and have their reason."""
    found = delivery(RUN, [artifact], ["h100"], lambda _: pytest.fail("it was fetched"))

    assert [one.reason for one in found.refused] == [reason]


def test_a_run_cannot_make_us_fetch_without_end():
    """Of hundreds of artifacts a bounded number is fetched, and the rest is told."""
    names = [f"perf-records-h100-{number}" for number in range(MAX_ARTIFACTS + 5)]
    found = delivered(dict.fromkeys(names, b""))

    assert [one.reason for one in found.refused].count("a run brings at most 64 of them") == 5


def test_a_record_of_another_hardware_is_refused():
    """What the name says and what the record says must agree."""
    found = delivered({"perf-records-ascend": ZIP})

    assert [one.reason for one in found.refused] == ["its record was measured on 'h100'"]


def test_a_number_at_the_end_may_be_a_shard_or_a_name():
    """With both `h100` and `h100-8` configured the record decides which is meant."""
    known = ["h100", "h100-8"]
    eight = packed(make_record(make_scenario("flux"), hardware="h100-8"))

    assert list(hardware_of("perf-records-h100-8", known)) == ["h100", "h100-8"]
    assert list(delivered({"perf-records-h100-8": eight}, *known).records) == ["h100-8"]


def test_one_bad_artifact_does_not_cost_the_others():
    """What can be judged is judged; what cannot is told."""
    other = packed(make_record(make_scenario("npu"), hardware="ascend"))
    found = delivered({"perf-records-h100": b"not a zip", "perf-records-ascend": other})

    assert (list(found.records), [one.name for one in found.refused]) == (["ascend"], ["perf-records-h100"])


def lie(content: bytes, **fields: Any) -> bytes:
    return make_member(content, **fields)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no zip": (b"\x7fELF", "the zip is broken (BadZipFile)"),
    "nothing": (b"", "the zip is broken (BadZipFile)"),
    "truncated": (ZIP[:-30], "the zip is broken (BadZipFile)"),
    "no record": (make_zip(("x", b"1")), "the zip has no files named run-record.json; one is expected"),
    "two records": (
        make_zip((RECORD_NAME, RECORD), (RECORD_NAME, RECORD)),
        "the zip has 2 files named run-record.json; one is expected",
    ),
    "hidden name": (
        make_zip((RECORD_NAME + "~", RECORD)).replace(b"~", b"\0"),
        "the zip has no files named run-record.json; one is expected",
    ),
    "bomb": (
        make_zip((RECORD_NAME, b" " * 20_000_000)),
        "run-record.json in the zip grows to more than 200 times its size: a bomb",
    ),
    "oversize": (
        lie(RECORD, file_size=MAX_RECORD_BYTES + 1),
        "run-record.json in the zip would have 33,554,433 bytes; 33,554,432 are taken",
    ),
    "shorter than it is": (lie(RECORD, file_size=100), "the zip is broken (BadZipFile)"),
    "wrong checksum": (lie(RECORD, CRC=1), "the zip is broken (BadZipFile)"),
    "encrypted": (lie(RECORD, flag_bits=1), "run-record.json in the zip is encrypted"),
    "other method": (
        make_zip((RECORD_NAME, RECORD), method=14),
        "run-record.json in the zip is packed by a method other than deflate",
    ),
    "link": (
        lie(b"/etc/passwd", external_attr=0o120777 << 16),
        "run-record.json in the zip is not a regular file",
    ),
    "folder": (lie(b"", external_attr=0o040755 << 16), "run-record.json in the zip is not a regular file"),
    "overlapping": (make_overlapping(RECORD), "files in the zip overlap"),
    "crowd": (
        make_zip(*((str(number), b"") for number in range(MAX_MEMBERS)), (RECORD_NAME, RECORD)),
        "the zip has more than 64 files",
    ),
    "zip in zip": (make_zip((RECORD_NAME, ZIP)), "run-record.json: record: Invalid JSON"),
    "no JSON": (make_zip((RECORD_NAME, b"hello")), "run-record.json: record: Invalid JSON"),
    "not a number": (
        make_zip((RECORD_NAME, RECORD.replace(b'"host_ms": 560.0', b'"host_ms": NaN'))),
        "run-record.json: scenarios.0.requests.0.total.host_ms: Input should be a finite number",
    ),
    "infinite": (
        make_zip((RECORD_NAME, RECORD.replace(b'"host_ms": 560.0', b'"host_ms": 1e999'))),
        "run-record.json: scenarios.0.requests.0.total.host_ms: Input should be a finite number",
    ),
    "said twice": (
        make_zip((RECORD_NAME, RECORD.replace(b'"id": "flux"', b'"id": "flux", "id": "flux"'))),
        "run-record.json: id: this key stands twice in one object",
    ),
    "deep": (
        make_zip((RECORD_NAME, b"[" * 100_000), method=0),
        "run-record.json: record: Invalid JSON: recursion limit exceeded",
    ),
    "no UTF-8": (make_zip((RECORD_NAME, b'{"\xff": 1}')), "run-record.json: record: Invalid JSON"),
    "other version": (
        make_zip((RECORD_NAME, RECORD.replace(b'"schema_version": 1', b'"schema_version": 9'))),
        "run-record.json: schema_version: Input should be 1",
    ),
    "more than we know": (
        make_zip((RECORD_NAME, RECORD.replace(b'"schema_version": 1', b'"schema_version": 1, "pull": 8'))),
        "run-record.json: pull: Extra inputs are not permitted",
    ),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_zip_has_a_reason(content: bytes, reason: str):
    """Whatever is wrong with an artifact ends in a clause for the reader, never in a crash or a file."""
    with pytest.raises(ArtifactRejected) as refused:
        record_in(content)
    assert str(refused.value).startswith(reason)


@given(st.data())
def test_flipped_bytes_never_crash(data: st.DataObject):
    """A zip with any few bytes changed is still the same record, or is refused."""
    damaged = bytearray(ZIP)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ArtifactRejected):
        assert record_in(bytes(damaged))[0] == record_from_json(RECORD)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_directory_never_crash(junk: bytes):
    """Bytes before the end record of a zip are a directory that anyone may have written."""
    with pytest.raises(ArtifactRejected):
        record_in(b"PK\x03\x04" + junk + ZIP[-60:])


def test_records_of_a_run_share_a_budget(monkeypatch: pytest.MonkeyPatch):
    """What each may have alone, many may not have together: they are all in memory at once."""
    monkeypatch.setattr("ratchet_bot.hosts.artifacts.MAX_RUN_BYTES", 2 * len(RECORD))
    found = delivered({f"perf-records-h100-{number}": ZIP for number in range(1, 5)})

    assert [one.name for one in found.refused] == ["perf-records-h100-3", "perf-records-h100-4"]
    said = f"the records of a run may have {2 * len(RECORD):,} bytes in all"
    assert {one.reason for one in found.refused} == {said}
    assert len(found.records["h100"]) == 2
