"""A baseline that holds an end-to-end time and nothing else: it guards, and nothing can be attributed.

The values follow sgl-project/sglang#38335 and #39206, where such scenarios were green at three times their
baseline; 16 of the 84 scenarios of the H100 file of October 2026 are of this kind.
"""

import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.baselines import ScenarioBaseline, baselines_from_text
from ratchet_bot.data.defaults import Policy
from ratchet_bot.data.settings import Terms
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.compare import compare
from ratchet_bot.judging.proposals import Declined
from ratchet_bot.judging.tighten import propose
from ratchet_bot.judging.verdicts import Verdict
from sglang_files import sglang_text

BASELINE = make_values(e2e_ms=441.2, stages={}, steps=())
LIMIT_MS = 551.5
"""441.2 x 1.25."""
NOTE = "the baseline has neither stages nor steps: a change cannot be attributed"


@pytest.mark.parametrize("policy", ["ratchet", "sglang"])
@pytest.mark.parametrize("inside", [{}, {"stages": {}, "steps": ()}])
@pytest.mark.parametrize(
    ("e2e_ms", "verdict"),
    [(430.0, "unchanged"), (551.0, "unchanged"), (552.0, "regressed"), (1331.0, "regressed")],
)
def test_end_to_end_alone_judges(policy: Policy, inside: dict[str, object], e2e_ms: float, verdict: Verdict):
    """The limit is that of end to end, whether the run looked into the request or not."""
    scale = e2e_ms / 560.0
    request = make_request(scale=scale) if not inside else make_request(e2e_ms=e2e_ms, **inside)
    file = make_baselines({"http": BASELINE})
    [comparison] = compare(
        file, [make_record(make_scenario("http", request))], Terms(policy=policy)
    ).scenarios

    assert comparison.verdict == verdict
    assert [(row.baseline_ms, row.limit_ms) for row in comparison.rows] == [(441.2, pytest.approx(LIMIT_MS))]
    assert comparison.attribution is None
    assert comparison.notes == ((NOTE,) if policy == "ratchet" else ())


def test_add_never_raises_a_stored_value():
    """Three times slower is no first baseline."""
    record = make_record(make_scenario("http", make_request(scale=1331.0 / 560.0)))
    proposals = propose(make_baselines({"http": BASELINE}), [record], Terms(add=True))

    reason = "end to end changed by +201.7 %; a new baseline needs a fall of at least 5.0 %"
    assert proposals.proposals == ()
    assert proposals.declined == (Declined("http", reason, is_replaceable=True),)


def test_add_leaves_stored_values_without_an_end_to_end_time():
    """What is held is replaced only by a person."""
    held = make_values(e2e_ms=0.0)
    proposals = propose(make_baselines({"s": held}), [make_record(make_scenario("s"))], Terms(add=True))

    reason = "it holds values but no end-to-end time: --replace gives it this run's"
    assert proposals.declined == (Declined("s", reason),)


def test_an_improvement_brings_stages_along():
    """A faster run gives such a baseline all of one request, its stages and steps too."""
    record = make_record(make_scenario("http", make_request(scale=300.0 / 560.0)))
    [proposal] = propose(make_baselines({"http": BASELINE}), [record]).proposals

    new = ScenarioBaseline.model_validate(proposal.values)
    assert (proposal.kind, new.expected_e2e_ms) == ("tighter", 300.0)
    assert list(new.stages) == list(make_values()["stages_ms"])


def test_a_looser_or_removed_end_to_end_time_is_found():
    """`loosened` and `guard-lost` look at such a scenario."""
    old = make_baselines({"http": BASELINE, "other": make_values()})
    looser = make_baselines(
        {"http": make_values(e2e_ms=5000.37, stages={}, steps=()), "other": make_values()}
    )

    assert [finding.rule for finding in audit(looser, against=old) if finding.introduced] == ["loosened"]
    gone = make_baselines({"other": make_values()})
    assert [finding.rule for finding in audit(gone, against=old) if finding.introduced] == ["guard-lost"]


def test_sglangs_scenarios_of_this_kind_are_guarded():
    """16 of the H100 file of October 2026."""
    file = baselines_from_text(sglang_text("h100_2026-10"))
    alone = [name for name, scenario in file.scenarios.items() if scenario.is_end_to_end_only]
    unguarded = {finding.scenario for finding in audit(file) if finding.rule == "unguarded"}

    assert len(alone) == 16
    assert not unguarded & set(alone)
