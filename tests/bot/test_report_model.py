"""What a reader is told, before it has words."""

from dataclasses import replace

from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.judging.comparability import PastNights
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.rules.rule import Finding
from ratchet_bot.judging.tighten import propose
from ratchet_bot.judging.verdicts import Verdict
from ratchet_bot.telling import render
from ratchet_bot.telling.hardware_report import Unjudged, hardware_report
from ratchet_bot.telling.report import Report
from reports import incomplete, make_section, nights_of, shifted, suspects

FILE = make_baselines()


def finding(rule: str, **fields: object) -> Finding:
    """Return an error of the builders' scenario."""
    told = Finding(rule, "error", "flux", "expected_e2e_ms", 1.0, 2.0, f"{rule} is wrong", "mend it")
    return replace(told, **fields)  # type: ignore[arg-type]


def section_with(*findings: Finding):
    record = make_record(make_scenario())
    return hardware_report(
        "h100.json",
        FILE,
        [record],
        compare(FILE, [record]),
        proposals=propose(FILE, [record]),
        findings=findings,
    )


def test_what_a_change_brought_is_open_and_the_rest_is_folded():
    """Waived findings, notes, and those of scenarios that were not compared are left out."""
    section = section_with(
        finding("old"),
        finding("new", introduced=True),
        finding("accepted", waived="known since May"),
        finding("note", severity="info"),
        finding("elsewhere", scenario="gone"),
    )
    assert [one.rule for one in section.introduced] == ["new"]
    assert [one.rule for one in section.older] == ["old"]
    comment = render.comment(Report((section,)))
    open_part, folded = comment.split("<details><summary>1 finding about these baselines")
    assert "<details open><summary>1 finding introduced by a change to these baselines" in open_part
    assert "`new` in `flux`: new is wrong: mend it" in open_part
    assert "`old` in `flux`" in folded


def test_a_reason_is_told_once():
    """Scenarios that could not be judged for the same reason are one line, however many they are."""
    names = [f"s{index:02d}" for index in range(25)]
    file = make_baselines({name: make_values() for name in [*names, "broken"]})
    record = make_record(make_scenario("broken", make_request(), error="crashed"))
    section = make_section(file, record)
    assert section.reasons == [
        Unjudged(Verdict.MISSING, "it is not in this run", tuple(names)),
        Unjudged(Verdict.INVALID, "crashed", ("broken",)),
    ]
    comment = render.comment(Report((section,)))
    shown = ", ".join(f"`{name}`" for name in names[:20])
    assert f"* {shown} and 5 more are missing: it is not in this run" in comment
    assert "* `broken` is invalid: crashed" in comment
    assert comment.count("`s00`") == 1


def test_what_is_missing_is_listed_once():
    """Neither among the scenarios judged nor twice among those not judged."""
    comment = render.comment(incomplete())
    assert [comment.count(f"`{name}`") for name in ("gone", "held", "new")] == [1, 1, 1]


def test_a_shift_is_one_finding_and_no_list_of_reasons():
    """What moved is told with the shift, not again as not judged."""
    [section] = shifted().hardware
    assert [one.scenario for one in section.moved] == ["one", "two", "three"]
    assert (section.reasons, section.crossed, section.regressed, section.ungated) == ([], [], [], [])
    assert len(section.unjudged) == 3


def test_suspects_and_what_was_cleared():
    """The worst suspect first; what more requests have cleared is told though it is unchanged."""
    [section] = suspects().hardware
    assert [one.scenario for one in section.suspects] == ["new_suspect", "still_suspect"]
    assert [(one.scenario, one.row.binds) for one in section.suspicious] == [
        ("new_suspect", "noise"),
        ("still_suspect", "noise"),
    ]
    assert [one.scenario for one in section.cleared] == ["cleared"]
    assert section.wide_tolerances == {"e2e": 1.5}


def test_what_sglangs_rule_misses_is_told_without_a_row():
    """A stage that was not measured has no row to cross."""
    request = make_request(stages={"DenoisingStage": 460.0, "DecodingStage": 60.0})
    section = make_section(FILE, make_record(make_scenario("flux", request)), policy="sglang")
    assert (section.crossed, len(section.regressed)) == ([], 1)
    comment = render.comment(Report((section,)))
    assert "* `flux`: stage TextEncodingStage was not measured" in comment
    assert "by sglang's own rule" in comment


def test_shards_tell_each_job_and_the_machine_once():
    """Two records of one machine are two jobs and one machine."""
    records = [make_record(make_scenario("flux"), job="one"), make_record(job="two")]
    section = hardware_report(
        "h100.json", FILE, records, compare(FILE, records), proposals=propose(FILE, records), findings=()
    )
    assert ([one.job for one in section.sources], len(section.environments)) == (["one", "two"], 1)
    assert section.source.job == "one"


def test_uncommitted_changes_are_told_beside_the_commit():
    """The commit that the comment names is not quite what ran."""
    record = make_record(make_scenario(), installed_sha="0123456789", dirty=True)
    report = Report((make_section(FILE, record),))
    assert "; commit `0123456`; installed `0123456`, with uncommitted changes\n" in render.comment(report)


def test_noise_is_said_to_be_known():
    """A reader sees from how many nights."""
    section = make_section(FILE, make_record(make_scenario()), PastNights({"flux": nights_of()}))
    assert section.comparison.nights == 30
    assert "noise from up to 30 nights" in render.comment(Report((section,)))
    assert make_section(FILE, make_record(make_scenario())).comparison.nights == 0
