from builders import make_record, make_scenario
from history_lines import make_line
from ratchet_bot.judging.comparability import Setting, past_nights, versions
from ratchet_profiler.record import comparability_key

RECORD = make_record(make_scenario("flux"), make_scenario("wan"), run_id=100)
KEY = comparability_key(RECORD.environment, "host")
HERE = versions(RECORD.environment)


def test_the_nights_of_the_same_key_are_the_past():
    """Those of another key, another hardware, another scenario, and those that do not count are left out."""
    lines = [
        make_line(3, 103.0, comparability=KEY),
        make_line(1, 101.0, comparability=KEY),
        make_line(2, 999.0, comparability="another"),
        make_line(4, 999.0, comparability=KEY, hardware="ascend"),
        make_line(5, 999.0, comparability=KEY, valid=False),
        make_line(6, 999.0, comparability=KEY, excluded="a trial"),
        make_line(100, 999.0, comparability=KEY),
    ]
    assert past_nights(lines, "h100", [RECORD], "host").past == {"flux": {"expected_e2e_ms": [101.0, 103.0]}}


def test_last_night_is_known_whether_it_compares_or_not():
    """The newest line of each scenario that counts, in whatever order the lines are read."""
    lines = [
        make_line(2, comparability=KEY, environment=HERE),
        make_line(1, comparability="older", environment="driver 1"),
        make_line(3, comparability=KEY, environment="driver 3", valid=False),
        make_line(1, comparability="older", environment="driver 1", scenario="wan"),
    ]
    assert past_nights(lines, "h100", [RECORD], "host").last_settings == {
        "flux": Setting(KEY, HERE),
        "wan": Setting("older", "driver 1"),
    }


def test_before_the_first_night_nothing_is_known():
    """No noise, no machine."""
    found = past_nights([], "h100", [RECORD], "host")
    assert (found.past, found.last_settings) == ({}, {})
