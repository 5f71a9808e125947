from collections.abc import Callable

import pytest
from bench import contenders, overhead
from bench.contenders import (
    FLOOR,
    OFF_FLOOR,
    OURS,
    OURS_LOOP,
    OURS_OFF,
    SGLANG,
    Contender,
    LoggedStage,
    Metrics,
)
from bench.overhead import Row, budget_lines, measured, table_lines

# torch announces its own future while it is imported; not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

QUIET = [
    Row(FLOOR, 100.0, 100.0),
    Row(OURS, 1000.0, 1100.4),
    Row(OURS_LOOP, None, 640.0),
    Row(OURS_OFF, 250.0, 260.0),
    Row(SGLANG, 2400.0, 2500.0),
]
TABLE = """\
enter and exit                                   a stage    a step  of floor
floor: two perf_counter_ns calls                     100       100      1.0x
ours, host clock                                    1000      1100     11.0x
ours, steps that share boundaries                      -       640      6.4x
ours, off                                            250       260      2.6x
equivalent of sglang's StageProfiler                2400      2500     25.0x"""


def test_the_table_has_nanoseconds_and_multiples_of_the_floor():
    """Each row fits the columns; what a contender does not have is a dash."""
    assert "\n".join(table_lines(QUIET)) == TABLE


def test_budgets_that_are_kept_are_ok():
    """Each with what was measured and what it may be."""
    assert list(budget_lines(QUIET)) == [
        "budget: a step that shares boundaries: 640 ns of at most 1500: ok",
        "budget: a step of its own, two boundaries: 1100 ns of at most 3000: ok",
        "budget: a stage, two boundaries: 1000 ns of at most 3000: ok",
        "budget: a step of its own, below sglang's equivalent: 1100 ns of at most 2500: ok",
        "budget: a stage, below sglang's equivalent: 1000 ns of at most 2400: ok",
        "budget: off: 260 ns of at most 300: ok",
    ]


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        (Row(OURS_LOOP, None, 1500.1), ["a step that shares boundaries"]),
        (Row(OURS, 1000.0, 2501.0), ["a step of its own, below sglang's equivalent"]),
        (Row(OURS, 3001.0, 1000.0), ["a stage, two boundaries", "a stage, below sglang's equivalent"]),
        (Row(OURS_OFF, 301.0, 250.0), ["off"]),
        (Row(SGLANG, 2400.0, 900.0), ["a step of its own, below sglang's equivalent"]),
    ],
)
def test_a_budget_that_is_missed_says_so(row: Row, missed: list[str]):
    """It is told, not raised: a busy machine misses it."""
    rows = [row if row.name == one.name else one for one in QUIET]
    lines = [line for line in budget_lines(rows) if line.endswith("MISSED")]
    assert [line.split(": ")[1] for line in lines] == missed


def test_rounds_are_interleaved_and_the_first_does_not_count():
    """Each contender runs once a round; the median of the others stays, per boundary, less the loop's own."""
    calls: list[str] = []

    def loop(name: str, *taken_ns: int) -> Callable[[int], int]:
        rounds = iter(taken_ns)

        def one(count: int) -> int:
            calls.append(f"{name} {count}")
            return next(rounds)

        return one

    ways = [
        Contender("a", loop("a stage", 9999, 10, 90, 20), None),
        Contender("b", None, loop("b step", 9999, 300, 100, 200)),
    ]
    rows = measured(ways, rounds=3, boundaries=10, going_round=loop("round", 9999, 5, 70, 10))
    assert rows == [Row("a", 1.0, None), Row("b", None, 19.0)]
    assert calls == ["a stage 10", "b step 10", "round 10"] * 4


@pytest.mark.parametrize(
    ("name", "record_as_step", "stages", "steps"),
    [("DenoisingStage", False, 1, 0), ("DenoisingStage", True, 0, 2), ("denoising_step_0", False, 0, 2)],
)
def test_the_equivalent_keeps_what_sglang_keeps(name: str, record_as_step: bool, stages: int, steps: int):  # noqa: FBT001 - a parameter of the test
    """A second stage of one name overwrites the first; steps are appended."""
    metrics = Metrics()
    for _ in range(2):
        with LoggedStage(name, metrics, record_as_step=record_as_step):
            pass
    assert (len(metrics.stages), len(metrics.steps)) == (stages, steps)


def test_make_bench_prints_the_whole_table(capsys: pytest.CaptureFixture):
    """Machine and versions first, every contender once, every budget with a verdict, whichever it is."""
    overhead.main(rounds=1, boundaries=3)
    machine, how, *lines = capsys.readouterr().out.splitlines()
    assert "load " in machine
    assert "torch 2." in machine
    assert how == "nanoseconds of the thread, medians of 1 interleaved rounds of 3, less an empty loop"
    names = [line[: overhead.NAME_WIDTH].strip() for line in lines[2 : lines.index("", 1)]]
    assert names[:7] == [
        FLOOR,
        OURS,
        OURS_LOOP,
        OURS_OFF,
        OFF_FLOOR,
        SGLANG,
        "torch.profiler.record_function, no profiler",
    ]
    assert names[7].startswith("OpenTelemetry span")
    assert [line.rpartition(": ")[2] in {"ok", "MISSED"} for line in lines[-6:]] == [True] * 6


def test_what_is_not_installed_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch):
    """By name."""
    monkeypatch.setattr(contenders, "find_spec", lambda _name: None)
    assert list(contenders.missing()) == ["OpenTelemetry span: opentelemetry-sdk is not installed"]
