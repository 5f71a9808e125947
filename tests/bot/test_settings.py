"""The configuration file."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.data.settings import Hardware, Requests, Tighten, Waiver
from ratchet_bot.data.settings_file import SettingsRejected, settings_from_yaml

EXAMPLE = "such as .github/h100.json"
DEVICES = "it is one of cuda, npu, cpu, xpu, mps, musa, mlu, hpu, mtia"
PROPOSALS = "where the branches of proposals are"
WHOLE = """\
hardware:
  h100: {baselines: .github/perf-baselines/h100.json}
  ascend:
    baselines: .github/perf-baselines/ascend.json
    runner: [self-hosted, linux, ascend]
    device: npu
    profile: long_term
scenarios: .github/perf-scenarios.toml
requests: {warmup: 2, measured: 4, confirm: 0}
tighten: {min_improvement: 0.1, max_flake_rate: 0.01, nights: 5}
comment: always
history_branch: nights
waivers:
  - {rule: hand-typed, scenario: flux, reason: known since May, expires: 2026-12-31}
"""


def test_what_is_absent_has_a_default():
    """A baseline file per hardware is all that is needed."""
    settings = settings_from_yaml("hardware: {h100: {baselines: h100.json}}")

    assert settings.hardware == {"h100": Hardware(baselines="h100.json", profile="pr_test")}
    assert settings.tighten.min_improvement == 0.05


def test_the_whole_file():
    """Every key of the design is known, and means what it says."""
    settings = settings_from_yaml(WHOLE)

    assert settings.hardware["ascend"] == Hardware(
        baselines=".github/perf-baselines/ascend.json",
        runner=("self-hosted", "linux", "ascend"),
        device="npu",
        profile="long_term",
    )
    assert settings.scenarios == ".github/perf-scenarios.toml"
    assert settings.requests == Requests(warmup=2, measured=4, confirm=0)
    assert settings.tighten == Tighten(min_improvement=0.1, max_flake_rate=0.01, nights=5)
    assert (settings.comment, settings.history_branch) == ("always", "nights")
    assert settings.waivers == (
        Waiver(rule="hand-typed", scenario="flux", reason="known since May", expires=date(2026, 12, 31)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hardwear: {}", "line 1: hardwear: unknown key; did you mean 'hardware'?"),
        ("hardware: {}", "line 1: hardware: Dictionary should have at least 1 item after validation, not 0"),
        (
            "hardware: {h100: {baseline: x}}",
            "line 1: hardware.h100.baseline: unknown key; did you mean 'baselines'?",
        ),
        (
            "hardware: {h100: {baselines: x, zzz: 1}}",
            "line 1: hardware.h100.zzz: unknown key; known here: baselines, runner, device, profile",
        ),
        (
            "hardware: {h100: {baselines: x}}\ntighten: {min_improvment: 0.1}",
            "line 2: tighten.min_improvment: unknown key; did you mean 'min_improvement'?",
        ),
        (
            "hardware: {h100: {baselines: x}}\ntighten: {min_improvement: 5}",
            "line 2: tighten.min_improvement: Input should be less than or equal to 1",
        ),
        (
            "hardware: {h100: {baselines: ../../etc/passwd}}",
            "line 1: hardware.h100.baselines: must be a path below the top of the repository, " + EXAMPLE,
        ),
        (
            "hardware: {h100-2: {baselines: x}}",
            "line 1: hardware.h100-2: must not end with a dash and digits, which number shards",
        ),
        (
            "hardware: {'$(reboot)': {baselines: x}}",
            "line 1: hardware.$(reboot): is not of the form ^[a-z0-9][a-z0-9_.-]{0,39}$",
        ),
        (
            "hardware: {h100: {baselines: x, runner: ['a b']}}",
            "line 1: hardware.h100.runner.0: is not of the form ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        ),
        (
            "hardware: {h100: {baselines: x}}\nwaivers: [{rul: mean-mismatch}]",
            "line 2: waivers.0.rul: unknown key; did you mean 'rule'?",
        ),
        (
            "hardware:\n  h100:\n    baselines: x\n    runner:\n      - self-hosted\n      - 7\n",
            "line 6: hardware.h100.runner.1: Input should be a valid string",
        ),
        ("a: &a {x: 1}\nb: {<<: *a}", "line 2: aliases are not taken; write the value out"),
        (
            "hardware: {h100: {baselines: a, baselines: b}}",
            "line 1: key 'baselines' stands twice; remove one of the two",
        ),
        ("a: 2026-99-99", "a value is not what its YAML tag or its form says"),
        ("a: !!bool maybe", "a value is not what its YAML tag or its form says"),
        (
            "hardware: {h100: {baselines: x, device: gpu}}",
            "line 1: hardware.h100.device: unknown value 'gpu'; did you mean 'cuda'? " + DEVICES,
        ),
        (
            "hardware: {h100: {baselines: x, device: coda}}",
            "line 1: hardware.h100.device: unknown value 'coda'; did you mean 'cuda'? " + DEVICES,
        ),
        (
            "hardware: {h100: {baselines: x, device: 7}}",
            "line 1: hardware.h100.device: unknown value '7'; " + DEVICES,
        ),
        (
            "hardware: {h100: {baselines: x}}\ncomment: no",
            "line 2: comment: unknown value 'False'; it is one of always, changes, never",
        ),
        *(
            (
                f"hardware: {{h100: {{baselines: x}}}}\nhistory_branch: {branch}",
                f"line 2: history_branch: must not be perf-ratchet or below it, {PROPOSALS}",
            )
            for branch in ("perf-ratchet", "perf-ratchet/tighten-h100")
        ),
        ("hardware: {h100: {}}", "line 1: hardware.h100.baselines: Field required"),
        ("", "the file: Input should be a valid dictionary or instance of Settings"),
        ("a: [1", "line 1: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str):
    """A wrong key or value is refused in one line that says where and, for a key, what was meant."""
    with pytest.raises(SettingsRejected) as refused:
        settings_from_yaml(text)

    assert str(refused.value) == message


@given(st.text(max_size=60))
def test_any_text_is_settings_or_a_line(text: str):
    """No text makes anything but a configuration or a refusal of one line."""
    try:
        settings_from_yaml(text)
    except SettingsRejected as refused:
        lines = str(refused).splitlines()
    else:
        lines = ["accepted"]

    assert len(lines) == 1
