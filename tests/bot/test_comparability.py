import pytest
from ratchet_bot.judging.comparability import Setting, differences, machine_changes, setting, versions
from ratchet_profiler.record import Accelerator, Environment

ENVIRONMENT = Environment(
    hardware="h100",
    accelerator=Accelerator(name="NVIDIA H100 80GB HBM3", count=2, memory_bytes=80 * 2**30),
    driver="570.86.15",
    cuda="12.8",
    torch="2.13.0",
    python="3.11.7",
    image="lmsysorg/sglang:v0.5",
)
HERE = setting(ENVIRONMENT, "host", "0123abcd")
KEY = "NVIDIA H100 80GB HBM3 x2 80 GiB | driver 570 | cuda 12.8 | torch 2.13 | host | 0123abcd"


def test_a_setting_by_hand():
    """The key is that of the record; the versions are whole."""
    told = "driver 570.86.15, cuda 12.8, torch 2.13.0, python 3.11.7, image lmsysorg/sglang:v0.5"
    assert (HERE.comparability, HERE.versions) == (KEY, told)
    assert versions(Environment(hardware="cpu", python="3.11.7")) == "python 3.11.7"


@pytest.mark.parametrize(
    ("was", "told"),
    [
        (KEY, ()),
        (KEY.replace("570", "565"), ("driver 565 -> driver 570",)),
        (
            KEY.replace("x2", "x1").replace("2.13", "2.12"),
            (
                "NVIDIA H100 80GB HBM3 x1 80 GiB -> NVIDIA H100 80GB HBM3 x2 80 GiB",
                "torch 2.12 -> torch 2.13",
            ),
        ),
        (KEY.replace("| host", "| device-events"), ("clock device-events -> clock host",)),
        (KEY.replace("0123abcd", "4567"), ("configuration 4567 -> configuration 0123abcd",)),
        (KEY.removesuffix(" | 0123abcd"), (f"{KEY.removesuffix(' | 0123abcd')} -> {KEY}",)),
        ("", (f" -> {KEY}",)),
    ],
)
def test_the_parts_that_differ_are_named(was: str, told: tuple[str, ...]):
    """Part by part; a key with other parts than ours is told whole."""
    assert differences(was, KEY) == told


@pytest.mark.parametrize(
    ("was", "told"),
    [
        (HERE, ()),
        (HERE._replace(comparability=KEY.replace("0123abcd", "4567")), ()),
        (HERE._replace(comparability=KEY.replace("| host", "| device-events")), ()),
        (HERE._replace(comparability=KEY.replace("570", "565")), ("driver 565 -> driver 570",)),
        (HERE._replace(versions=HERE.versions.replace("86.15", "86.10")), ("driver 570.86.10 -> 570.86.15",)),
        (
            HERE._replace(versions="driver 570.86.15, cuda 12.8, torch 2.13.0, python 3.11.7, runner a"),
            ("runner a -> unknown", "image unknown -> lmsysorg/sglang:v0.5"),
        ),
    ],
)
def test_what_is_another_on_the_machine(was: Setting, told: tuple[str, ...]):
    """Neither clock nor configuration is; where the keys are the same, finer versions are told."""
    assert machine_changes(was, HERE) == told
