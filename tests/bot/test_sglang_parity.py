"""`--policy sglang` against a second implementation, written from what that engine's test asserts.

The second one shares no code with the first: it reads the file as JSON and a request as plain numbers.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest
from builders import STAGES, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.verdicts import Verdict
from ratchet_profiler.record import RequestRecord
from sglang_files import FOLDER, sglang_text

REAL = sorted({path.stem for path in FOLDER.glob("*.json")} - {"b200_2026-08-22"})
"""Every file of sglang but one: no scenario of the B200 file of August had a value yet."""
MADE_UP = {
    "sampling": {"step_fractions": [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0]},
    "tolerances": {"e2e": 0.1, "denoise_stage": 0.05, "non_denoise_stage": 1.2, "denoise_step": 0.2}
    | {"denoise_agg": 0.1},
    "scenarios": {
        "image": make_values(),
        "video": make_values(
            stages={"LTX2AVDenoisingStage": 400.0, "LTX2RefinementStage": 90.0, "HeliosDecodingStage": 900.0}
            | {"per_frame_generation": 31.0},
            e2e_ms=1500.0,
        ),
        "sampled": make_values() | {"denoise_step_ms": {"0": 50.0, "2": 110.0, "30": 90.0}},
        "no_average": make_values() | {"expected_avg_denoise_ms": 0.0},
    },
}
DEFAULTS = {
    "pr_test": (0.25, 0.25, 0.8, 0.3, 0.2),
    "long_term": (0.15, 0.1, 0.5, 0.25, 0.15),
}
"""End to end, denoising stage, other stages, step, average and median: for a file that has none."""


@dataclass(frozen=True)
class Request:
    """What the engine's test reads of a request."""

    total: float
    stages: Mapping[str, float]
    steps: Sequence[float]
    frames: int | None


class Engine:
    """The second implementation."""

    def __init__(self, document: Mapping[str, Any], profile: str) -> None:
        """Read what the document allows."""
        table = document.get("tolerances")
        if table is None:
            table = dict(
                zip(
                    ("e2e", "denoise_stage", "non_denoise_stage", "denoise_step", "denoise_agg"),
                    DEFAULTS[profile],
                    strict=True,
                )
            )
        self.allowed = table if "e2e" in table else table[profile]
        self.fractions = document.get("sampling", {}).get("step_fractions", [0, 0.2, 0.4, 0.6, 0.8, 1])

    def checks(
        self, scenario: Mapping[str, Any], request: Request
    ) -> Iterator[tuple[str, float | None, bool]]:
        """Yield (place, limit, passed) of every assertion; no limit where something has to be there."""
        yield "there is a total", None, request.total > 0
        yield self._below("expected_e2e_ms", request.total, scenario["expected_e2e_ms"], self.allowed["e2e"])
        yield from self._averages(scenario, request)
        yield from self._steps(scenario, request)
        yield "there are stages", None, bool(request.stages)
        for name, expected in scenario["stages_ms"].items():
            if name != "per_frame_generation":
                yield self._stage(name, request.stages.get(name), expected)
        per_frame = scenario["stages_ms"].get("per_frame_generation")
        if request.frames and per_frame:
            time = request.total / request.frames
            place = "stages_ms.per_frame_generation"
            yield self._below(place, time, per_frame, self.allowed["denoise_stage"])

    def _averages(
        self, scenario: Mapping[str, Any], request: Request
    ) -> Iterator[tuple[str, float | None, bool]]:
        steps = request.steps or [0.0]
        measured = {"avg": sum(steps) / len(steps), "median": median(steps)}
        for kind, value in measured.items():
            expected = scenario[f"expected_{kind}_denoise_ms"]
            if expected:
                yield f"there is a {kind}", None, kind == "median" or value > 0
                place = f"expected_{kind}_denoise_ms"
                yield self._below(place, value, expected, self.allowed["denoise_agg"])

    def _steps(
        self, scenario: Mapping[str, Any], request: Request
    ) -> Iterator[tuple[str, float | None, bool]]:
        last = len(request.steps) - 1
        for index in sorted({round(fraction * last) for fraction in self.fractions if last >= 0}):
            expected = scenario["denoise_step_ms"].get(str(index))
            if expected is None:
                continue
            tolerance, pad = (4.0, 80.0) if index == 0 else (self.allowed["denoise_step"], 20.0)
            if request.frames is not None and index > 0:
                pad = 160.0
            yield self._below(f"denoise_step_ms.{index}", request.steps[index], expected, tolerance, pad)

    def _stage(self, name: str, measured: float | None, expected: float) -> tuple[str, float | None, bool]:
        tolerance = self.allowed["denoise_stage" if name == "DenoisingStage" else "non_denoise_stage"]
        pad = 120.0
        if name.endswith("DecodingStage"):
            tolerance, pad = max(tolerance, 0.9), 450.0
        if measured is None:
            return f"there is {name}", None, False
        return self._below(f"stages_ms.{name}", measured, expected, tolerance, pad)

    @staticmethod
    def _below(
        place: str, value: float, expected: float, tolerance: float, pad: float = 20.0
    ) -> tuple[str, float, bool]:
        limit = max(expected * (1 + tolerance), expected + pad)
        return place, limit, value <= limit


def near(dice: random.Random, expected: float) -> float:
    """Return a time that is likely to be near one of the limits of this one."""
    kind = dice.random()
    if kind < 0.6:
        return expected * dice.uniform(0.3, 1.1)
    if kind < 0.8:
        return (
            expected
            * dice.choice([1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.5, 1.6, 1.8, 1.9])
            * dice.choice([1, 1 + 1e-12])
        )
    return expected + dice.choice([19.99, 20.0, 20.01, 79.0, 81.0, 120.0, 120.1, 159.9, 160.1, 450.0, 451.0])


def random_request(dice: random.Random, scenario: Mapping[str, Any]) -> Request:
    """Return a request of any shape: now and then another number of steps, a stage less, one more."""
    values = list(scenario["denoise_step_ms"].values())
    count = dice.choices([len(values), dice.randint(0, 60)], [4, 1])[0]
    slowness = dice.choice([1.0, 1.0, 1.1, 1.3])
    stages = {
        name: near(dice, expected) * slowness
        for name, expected in scenario["stages_ms"].items()
        if expected is not None and dice.random() > 0.02
    }
    if dice.random() < 0.2:
        stages["AnotherStage"] = 1.0
    return Request(
        total=dice.choices([near(dice, scenario["expected_e2e_ms"]) * slowness, 0.0], [30, 1])[0],
        stages=stages,
        steps=[near(dice, dice.choice(values or [100.0])) * slowness for _ in range(count)],
        frames=dice.choice([None, 17, 81]),
    )


def as_record(request: Request) -> RequestRecord:
    return make_request(
        e2e_ms=request.total, stages=request.stages, steps=request.steps, frames=request.frames
    )


def assert_parity(document: Mapping[str, Any], profile: str, seed: int, rounds: int) -> tuple[int, int]:
    """Claim that both judge alike, check by check; return how many passed and failed."""
    dice = random.Random(seed)  # noqa: S311 - test data
    file, engine = baselines_from_text(json.dumps(document)), Engine(document, profile)
    verdicts = []
    for name, scenario in [one for one in document["scenarios"].items() for _ in range(rounds)]:
        request = random_request(dice, scenario)
        expected = list(engine.checks(scenario, request))
        record = make_record(make_scenario(name, as_record(request)))
        [ours] = compare(file, [record], Terms(profile=profile, policy="sglang", scenarios=name)).scenarios
        rows = {row.field: (row.limit_ms, not row.crossed) for row in ours.rows}
        theirs = {place: (limit, passed) for place, limit, passed in expected if limit is not None}
        assert rows.keys() == theirs.keys()
        for place, (limit, passed) in theirs.items():
            assert rows[place] == (pytest.approx(limit, rel=0, abs=1e-9), passed), (name, place)
        fails = not all(passed for _, _, passed in expected)
        assert (ours.verdict is Verdict.REGRESSED) is fails, (name, ours.reason)
        assert all(row.gates for row in ours.rows)
        verdicts.append(fails)
    return verdicts.count(False), verdicts.count(True)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("profile", ["pr_test", "long_term"])
def test_every_scenario_with_stages_is_judged_as_the_engine_judges(name: str, profile: str):
    """Random requests near the limits of each scenario: each limit to 1e-9, each check, each verdict.

    Of scenarios with stages: for the others the engine checks end to end and load times only
    (`run_perf_check=False`), which is not the test rewritten here. Load times, memory and what depends on
    the runner do not occur.
    """
    document = json.loads(sglang_text(name))
    with_stages = {name: values for name, values in document["scenarios"].items() if values["stages_ms"]}
    passed, failed = assert_parity(document | {"scenarios": with_stages}, profile, seed=1, rounds=6)
    assert min(passed, failed) > 0


@pytest.mark.parametrize("seed", range(5))
def test_a_flat_table_and_odd_scenarios_are_judged_as_the_engine_judges(seed: int):
    """Sparse steps, a time per frame, other names of denoising stages, an average of 0."""
    passed, failed = assert_parity(MADE_UP, "pr_test", seed, rounds=40)
    assert min(passed, failed) >= 5


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (make_request(e2e_ms=0.0), "end to end was not measured"),
        (make_request(steps=()), "denoising steps were not measured"),
        (
            make_request(stages={}, steps=()),
            "denoising steps were not measured; no stage was measured"
            + "".join(f"; stage {name} was not measured" for name in STAGES),
        ),
        (
            make_request(stages={"DenoisingStage": 1.0, "DecodingStage": 1.0}),
            "stage TextEncodingStage was not measured",
        ),
    ],
)
def test_what_the_engine_misses_fails(request_: RequestRecord, reason: str):
    """Its test has no other word for it than failure; the reason says what was missing."""
    file = baselines_from_text(json.dumps({"scenarios": {"flux": make_values()}}))
    [one] = compare(file, [make_record(make_scenario("flux", request_))], Terms(policy="sglang")).scenarios
    assert (one.verdict, one.reason) == (Verdict.REGRESSED, reason)
