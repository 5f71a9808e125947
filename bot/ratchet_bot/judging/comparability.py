"""Whether times may be compared: what differs between two comparability keys, and between two machines."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ratchet_profiler.record import Clock, Environment, comparability_key

_NAMES: Final = ("", "", "", "", "clock ", "configuration ")
"""What to call the parts of a key that do not say it themselves, in their order."""
_MACHINE_PARTS: Final = 4
"""How many of them are the machine: product, driver, CUDA or CANN, torch."""


class Setting(NamedTuple):
    """What a scenario was measured on."""

    comparability: str
    """See `ratchet_profiler.record.comparability_key`."""
    versions: str
    """Whatever else may change on a machine that compares, see `versions`."""


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
    return tuple(text for _, text in _differing(was, now))


def machine_changes(was: Setting, now: Setting) -> tuple[str, ...]:
    """Return what is another on the machine: no part of the clock or of the scenario's configuration."""
    parts = [text for part, text in _differing(was.comparability, now.comparability) if part < _MACHINE_PARTS]
    return tuple(parts) or tuple(_version_changes(was.versions, now.versions))


def _differing(was: str, now: str) -> Iterable[tuple[int, str]]:
    """Return (number of the part, what it was and is); one whole, when these are no keys of ours."""
    before, after = was.split(" | "), now.split(" | ")
    if not len(before) == len(after) <= len(_NAMES):
        return [(0, f"{was} -> {now}")] if was != now else []
    pairs = zip(_NAMES, before, after, strict=False)
    return [
        (part, f"{name}{old} -> {name}{new}") for part, (name, old, new) in enumerate(pairs) if old != new
    ]


def _version_changes(was: str, now: str) -> Iterable[str]:
    before, after = _by_name(was), _by_name(now)
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, "unknown"), after.get(name, "unknown")
        if old != new:
            yield f"{name} {old} -> {new}"


def _by_name(told: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition(" ") for part in told.split(", ")) if name}
