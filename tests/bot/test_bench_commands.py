"""`make bench`: what the bot's own commands cost."""

from bench.commands import AUDIT, BUDGETS_MS, HELP, Row, budget_lines, in_process, table_lines
from bench.workload import NIGHTS, SCENARIOS, shifted, workload
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.comparability import PastNights
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.tighten import propose
from ratchet_bot.judging.verdicts import Verdict


def test_the_workload_is_of_the_real_shape():
    """67 scenarios of up to 50 steps in six stages; the same at every call, and free of errors."""
    on = workload()
    assert len(on.file.scenarios) == SCENARIOS == 67
    assert {len(one.steps) for one in on.file.scenarios.values()} == {8, 9, 40, 50}
    assert {len(one.stages) for one in on.file.scenarios.values()} == {6}
    assert [one for one in audit(on.file) if one.severity == "error"] == []
    assert workload().file.text == on.file.text


def test_every_scenario_of_the_workload_makes_work():
    """Each is judged with its nights and proposed: nothing is skipped that a budget should hold."""
    on = workload(4)
    verdicts = {
        one.verdict for one in compare(on.file, [on.record], nights=PastNights(past=on.past)).scenarios
    }
    found = propose(on.file, [on.record], past=on.past)
    assert verdicts == {Verdict.IMPROVED}
    assert [one.scenario for one in found.proposals] == list(on.file.scenarios)
    assert {one.chance.nights for one in found.proposals} == {NIGHTS}
    assert shifted(on.past, 1) != on.past


def test_each_piece_of_work_is_measured():
    """One row each, and none of them took no time."""
    rows = in_process(workload(1), rounds=1)
    assert len({row.name for row in rows}) == len(rows) >= 8
    assert all(row.took_ms > 0 for row in rows)


def test_the_table_is_laid_out():
    """Names to the left, milliseconds to the right."""
    assert list(table_lines([Row("read", 1.25), Row("write", 1234.5)])) == [
        "read                                                      1.2 ms",
        "write                                                  1234.5 ms",
    ]


def test_a_missed_budget_is_said():
    """Every budget has its line with both numbers; what has none, has no line."""
    rows = [Row(AUDIT, 450.04), Row(HELP, 90.0), Row("read", 1.0)]
    assert list(budget_lines(rows)) == [
        "budget: perf-ratchet audit h100.json: 450.0 ms of at most 450: MISSED",
        "budget: perf-ratchet --help: 90.0 ms of at most 150: ok",
    ]
    assert BUDGETS_MS[AUDIT] == 450.0
