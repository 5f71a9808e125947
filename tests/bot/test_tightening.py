"""What the nightly pull request proposes."""

from builders import (
    E2E_MS,
    STAGES,
    STEPS,
    make_baselines,
    make_record,
    make_request,
    make_run,
    make_scenario,
    make_values,
)
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.data.settings import Terms
from ratchet_bot.flows.history_branch import lines_of
from ratchet_bot.judging.night_tightening import StandingProposal, tightening
from ratchet_bot.judging.nights import night_series

TERMS = Terms(nights=1)
TEN_TIMES = make_values(
    e2e_ms=10 * E2E_MS,
    stages={name: 10 * ms for name, ms in STAGES.items()},
    steps=[10 * ms for ms in STEPS],
)
"""10 ms in no stage become 100."""


def test_what_stands_is_warned_of_as_on_its_first_night():
    """The body says the same of a proposal every night: the warnings come from the files."""
    before = make_baselines({"flux": TEN_TIMES})
    record = make_record(make_scenario("flux", make_request(e2e_ms=800.0, scale=5)))
    run = make_run(created_at=record.source.created_at)
    night = night_series(lines_of(run, "h100", [record], "host"), [], "h100", run.run_id)

    first = tightening(before, None, [record], night, TERMS)
    standing = StandingProposal(baselines_from_text(first.after.text), is_declined=False)
    second = tightening(before, standing, [record], night, TERMS)

    assert [[one.rule for one in it.warnings] for it in first.proposals] == [["unattributed-e2e"]]
    assert second.proposals == first.proposals
