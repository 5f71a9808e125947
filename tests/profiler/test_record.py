import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ratchet_profiler.record import (
    MAX_INTEGER,
    MAX_MESSAGE,
    MAX_MS,
    MAX_RECORD_BYTES,
    MAX_REQUESTS,
    MAX_TEXT,
    Accelerator,
    Environment,
    MachineState,
    Memory,
    RecordRejected,
    RequestRecord,
    RunRecord,
    ScenarioRecord,
    Source,
    StageTiming,
    StepTiming,
    Total,
    record_from_json,
    record_to_json,
)
from ratchet_profiler.record_schema import record_schema

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)
milliseconds = st.floats(min_value=0, max_value=MAX_MS)
counts = st.integers(min_value=0, max_value=1_000_000_000)
sizes = st.integers(min_value=0, max_value=MAX_INTEGER)
shas = st.from_regex(r"[0-9a-f]{7,64}", fullmatch=True)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


@st.composite
def requests(draw: st.DrawFn, number: int) -> RequestRecord:
    stages: list[StageTiming] = []
    for name in draw(st.lists(texts, max_size=5)):
        stages.append(
            StageTiming(
                id=len(stages),
                name=name,
                occurrence=sum(stage.name == name for stage in stages),
                parent=draw(maybe(st.sampled_from([stage.id for stage in stages]))) if stages else None,
                start_ms=draw(milliseconds),
                host_ms=draw(milliseconds),
                device_ms=draw(maybe(milliseconds)),
                memory=draw(
                    maybe(st.builds(Memory, allocated_bytes=sizes, reserved_bytes=sizes, peak_bytes=sizes))
                ),
                error=draw(maybe(texts)),
            )
        )
    steps: list[StepTiming] = []
    for owner in draw(st.lists(st.sampled_from([None, *(stage.id for stage in stages)]), max_size=8)):
        steps.append(
            StepTiming(
                stage_id=owner,
                index=sum(step.stage_id == owner for step in steps),
                host_ms=draw(milliseconds),
                device_ms=draw(maybe(milliseconds)),
                lead_ms=draw(maybe(st.floats(min_value=-MAX_MS, max_value=MAX_MS))),
                forwards=draw(st.dictionaries(texts, counts, max_size=3)),
            )
        )
    return RequestRecord(
        request_id=f"request-{number}",
        clock=draw(st.sampled_from(["host", "device-events"])),
        warmup=draw(st.booleans()),
        total=Total(host_ms=draw(milliseconds), device_ms=draw(maybe(milliseconds))),
        stages=tuple(stages),
        steps=tuple(steps),
        frames=draw(maybe(counts)),
    )


@st.composite
def scenario_records(draw: st.DrawFn, number: int) -> ScenarioRecord:
    return ScenarioRecord(
        id=f"scenario_{number}",
        config_hash=draw(maybe(st.from_regex(r"[0-9a-f]{8,64}", fullmatch=True))),
        requests=tuple(draw(requests(n)) for n in range(draw(st.integers(0, 3)))),
        error=draw(maybe(texts)),
    )


sources = st.builds(
    Source,
    created_at=st.datetimes(
        datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        datetime(2199, 12, 30),  # noqa: DTZ001 - the same
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
    ),
    repository=maybe(st.just("owner/name.py")),
    head_sha=maybe(shas),
    installed_sha=maybe(shas),
    run_id=maybe(counts),
    run_attempt=maybe(counts),
    job=maybe(texts),
)
environments = st.builds(
    Environment,
    hardware=st.sampled_from(["h100", "ascend", "cpu"]),
    accelerator=maybe(st.builds(Accelerator, name=texts, count=counts, memory_bytes=maybe(sizes))),
    driver=maybe(texts),
    cuda=maybe(texts),
    cann=maybe(texts),
    torch=maybe(texts),
    python=texts,
    image=maybe(texts),
    state=st.builds(
        MachineState,
        clock_mhz=maybe(counts),
        temperature_celsius=maybe(st.floats(-100, 300)),
        throttle_reasons=st.lists(texts, max_size=3).map(tuple),
        other_processes=maybe(counts),
    ),
)


@st.composite
def runs(draw: st.DrawFn) -> RunRecord:
    return RunRecord(
        source=draw(sources),
        environment=draw(environments),
        scenarios=tuple(draw(scenario_records(n)) for n in range(draw(st.integers(0, 2)))),
    )


def example() -> dict:
    """Return a small valid record as JSON data, for tests to break."""
    stage = {"id": 0, "name": "DenoisingStage", "occurrence": 0, "start_ms": 0.5, "host_ms": 3.0}
    steps = [{"stage_id": 0, "index": number, "host_ms": 1.5} for number in range(2)]
    request = {
        "request_id": "request-0",
        "clock": "host",
        "total": {"host_ms": 4.0},
        "stages": [stage, stage | {"id": 1, "occurrence": 1, "parent": 0}],
        "steps": steps,
    }
    return {
        "schema_version": 1,
        "source": {"created_at": "2026-11-22T06:00:00Z"},
        "environment": {"hardware": "cpu", "python": "3.11.7"},
        "scenarios": [{"id": "flux", "requests": [request]}],
    }


def many_requests(count: int) -> list[dict]:
    (request,) = example()["scenarios"][0]["requests"]
    return [request | {"request_id": f"request-{number}"} for number in range(count)]


def example_with(path: str, value: object) -> dict:
    """Return the example with one value replaced or added; a path is keys and positions with dots."""
    record = example()
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place = record
    for part in way:
        place = place[part]
    place[last] = value
    return record


def as_json(data: object) -> bytes:
    return json.dumps(data).encode()


@given(run=runs())
def test_a_record_comes_back_as_it_went(run: RunRecord):
    """To JSON and back is the identity, and the bytes are the same the second time."""
    data = record_to_json(run)
    assert record_from_json(data) == run
    assert record_to_json(record_from_json(data)) == data
    assert data.endswith(b"}\n")


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(record_schema())


@settings(max_examples=25)  # jsonschema is slow: 100 would take a quarter of the whole suite's time
@given(run=runs())
def test_every_record_satisfies_its_published_schema(schema: jsonschema.Draft202012Validator, run: RunRecord):
    """A reader in another language may rely on the schema."""
    schema.validate(json.loads(record_to_json(run)))


def test_the_schema_refuses_what_the_record_refuses(schema: jsonschema.Draft202012Validator):
    """It is no mere description: unknown keys and negative times do not satisfy it."""
    assert schema.is_valid(example())
    assert not schema.is_valid(example_with("extra", 1))
    assert not schema.is_valid(example_with(f"{REQUEST}.total.host_ms", -1))


def test_the_schema_explains_every_field_that_may_be_null():
    """When a value is absent is part of the format."""
    for name, model in record_schema()["$defs"].items():
        for field, schema in model["properties"].items():
            if {"type": "null"} in schema.get("anyOf", []):
                assert "description" in schema, f"{name}.{field}"


def test_the_example_is_a_record():
    """The example that the next tests break is whole."""
    assert record_from_json(as_json(example())).scenarios[0].requests[0].stages[1].parent == 0


REQUEST = "scenarios.0.requests.0"
BROKEN = {
    "an unknown key": ("extra", 1, "extra: Extra inputs are not permitted"),
    "an unknown key deep inside": (f"{REQUEST}.total.ms", 1, f"{REQUEST}.total.ms: Extra inputs"),
    "another version": ("schema_version", 2, "schema_version: Input should be 1"),
    "a number as text": (
        f"{REQUEST}.total.host_ms",
        "4.0",
        f"{REQUEST}.total.host_ms: Input should be a valid",
    ),
    "a negative time": (f"{REQUEST}.total.host_ms", -0.1, "greater than or equal to 0"),
    "more than a week": (f"{REQUEST}.total.host_ms", MAX_MS + 1, "less than or equal to 604800000"),
    "no time zone": ("source.created_at", "2026-11-22T06:00:00", "should have timezone info"),
    "a name that is too long": (f"{REQUEST}.request_id", "x" * (MAX_TEXT + 1), "at most 200 characters"),
    "a name with a line break": (f"{REQUEST}.request_id", "a\nb", "should match pattern"),
    "an error that is too long": ("scenarios.0.error", "x" * (MAX_MESSAGE + 1), "at most 2000 characters"),
    "a scenario id with a slash": ("scenarios.0.id", "../x", "should match pattern"),
    "a repository with a query": ("source.repository", "a/b?c", "should match pattern"),
    "too many requests": ("scenarios.0.requests", many_requests(MAX_REQUESTS + 1), "at most 256 items"),
    "a stage id twice": (f"{REQUEST}.stages.1.id", 0, "stage id 0 occurs twice"),
    "an unknown parent": (f"{REQUEST}.stages.1.parent", 7, "stage 1 names parent 7"),
    "a parent that is itself": (f"{REQUEST}.stages.1.parent", 1, "stage 1 names parent 1"),
    "a wrong occurrence": (f"{REQUEST}.stages.1.occurrence", 0, "stage 1 should have occurrence 1"),
    "a step of no stage": (
        f"{REQUEST}.steps.0.stage_id",
        9,
        "a step names stage 9, which is not in the request",
    ),
    "a wrong index": (f"{REQUEST}.steps.1.index", 2, "step 2 of stage 0 should be 1"),
    "a clock of its own": (f"{REQUEST}.clock", "sundial", "Input should be 'host' or 'device-events'"),
    "a scenario twice": ("scenarios", example()["scenarios"] * 2, "scenario 'flux' occurs 2 times"),
    "a request twice": (
        "scenarios.0.requests",
        example()["scenarios"][0]["requests"] * 2,
        "request of flux 'request-0' occurs 2 times",
    ),
}


@pytest.mark.parametrize(("path", "value", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_record_is_refused_in_one_line(path: str, value: object, reason: str):
    """It is read back as untrusted data: the line says where and why."""
    with pytest.raises(RecordRejected) as rejected:
        record_from_json(as_json(example_with(path, value)))
    assert reason in str(rejected.value)
    assert "\n" not in str(rejected.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused(number: float):
    """NaN compares as not slower than anything: it must not reach a comparison."""
    with pytest.raises(RecordRejected, match=r"total.host_ms: Input should be a finite number"):
        record_from_json(as_json(example_with(f"{REQUEST}.total.host_ms", number)))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b'{"schema_version": 1}'])
def test_bytes_that_are_no_record_are_refused(data: bytes):
    """No JSON, other JSON, no UTF-8: one exception for all of them."""
    with pytest.raises(RecordRejected):
        record_from_json(data)


def test_too_many_bytes_are_refused_before_they_are_parsed():
    """A hostile artifact costs no more than its length."""
    with pytest.raises(RecordRejected, match=f"larger than {MAX_RECORD_BYTES} bytes"):
        record_from_json(b"[" * (MAX_RECORD_BYTES + 1))


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_record_or_refused(data: bytes):
    """Nothing else ever comes out."""
    with pytest.raises(RecordRejected):
        record_from_json(data)


def test_a_record_cannot_be_changed():
    """What was measured stays what was measured."""
    run = record_from_json(as_json(example()))
    with pytest.raises(ValueError, match="frozen"):
        run.scenarios = ()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:00:00-08:00"])
def test_a_run_is_not_from_the_ends_of_the_calendar(moment: str):
    """A date that another time zone would move out of the calendar is refused: converting it would crash."""
    source, environment = {"created_at": moment}, {"hardware": "cpu", "python": "3.11"}
    text = json.dumps({"source": source, "environment": environment})

    with pytest.raises(RecordRejected, match=r"source\.created_at"):
        record_from_json(text.encode())
