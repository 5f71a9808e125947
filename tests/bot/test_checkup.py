"""What the doctor makes of configuration, baselines, scenarios and runners."""

from datetime import date

import pytest
from builders import make_baselines, make_values
from ratchet_bot.adoption.checkup import (
    Health,
    baselines_check,
    history_check,
    runner_checks,
    scenarios_check,
    schema_check,
    setup_check,
    waiver_checks,
)
from ratchet_bot.adoption.release import Release
from ratchet_bot.adoption.scaffold import SETUP, Adoption, files
from ratchet_bot.data.settings import Hardware, Waiver

TODAY = date(2026, 11, 22)
H100 = Hardware(baselines="h100.json", runner=("self-hosted", "linux", "h100"))
ADOPTION = Adoption(
    release=Release("octo/perf-ratchet", "0" * 40, "0.1.0"),
    hardware={"h100": H100},
    baselines_there=frozenset(),
    has_scenarios=True,
)
CONSISTENT = make_values(
    stages={"TextEncodingStage": 30.43, "DenoisingStage": 505.13, "DecodingStage": 60.57},
    steps=(101.31, 99.27, 100.42, 98.9, 100.1),
    e2e_ms=612.37,
)
CONTRADICTING = CONSISTENT | {"expected_avg_denoise_ms": 132.32}


def test_a_schema_of_this_version_is_well():
    """Editors check the configuration as this version does only with the schema of this version."""
    assert schema_check("s.json", "{}", "{}").health is Health.OK
    assert schema_check("s.json", "{ }", "{}").mend == "perf-ratchet schema > s.json"
    assert schema_check("s.json", None, "{}").says == "is missing: editors cannot check the configuration"


@pytest.mark.parametrize(
    ("scenarios", "health", "says"),
    [
        ({"flux": CONSISTENT}, Health.OK, "1 scenario, consistent"),
        ({"flux": CONTRADICTING}, Health.PROBLEM, "1 scenario, 1 error and 0 warnings"),
        ({}, Health.WARNING, "no scenario has a baseline yet: nothing is guarded"),
    ],
)
def test_baselines_are_audited(scenarios: dict[str, object], health: Health, says: str):
    """Baselines that contradict themselves are a problem, having none a warning."""
    check = baselines_check(H100, make_baselines(scenarios), (), TODAY)

    assert (check.health, check.subject, check.says) == (health, "h100.json", says)


def test_a_waived_finding_is_no_problem():
    """What somebody accepted for a while counts again when its time is over."""
    file = make_baselines({"flux": CONTRADICTING})
    waiver = Waiver(rule="mean-mismatch", scenario="flux", reason="known", expires=TODAY)

    assert baselines_check(H100, file, [waiver], TODAY).health is Health.OK
    assert baselines_check(H100, file, [waiver], date(2026, 11, 23)).health is Health.PROBLEM
    assert waiver_checks([waiver], TODAY) == []
    assert [it.says for it in waiver_checks([waiver], date(2026, 11, 23))] == [
        "mean-mismatch of flux counted until 2026-11-22"
    ]


def test_a_profile_that_the_file_has_not_is_a_problem():
    """Without tolerances nothing can be judged."""
    check = baselines_check(H100.model_copy(update={"profile": "night"}), make_baselines(), (), TODAY)

    assert check.health is Health.PROBLEM
    assert check.says == "tolerances: there is no profile 'night'; it has long_term, pr_test"


def test_a_baseline_without_a_scenario_is_told():
    """What is guarded and cannot be run would be missing in every run; three names are enough."""
    file = make_baselines({name: make_values() for name in ("a", "b", "c", "d", "e")})
    assert scenarios_check("s.toml", ["new"], {"h100": file}).health is Health.PROBLEM
    check = scenarios_check("s.toml", ["e", "new"], {"h100": file})

    assert (check.health, check.says) == (
        Health.WARNING,
        "4 baselines without a scenario: a on h100, b on h100, c on h100 and 1 more",
    )


def test_new_scenarios_are_well():
    """A scenario without a baseline is told and no problem; where nothing has one, that is said elsewhere."""
    assert scenarios_check("s.toml", ["flux", "wan"], {"h100": make_baselines()}).says == (
        "2 scenarios, without a baseline: wan"
    )
    assert scenarios_check("s.toml", ["flux"], {"h100": make_baselines({})}).says == "1 scenario"
    assert scenarios_check(None, ["tiny"], {}).health is Health.WARNING


def test_a_job_lands_on_its_own_hardware_only():
    """When every label of one hardware is among those of another, its jobs may run on the wrong machine."""
    vague = Hardware(baselines="a.json", runner=("self-hosted", "linux"), device="npu")
    wrong = [it for it in runner_checks({"h100": H100, "ascend": vague}) if it.health is not Health.ASK]

    assert [(it.health, it.says) for it in wrong] == [
        (
            Health.PROBLEM,
            "a job of ascend may land on h100: h100 has all the labels it asks for",
        )
    ]
    assert len(runner_checks({"h100": H100, "twin": H100})) == 2 + 2


@pytest.mark.parametrize(("device", "healths"), [("cuda", ["warning", "ask"]), ("cpu", ["ask"])])
def test_a_machine_of_githubs_own_has_no_accelerator(device: str, healths: list[str]):
    """A CUDA hardware without the label self-hosted is probably a mistake."""
    hosted = Hardware(baselines="a.json", runner=("ubuntu-24.04",), device=device)

    assert [str(it.health) for it in runner_checks({"one": hosted})] == healths


@pytest.mark.parametrize(
    ("places", "health", "mend"),
    [
        (
            [],
            Health.WARNING,
            "git fetch origin nights; if that fails, the first night creates it",
        ),
        (["nights"], Health.WARNING, "git push origin nights"),
        (["nights", "origin/nights"], Health.OK, ""),
        (["upstream/nights"], Health.OK, ""),
    ],
)
def test_the_history_is_where_the_nights_find_it(places: list[str], health: Health, mend: str):
    """A branch that is only here is of no use to a night."""
    check = history_check("nights", places)

    assert (check.health, check.mend) == (health, mend)


@pytest.mark.parametrize(
    ("text", "health"),
    [
        ("python3 -m pip install './.perf-ratchet[profiler]'\n", Health.WARNING),
        ("python3 -m pip install './.perf-ratchet[profiler,builtin]'\n", Health.OK),
        ("pip install 'diffusers>=0.42'\n", Health.OK),
        ("# pip install diffusers\npip install ./.perf-ratchet\n", Health.WARNING),
    ],
)
def test_the_built_in_scenarios_need_diffusers(text: str, health: Health):
    """A setup that installs none is warned of, but not where other scenarios run."""
    assert setup_check("s.sh", text, needs_pipelines=True).health is health
    assert setup_check("s.sh", text, needs_pipelines=False).health is Health.OK


def test_a_setup_that_installs_no_engine_is_warned_of():
    """What init wrote for somebody to fill in; not where the built-in scenarios run, which need no engine."""
    written = files(ADOPTION)[SETUP]
    filled = f"{written}pip install --editable engine\n"
    told = setup_check("s.sh", written, needs_pipelines=False)

    assert (told.health, told.says) == (
        Health.WARNING,
        "is still as perf-ratchet init wrote it: your engine is not installed",
    )
    assert setup_check("s.sh", written, needs_pipelines=None).health is Health.OK
    assert setup_check("s.sh", filled, needs_pipelines=False).health is Health.OK
