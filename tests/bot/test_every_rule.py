"""One change of one file in which every rule of the audit has something to say."""

from datetime import date
from typing import Any

from audit_cases import MEASURED_STAGES, MEASURED_STEPS, measured
from builders import make_baselines, make_record, make_request, make_scenario
from ratchet_bot.data.baselines import baselines_from_text
from ratchet_bot.data.settings import Waiver
from ratchet_bot.judging.audit import audit
from ratchet_bot.judging.rules.table import RULES

SLOWER = {name: 1.2 * ms for name, ms in MEASURED_STAGES.items()}
CHANGED: dict[str, Any] = {
    "mean-mismatch": measured(expected_avg_denoise_ms=110.03),
    "median-mismatch": measured(expected_median_denoise_ms=110.03),
    "steps-exceed-stage": measured(stages=MEASURED_STAGES | {"DenoisingStage": 400.03}),
    "stages-exceed-e2e": measured(e2e_ms=500.03),
    "unattributed-e2e": measured(e2e_ms=900.03),
    "stage-exceeds-steps": measured(stages=MEASURED_STAGES | {"DenoisingStage": 700.03}),
    "sampled-steps": measured(denoise_step_ms={"0": 98.76, "4": 100.51}),
    "steps-missing": measured(steps=()),
    "bad-value": measured(e2e_ms=-1.0),
    "unguarded": {},
    "hand-typed": measured(e2e_ms=620.0),
    "early-steps-fast": measured(steps=(12.34, *MEASURED_STEPS[1:])),
    "implausible-stage": measured(stages=MEASURED_STAGES | {"DecodingStage": 0.03}),
    "workload-changed": measured(steps=MEASURED_STEPS[:4]),
    "partial-edit": measured(e2e_ms=700.03),
    "assembled": measured(steps=(90.01, *MEASURED_STEPS[1:]), expected_avg_denoise_ms=100.64),
    "loosened": measured(e2e_ms=734.81, stages=SLOWER),
    "no-improvement": measured(e2e_ms=612.31, steps=[step - 0.01 for step in MEASURED_STEPS]),
}
"""How a scenario that was as measured looks now, by a rule that it breaks."""


def test_every_rule_has_a_case():
    """A rule that nothing here makes fire is a rule without a test: it gets a scenario, or a line below."""
    old = make_baselines({**dict.fromkeys(CHANGED, measured()), "guard-lost": measured()})
    text = make_baselines({**CHANGED, "copied-scenario": measured()}).text
    text = text.replace('"unguarded": {}', '"unguarded": {}, "unguarded": {}')  # repeated-key
    text = text.replace("(2026-05-17)", "(2026-05-16)")  # metadata-date
    record = make_record(make_scenario("no-improvement", make_request("r0", scale=3.0)))  # mixed-snapshot
    day = date(2026, 5, 17)
    waiver = Waiver(rule="no-such-rule", scenario="*", reason="a case", expires=day)
    found = audit(baselines_from_text(text), against=old, records=[record], waivers=[waiver], today=day)

    assert {one.rule for one in found} == {rule.name for rule in RULES}
    assert {(name, name) for name in CHANGED} <= {(one.rule, one.scenario) for one in found}
