"""What people, merge conflicts, other programs and attackers may leave in the place of a file of ours."""

import json
from collections.abc import Mapping
from typing import Any, Final

from builders import make_record, make_scenario, make_values
from ratchet_profiler.record import record_to_json

FLUX: Final = json.dumps(make_values(e2e_ms=1000.0))
"""A scenario that `record()` would tighten."""
TEN_MEGABYTES: Final = 10_000_000


def record() -> bytes:
    """Return a record of one scenario, "flux"."""
    return record_to_json(make_record(make_scenario()))


def baselines(scenario: str = FLUX, before: str = "") -> bytes:
    """Return a baseline file of one scenario, "flux", as this JSON text; what is before stands at the top."""
    return f'{{{before} "scenarios": {{"flux": {scenario}}}}}'.encode()


def flux(**values: Any) -> bytes:
    """Return a baseline file with these values in its scenario."""
    return baselines(json.dumps(json.loads(FLUX) | values))


NO_JSON: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "white space": b" \n" * 1000,
    "zeros": bytes(4096),
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 64,
    "an archive": b"PK\x03\x04" + bytes(range(256)) * 64,
    "a merge conflict": b"<<<<<<< HEAD\n" + baselines() + b"\n=======\n{}\n>>>>>>> theirs\n",
    "UTF-16": baselines().decode().encode("utf-16"),
    "UTF-16 without a mark": baselines().decode().encode("utf-16-le"),
    "UTF-32": baselines().decode().encode("utf-32"),
    "latin-1": baselines(before='"caf\u00e9": 1,').decode().encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbf" + baselines(),
    "half a surrogate pair": baselines(before='"a": "\\ud800",'),
    "overlong UTF-8": b'{"scenarios": {"\xc0\xaf": {}}}',
    "a comment": baselines(before="// ours\n"),
    "single quotes": baselines().replace(b'"', b"'"),
    "cut off": baselines()[:-20],
    "two texts": baselines() * 2,
    "a comma too many": b'{"scenarios": {},}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep and closed": b'{"scenarios": ' + b"[" * 500 + b"]" * 500 + b"}",
    "a number of 5000 digits": b'{"scenarios": {}, "a": ' + b"9" * 5000 + b"}",
}
"""Refused as either of the two."""

NO_BASELINES: Final[Mapping[str, bytes]] = {
    "null": b"null",
    "a number": b"1e308",
    "a list": b"[]",
    "a string of 10 MB": b'"' + b"x" * TEN_MEGABYTES + b'"',
    "no scenarios": b"{}",
    "scenarios as a list": b'{"scenarios": []}',
    "a scenario as a list": baselines("[]"),
    "a scenario as null": baselines("null"),
    "stages as a list": flux(stages_ms=[1, 2]),
    "steps as a list": flux(denoise_step_ms=[1, 2]),
    "a negative step": flux(denoise_step_ms={"-1": 1.0}),
    "a step with a sign": flux(denoise_step_ms={"+1": 1.0}),
    "a step in words": flux(denoise_step_ms={"first": 1.0}),
    "a step beyond all": flux(denoise_step_ms={"99999999": 1.0}),
    "a provenance in words": flux(provenance="CI"),
    "a tolerance in words": baselines(before='"tolerances": {"pr_test": "lax"},'),
    "a negative tolerance": baselines(before='"tolerances": {"pr_test": {"e2e": -1}},'),
    "a clock of its own": baselines(before='"metadata": {"clock": "sundial"},'),
    "sampling beyond the end": baselines(before='"sampling": {"step_fractions": [2]},'),
    "a stage's name of 10 kB": flux(stages_ms={"x" * 10_000: 1.0}),
    "a scenario's name of 10 kB": b'{"scenarios": {"' + b"x" * 10_000 + b'": {}}}',
}

STRANGE: Final[Mapping[str, bytes]] = {
    "a negative step": flux(denoise_step_ms={"0": -50.0, "1": 100.0, "2": 110.0, "3": 100.0, "4": 90.0}),
    "NaN": flux(expected_avg_denoise_ms=float("nan"), stages_ms={"DenoisingStage": float("nan")}),
    "Infinity": flux(expected_e2e_ms=float("inf")),
    "1e308": flux(denoise_step_ms=dict.fromkeys("01234", 1.7e308), stages_ms={"DenoisingStage": 1.7e308}),
    "1e400": baselines(FLUX.replace("1000.0", "1e400")),
    "2 to the 70th": flux(expected_e2e_ms=2**70),
    "400 digits": flux(expected_e2e_ms=10**400),
    "the smallest": flux(expected_e2e_ms=5e-324, stages_ms={"DenoisingStage": 5e-324}),
    "minus zero": flux(expected_e2e_ms=-0.0, denoise_step_ms=dict.fromkeys("01234", -0.0)),
    "mixed types": flux(
        expected_e2e_ms="1000",
        expected_avg_denoise_ms=True,
        stages_ms={"DenoisingStage": [460], "DecodingStage": {"ms": 60}, "TextEncodingStage": None},
        denoise_step_ms={"0": "50", "1": None, "2": False, "3": [], "4": {}},
    ),
    "nothing inside": baselines("{}"),
    "deep inside": flux(
        estimated_full_test_time_s=json.loads("[" * 50 + "]" * 50), stages_ms={"A": [[[[]]]]}
    ),
    "keys twice": baselines(
        f'{FLUX}, "flux": {FLUX}, "flux": {FLUX[:-1]}, "expected_e2e_ms": 1, "a": 1, "a": 2}}'
    ),
    "a thousand keys twice": baselines(before='"a": [' + '{"": 1, "": 2},' * 1000 + "0],"),
    "a string of 1 MB": baselines(before='"a": "' + "x" * 1_000_000 + '",'),
    "a value of 1 MB": flux(expected_e2e_ms="x" * 1_000_000),
    "a description of 1 MB": baselines(
        before='"metadata": {"description": "' + "2026-05-17 " * 100_000 + '"},'
    ),
    "escapes": baselines(before='"a": "' + "\\ud83d\\ude00" * 100_000 + '",'),
    "control characters": baselines(before='"\\u001b[2J\\r\\n::set-output": 1,').replace(
        b"flux", b"\\u001b[31mflux"
    ),
    "markup": baselines().replace(b"TextEncodingStage", b"<img src=x onerror=alert(1)>`|@octocat"),
    "a thousand strange scenarios": json.dumps(
        {
            "scenarios": {
                f"s{number}": {"stages_ms": {"A": -1}, "expected_e2e_ms": "x"} for number in range(1000)
            }
        }
    ).encode(),
    "1024 strange stages": flux(stages_ms={f"s{number}": -number for number in range(1024)}),
    "4096 strange steps": flux(denoise_step_ms={str(number): [] for number in range(4096)}),
}
"""Baseline files: whatever they say, there is something to say about them."""

NO_RECORD: Final[Mapping[str, bytes]] = {
    "null": b"null",
    "a list": b"[]",
    "a string of 10 MB": b'"' + b"x" * TEN_MEGABYTES + b'"',
    "a string of 10 MB inside": record().replace(b'"r0"', b'"' + b"x" * TEN_MEGABYTES + b'"'),
    "another version": record().replace(b'"schema_version": 1', b'"schema_version": 2'),
    "an unknown key": record().replace(b'"schema_version"', b'"also": {"a": [1]}, "schema_version"'),
    "a key twice": record().replace(b'"schema_version": 1', b'"schema_version": 1, "schema_version": 1'),
    "NaN": record().replace(b"560.0", b"NaN"),
    "Infinity": record().replace(b"560.0", b"Infinity"),
    "1e308": record().replace(b"560.0", b"1e308"),
    "1e400": record().replace(b"560.0", b"1e400"),
    "a negative time": record().replace(b"560.0", b"-560.0"),
    "a time as text": record().replace(b"560.0", b'"560.0"'),
    "a time as true": record().replace(b"560.0", b"true"),
    "no scenarios' list": b'{"source": 1, "environment": 2, "scenarios": 3}',
    "a baseline file": baselines(),
}

_SCENARIO: Final = '{"scenarios": {"flux": {'
HUGE_BASELINES: Final[Mapping[str, tuple[str, str, str, int]]] = {
    "more bytes than any": (" ", " ", "{}", 9_000_000),
    "numbers": ('{"scenarios": {}, "a": [', "1,", "1]}", 8_000_000),
    "empty lists": ('{"scenarios": {}, "a": [', "[],", "1]}", 8_000_000),
    "lists in lists": ('{"scenarios": {}, "a": [', "[" * 60 + "]" * 60 + ",", "1]}", 8_000_000),
    "unknown keys": ('{"scenarios": {}, "a": {', '"%d":0,', '"a":0}}', 8_000_000),
    "one key": ('{"scenarios": {}, "a": {', '"":0,', '"":0}}', 8_000_000),
    "scenarios": ('{"scenarios": {', '"%d":{},', '"a":{}}}', 8_000_000),
    "scenarios that are none": ('{"scenarios": {', '"%d":0,', '"a":0}}', 2_000_000),
    "steps": (_SCENARIO + '"denoise_step_ms": {', '"%d":1,', '"0":0}}}}', 2_000_000),
    "steps that are none": (_SCENARIO + '"denoise_step_ms": {', '"x%d":1,', '"0":0}}}}', 2_000_000),
    "stages": (_SCENARIO + '"stages_ms": {', '"%d":1,', '"a":0}}}}', 2_000_000),
}
"""Beginning, middle, end and bytes of baseline files: at the limit of bytes, or at that of values."""

_STEPS: Final = '{"scenarios": [{"id": "flux", "requests": [{"steps": ['
HUGE_RECORDS: Final[Mapping[str, tuple[str, str, str, int]]] = {
    "more bytes than any": (" ", " ", "{}", 34_000_000),
    "3 million unknown keys": ("{", '"%d":0,', '"a":0}', 33_000_000),
    "one key": ("{", '"id":0,', '"id":0}', 16_000_000),
    "reasons": ('{"environment": {"absent": {', '"a":0,', '"a":0}}}', 16_000_000),
    "numbers for steps": (_STEPS, "1,", "1]}]}]}", 16_000_000),
    "lists in lists": ('{"a": [', "[" * 60 + "]" * 60 + ",", "1]}", 16_000_000),
    "empty steps": (_STEPS, "{},", "1]}]}]}", 16_000_000),
    "unknown keys in steps": (_STEPS, '{"a":0,"b":0,"c":0},', "1]}]}]}", 16_000_000),
    "scenarios": ('{"scenarios": [', '{"id":"a"},', "{}]}", 16_000_000),
    "strings": ('{"scenarios": [', '"",', '""]}', 16_000_000),
    "escapes": ('{"a": "', "\\\\", '"}', 16_000_000),
    "deep lists": ("", "[", "", 16_000_000),
    "deep objects": ("", '{"a":', "", 16_000_000),
    "one string": ('{"a": "', "x", '"}', 16_000_000),
    "an open string": ('{"a": "', "x", "", 16_000_000),
}
"""The same of records."""


def filled(head: str, unit: str, tail: str, size: int) -> bytes:
    """Return a text of about so many bytes; where its middle part has a %d, that counts."""
    if "%d" not in unit:
        return (head + unit * (size // len(unit)) + tail).encode()
    return (head + "".join([unit % number for number in range(size // (len(unit) + 5))]) + tail).encode()
