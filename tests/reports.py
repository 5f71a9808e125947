"""Reports that the tests of the words render: each is one story."""

from collections.abc import Mapping
from typing import Any

from builders import STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import BaselineFile
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.comparability import PastNights, Setting, versions
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.tighten import propose
from ratchet_bot.telling.hardware_report import HardwareReport, hardware_report
from ratchet_bot.telling.report import Report, report_on
from ratchet_profiler.record import RequestRecord, RunRecord, comparability_key

NAME = "flux_image_t2i"
SLOW_STAGES = {**STAGES, "DenoisingStage": 700.0, "TextEncodingStage": 200.0}
ROUND = ("hand-typed", "copied-scenario")
"""What the audit says of the builders' values, which are round on purpose and those of every scenario."""
QUIET = [1.0, 1.002, 0.998, 1.001, 0.999, 1.003, 0.997, 1.0, 1.001, 0.999] * 3
"""Thirty nights without a change, relative to their level."""


def make_section(
    file: BaselineFile, record: RunRecord, nights: PastNights | None = None, **terms: Any
) -> HardwareReport:
    """Return the report on one run, by these terms."""
    return hardware_report(
        f".github/perf-baselines/{record.environment.hardware}.json",
        file,
        [record],
        compare(file, [record], Terms(**terms), nights=nights or PastNights()),
        proposals=propose(file, [record]),
        findings=[finding for finding in audit(file) if finding.rule not in ROUND],
    )


def make_report(*runs: tuple[BaselineFile, RunRecord]) -> Report:
    """Return the report on runs against baseline files."""
    return report_on([make_section(file, record) for file, record in runs])


def nights_of(e2e_ms: float = 560.0) -> Mapping[str, list[float]]:
    """Return thirty quiet nights of end to end at a level."""
    return {"expected_e2e_ms": [e2e_ms * ratio for ratio in QUIET]}


def requests_of(times_ms: list[float], *more_ms: float) -> tuple[RequestRecord, ...]:
    """Return requests that take so long end to end, and appended ones; both begin with a warm-up."""
    taken = [
        make_request("w", warmup=True),
        *(make_request(f"r{i}", e2e_ms=ms) for i, ms in enumerate(times_ms)),
    ]
    if more_ms:
        taken.append(make_request("v", warmup=True))
        taken += [make_request(f"s{i}", e2e_ms=ms) for i, ms in enumerate(more_ms)]
    return tuple(taken)


def regression() -> Report:
    """One scenario slower in the denoiser and, told only, in the text encoder; one as it was; one failed."""
    slow = make_request(e2e_ms=1000.0, stages=SLOW_STAGES, steps=(90.0, 150.0, 150.0, 150.0, 150.0))
    file = make_baselines({name: make_values() for name in (NAME, "wan2_1_t2v_1.3b", "qwen_image_t2i")})
    record = make_record(
        make_scenario(NAME, slow),
        make_scenario("wan2_1_t2v_1.3b"),
        make_scenario("qwen_image_t2i", make_request(warmup=True), error="RuntimeError: CUDA out of memory"),
        run_id=25963872007,
        run_attempt=2,
    )
    return make_report((file, record))


def improvement() -> Report:
    """One scenario faster by a tenth, on two kinds of hardware, of which one holds bad baselines."""
    record = make_record(make_scenario(NAME, *(make_request(f"r{i}", scale=0.9 + i / 100) for i in range(3))))
    ascend = make_record(make_scenario(NAME), hardware="ascend")
    inconsistent = make_baselines(
        {NAME: make_values(expected_avg_denoise_ms=132.32), "held": make_values(e2e_ms=0.0)}
    )
    return make_report((make_baselines({NAME: make_values()}), record), (inconsistent, ascend))


def unchanged() -> Report:
    """Everything as it was."""
    return make_report((make_baselines({NAME: make_values()}), make_record(make_scenario(NAME))))


def nothing_measured() -> Report:
    """The run came back empty."""
    return make_report((make_baselines({NAME: make_values()}), make_record()))


def incomplete() -> Report:
    """One scenario as it was, one that was not measured, one without a baseline, one with a placeholder."""
    file = make_baselines({"flux": make_values(), "gone": make_values(), "held": make_values(e2e_ms=0.0)})
    return make_report((file, make_record(make_scenario("flux"), make_scenario("new"))))


def oversize() -> Report:
    """Four hundred scenarios, all of them slower."""
    names = [f"scenario_{index:03d}_with_quite_a_long_name_as_they_have_them" for index in range(400)]
    file = make_baselines({name: make_values() for name in names})
    slower = [make_scenario(name, scale=2.0 + index / 100) for index, name in enumerate(names)]
    return make_report((file, make_record(*slower)))


def suspects() -> Report:
    """One scenario slower than its noise, one that still is after more requests, one that these have cleared.

    The tolerances are wide enough to be told.
    """
    names = ("new_suspect", "still_suspect", "cleared")
    file = make_baselines(
        {name: make_values() for name in names},
        tolerances={"e2e": 1.5, "denoise_stage": 0.2, "non_denoise_stage": 0.8, "denoise_step": 0.3}
        | {"denoise_agg": 0.2},
    )
    record = make_record(
        make_scenario("new_suspect", *requests_of([601.0, 600.0, 602.0])),
        make_scenario("still_suspect", *requests_of([601.0, 600.0, 602.0], 603.0, 599.0, 600.0)),
        make_scenario("cleared", *requests_of([590.0, 600.0, 602.0], 561.0, 560.0, 559.0, 560.0, 562.0)),
    )
    return report_on([make_section(file, record, PastNights(dict.fromkeys(names, nights_of())))])


def shifted() -> Report:
    """Three of four scenarios slower on a newer driver, and one as it was."""
    names = ("one", "two", "three", "four")
    file = make_baselines({name: make_values() for name in names})
    record = make_record(*(make_scenario(name, scale=1.4 if name != "four" else 1.0) for name in names))
    before = record.environment.model_copy(update={"driver": "565.57.01"})
    last = Setting(comparability_key(before, "host"), versions(before))
    return report_on([make_section(file, record, PastNights(last_settings=dict.fromkeys(names, last)))])
