"""What holds where nothing is said."""

from typing import get_args

from ratchet_bot.__main__ import parsed
from ratchet_bot.data.arguments import HARDWARE_NAME
from ratchet_bot.data.baselines import DEFAULT_TOLERANCES
from ratchet_bot.data.defaults import DEFAULT_PROFILE, MAX_FLAKE_RATE, MIN_IMPROVEMENT
from ratchet_bot.data.settings import Hardware
from ratchet_bot.judging.metrics import STEP_ROUNDING_MS
from ratchet_profiler.record import HardwareName
from ratchet_profiler.sources import engine_times

PARSED = ("tighten", "compare")


def test_the_defaults_of_the_command_line_are_those_of_the_code():
    """The parser does not import a constant that is slow to import; its defaults are the same."""
    tighten, compare = (parsed([name, "record.json", "--baselines", "h100.json"]) for name in PARSED)

    assert (tighten.min_improvement, tighten.max_flake_rate) == (MIN_IMPROVEMENT, MAX_FLAKE_RATE)
    assert (tighten.profile, compare.profile) == (DEFAULT_PROFILE, DEFAULT_PROFILE)


def test_a_hardware_is_named_as_in_a_record():
    """The type of the command line's option has the pattern of the record's field."""
    [pattern] = [part.pattern for part in get_args(HardwareName)[1].metadata if hasattr(part, "pattern")]

    assert pattern == f"^{HARDWARE_NAME.pattern}$"


def test_the_default_profile_is_that_of_sglangs_test_and_is_there_without_tolerances():
    """Its name is a contract with sglang's files; a file without tolerances has it all the same."""
    assert Hardware(baselines="h100.json").profile == DEFAULT_PROFILE == "pr_test"
    assert DEFAULT_PROFILE in DEFAULT_TOLERANCES


def test_one_step_may_be_rounded_by_as_much_on_both_sides():
    """The profiler, which does not know the bot, proves with the audit's slack that steps are of a stage."""
    assert engine_times.STEP_ROUNDING_MS == STEP_ROUNDING_MS
