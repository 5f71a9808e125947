from builders import make_baselines
from perf_project import SETTINGS, odd_record, odd_values
from ratchet_bot.data.history import Past
from ratchet_bot.data.settings_file import settings_from_yaml
from ratchet_bot.flows.source_run import unmatched
from ratchet_bot.flows.tighten_change import FileChange, file_change
from ratchet_bot.judging.rules.rule import Finding

FILE = make_baselines({"flux": odd_values(), "wan": odd_values(1.1)})
NOISY = {"flux": {"expected_e2e_ms": [592.83 * (1 + 0.3 * (night % 3)) for night in range(30)]}}
"""Nights in which an unchanged engine was up to 60 % slower."""


def changed(*globs: str, settings: str = SETTINGS, past: Past = {}) -> FileChange:  # noqa: B006 - nobody changes it
    record = odd_record(flux=0.8, wan=0.7)
    return file_change("h100", settings_from_yaml(settings), FILE, [record], globs=globs, past=past)


def proposed(change: FileChange) -> list[str]:
    return [one.scenario for one in change.proposals.proposals]


def test_only_the_scenarios_of_the_globs_change():
    """Each glob takes scenarios; without any, all are taken."""
    assert proposed(changed()) == ["flux", "wan"]
    assert proposed(changed("w*", "nothing")) == ["wan"]
    assert changed("nothing").is_made is False


def test_a_glob_that_takes_nothing_is_named():
    """A mistyped name is not passed over."""
    assert unmatched(["f*", "fulx", "W*"], {"h100": [odd_record(flux=1.0)]}) == ["fulx", "W*"]


def test_the_configuration_decides_what_is_worth_it():
    """The least improvement and the largest chance of a false alarm are the configured ones."""
    assert proposed(changed(settings=SETTINGS + "tighten: {min_improvement: 0.25}\n")) == ["wan"]
    assert proposed(changed(past=NOISY)) == ["wan"]
    assert proposed(changed(past=NOISY, settings=SETTINGS + "tighten: {max_flake_rate: 1.0}\n")) == [
        "flux",
        "wan",
    ]


def test_a_file_that_would_contradict_itself_is_left_as_it_is():
    """Whatever the values, an error that was not there before is in the way."""
    change = changed()
    finding = Finding(
        "mean-mismatch", "error", "flux", "expected_avg_denoise_ms", 1.0, 2.0, "is wrong", "mend it"
    )
    wrong = FileChange(
        change.hardware, change.path, change.proposals, change.before, change.after, (finding,)
    )

    assert (change.is_made, wrong.is_made) == (True, False)
    assert change.content != FILE.text.encode()
