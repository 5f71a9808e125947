"""Findings that somebody accepts for a while."""

from datetime import date

from audit_cases import measured
from builders import make_baselines
from ratchet_bot.data.settings import Waiver
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.rule import Finding

DAY = date(2026, 11, 22)
FILE = make_baselines({"a": measured(expected_avg_denoise_ms=95.4), "b": {}})


def waiver(rule: str = "mean-mismatch", scenario: str = "a", expires: date = DAY) -> Waiver:
    """Return a waiver that still counts on the day."""
    return Waiver(rule=rule, scenario=scenario, reason="until the runner is mended", expires=expires)


def audited(*waivers: Waiver, **options: object) -> list[Finding]:
    """Return what is found on the day."""
    return audit(FILE, waivers=waivers, today=DAY, **options)


def test_a_waived_finding_says_why():
    """Rule and scenario must be those of the waiver; it counts on its last day."""
    found = {(one.rule, one.scenario): one.waived for one in audited(waiver())}

    assert found == {
        ("mean-mismatch", "a"): "until the runner is mended (until 2026-11-22)",
        ("unguarded", "b"): "",
    }


def test_an_expired_waiver_waives_nothing_and_is_told():
    """The day after its last one it is a finding of its own, with what it was for."""
    found = audited(waiver(expires=date(2026, 11, 21)))

    assert [(one.rule, one.severity, one.scenario, one.waived) for one in found] == [
        ("mean-mismatch", "error", "a", ""),
        ("unguarded", "warning", "b", ""),
        ("waiver", "warning", "a", ""),
    ]
    assert found[2].message == (
        "the waiver of mean-mismatch expired on 2026-11-21 (its reason: until the runner is mended): fix "
        "what it waived, or give it a new date and a reason"
    )


def test_without_a_day_no_waiver_has_expired():
    """Who does not say which day it is gets every waiver."""
    [finding] = [one for one in audit(FILE, waivers=[waiver(expires=date(2000, 1, 1))]) if one.waived]

    assert finding.rule == "mean-mismatch"


def test_a_waiver_of_no_rule_names_a_close_one():
    """A mistyped rule is a warning that says what was meant."""
    [flaw] = [one for one in audited(waiver("mean-missmatch")) if one.rule == "waiver"]

    assert (flaw.severity, flaw.problem, flaw.remedy) == (
        "warning",
        "a waiver names the rule mean-missmatch, which does not exist",
        "did you mean mean-mismatch?",
    )
    [strange] = [one for one in audited(waiver("xyz")) if one.rule == "waiver"]
    assert strange.remedy == "perf-ratchet audit --rules names them all"


def test_a_waiver_that_waives_nothing_is_a_note():
    """It may be for another baseline file, so it is a note; so is one of a scenario that is not there."""
    for unused in (waiver("median-mismatch"), waiver(scenario="gone")):
        [flaw] = [one for one in audited(unused) if one.rule == "waiver"]
        assert (flaw.severity, flaw.remedy) == ("info", "remove it, unless another baseline file needs it")


def test_a_waiver_of_a_rule_that_could_not_fire_is_not_idle():
    """Without an older file nothing is loosened, so its waiver says nothing; with one it is idle."""
    loosened = waiver("loosened")

    assert [one.rule for one in audited(loosened) if one.rule == "waiver"] == []
    assert [one.rule for one in audited(loosened, against=FILE) if one.rule == "waiver"] == ["waiver"]


def test_of_two_waivers_the_first_counts():
    """Two waivers of one finding are both used."""
    second = Waiver(rule="mean-mismatch", scenario="a", reason="other", expires=DAY)
    found = audited(waiver(), second)

    assert [one.waived for one in found] == ["until the runner is mended (until 2026-11-22)", ""]


def test_what_is_said_about_waivers_is_not_of_the_change():
    """A pull request is not told of waivers that expired by themselves."""
    [flaw] = [one for one in audited(waiver("xyz"), against=FILE) if one.rule == "waiver"]

    assert not flaw.introduced
