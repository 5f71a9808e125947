"""What a run was measured on, what the nights before it were measured on, and whether the two compare."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ratchet_profiler.record import Clock, Environment, RunRecord, comparability_key

from ratchet_bot.data.baselines import MAX_KEY, BaselineFile
from ratchet_bot.data.history import HistoryLine, Past, past

_PREFIXES: Final = ("", "", "", "", "clock ", "configuration ")
"""What to call the parts of a key that do not name themselves, in their order."""
_MACHINE_PARTS: Final = 4
"""How many of them are the machine: product, driver, CUDA or CANN, torch."""
_KIND: Final = re.compile(r"cpu|npu|xpu|musa|ascend|[abghl]\d{2,3}s?|mi\d{3}[a-z]?|[2-5]0[5-9]0")
"""Words that name a hardware in anybody's file name: what the files of sglang are called (h100, b200, 5090,
npu, xpu_b60, musa), and the other data-center models of NVIDIA and AMD."""


class Setting(NamedTuple):
    """What a scenario was measured on."""

    comparability: str
    """See `ratchet_profiler.record.comparability_key`."""
    versions: str
    """Whatever else may change on a machine that compares, see `versions`."""


@dataclass(frozen=True)
class PastNights:
    """The nights before a run, by scenario."""

    past: Past = field(default_factory=dict)
    """Milliseconds of the nights on the same terms as the run: the noise of each metric."""
    last_settings: Mapping[str, Setting] = field(default_factory=dict)
    """What each scenario was measured on the last time, whether that compares or not."""


def past_nights(
    lines: Iterable[HistoryLine], hardware: str, records: Sequence[RunRecord], clock: Clock
) -> PastNights:
    """Return the nights before a run, of the scenarios that it has.

    Args:
        lines: The history, of any hardware, in any order. Lines of the run itself do not count.
        hardware: What the run was measured on.
        records: The run.
        clock: The clock that the baseline file names.
    """
    own = {record.source.run_id for record in records}
    before = sorted(
        (line for line in lines if line.counts and line.hardware == hardware and line.run_id not in own),
        key=lambda line: (line.captured_at, line.run_id),
    )
    keys = {
        scenario.id: setting(record.environment, clock, scenario.config_hash).comparability[:MAX_KEY]
        for record in reversed(records)  # the first record of a scenario counts
        for scenario in reversed(record.scenarios)
    }
    last_settings = {line.scenario: Setting(line.comparability, line.environment) for line in before}
    return PastNights(past(before, hardware, keys), last_settings)


def setting(environment: Environment, clock: Clock, config_hash: str | None) -> Setting:
    """Return what a scenario of this configuration was measured on."""
    return Setting(comparability_key(environment, clock, config_hash), versions(environment))


def versions(environment: Environment) -> str:
    """Return what may change on a machine without making its times incomparable."""
    named = {
        "driver": environment.driver,
        "cuda": environment.cuda,
        "cann": environment.cann,
        "torch": environment.torch,
        "python": environment.python,
        "image": environment.image,
    }
    return ", ".join(f"{name} {value}" for name, value in named.items() if value)


def differences(was: str, now: str) -> tuple[str, ...]:
    """Return which parts of two comparability keys differ, such as "driver 570 -> driver 580"."""
    return tuple(text for _, text in _differing_parts(was, now))


def machine_changes(was: Setting, now: Setting) -> tuple[str, ...]:
    """Return what changed on the machine: no part of the clock or of the scenario's configuration."""
    parts = _differing_parts(was.comparability, now.comparability)
    changes = tuple(text for number, text in parts if number < _MACHINE_PARTS)
    return changes or tuple(_version_changes(was.versions, now.versions))


def hardware_of_metadata(file: BaselineFile) -> str:
    """Return the words of `metadata.hardware`, "" where there are none."""
    named = (file.metadata.model_extra or {}).get("hardware")
    return named if isinstance(named, str) else ""


def other_hardware(file: BaselineFile, record: RunRecord) -> str:
    """Return the hardware that a file's metadata names, where a run without accelerator is not of it.

    Only the name can show that such a run is of another hardware: times of a CPU once went into the file of
    an H100. The words are free ("CI H100 80GB pool"), so they only have to contain the run's hardware, in any
    case.

    Returns:
        "" when the two agree, the file does not name one, or the run had an accelerator: that is in the key
        by which runs compare.
    """
    named = hardware_of_metadata(file)
    if not named or record.environment.accelerator:
        return ""
    return "" if record.environment.hardware in named.lower() else named


def other_hardware_in(words: str, record: RunRecord, configured: Collection[str] = ()) -> str:
    """Return the first hardware that words name, such as those of a file name, where a run is not of it.

    Args:
        words: Such as "h100" or "CI H100 80GB pool". A word names a hardware where it is one of the
            configuration, or a kind that files are named after: `cpu`, `npu`, `h100`, `mi300x`, `5090`.
        record: Its hardware is known by its own name, or by the name of its accelerator.
        configured: The names of the configuration.

    Returns:
        "" when the two agree, or no word names a hardware: `baselines.json` is of any.
    """
    environment = record.environment
    words = words.lower()
    named = [
        word
        for word in (words, *re.split(r"[^a-z0-9]+", words))
        if word in configured or _KIND.fullmatch(word)
    ]
    accelerator = environment.accelerator.name.lower() if environment.accelerator else ""
    own = f"{environment.hardware} {accelerator} {'npu' if environment.cann else ''}"
    agrees = environment.hardware in words or any(word in own for word in named)
    return "" if agrees or not named else named[0]


def _differing_parts(was: str, now: str) -> Iterable[tuple[int, str]]:
    """Return (number of the part, old and new value); one part when these are not keys of ours."""
    before, after = was.split(" | "), now.split(" | ")
    if not len(before) == len(after) <= len(_PREFIXES):
        return [(0, f"{was} -> {now}")] if was != now else []
    parts = enumerate(zip(_PREFIXES, before, after, strict=False))
    return [(number, f"{prefix}{old} -> {prefix}{new}") for number, (prefix, old, new) in parts if old != new]


def _version_changes(was: str, now: str) -> Iterable[str]:
    before, after = _values_by_name(was), _values_by_name(now)
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, "unknown"), after.get(name, "unknown")
        if old != new:
            yield f"{name} {old} -> {new}"


def _values_by_name(versions: str) -> dict[str, str]:
    parts = (part.partition(" ") for part in versions.split(", "))
    return {name: value for name, _, value in parts if name}
