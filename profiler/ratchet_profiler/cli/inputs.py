"""The scenarios and options that a command is given: read, or refused in one line."""

import argparse
import os
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ratchet_profiler.cli.parser import BadInput
from ratchet_profiler.cli.record_file import content_of
from ratchet_profiler.environment import present_module
from ratchet_profiler.record import MAX_REQUESTS, Environment
from ratchet_profiler.scenarios import (
    BuiltinScenario,
    DiffusersScenario,
    Scenario,
    ScenariosRejected,
    ServedScenario,
    builtin_scenarios,
    scenarios_from_toml,
    select,
)
from ratchet_profiler.timers import is_cpu

SHOWING: Final = ("rich",)
"""What shows how a run goes on."""
MEASURING: Final = ("torch", "diffusers", "transformers")
"""What runs a diffusers pipeline in this process."""


def known_scenarios(file: Path | None) -> tuple[Scenario, ...]:
    """Return the scenarios of a file, or the built-in ones.

    Raises:
        BadInput: the file cannot be read or used.
    """
    if file is None:
        return builtin_scenarios()
    try:
        return scenarios_from_toml(content_of(file).decode(), str(file))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: not UTF-8: {error.reason} at byte {error.start}") from error
    except ScenariosRejected as error:
        raise BadInput(str(error)) from error


def chosen_scenarios(options: argparse.Namespace) -> tuple[Scenario, ...]:
    """Return the scenarios that `--scenario` and `--only` leave, in their order; none when FILE names none.

    Raises:
        BadInput: a file cannot be used, or there is no such scenario.
    """
    try:
        chosen = select(known_scenarios(options.scenarios), options.scenario)
    except ScenariosRejected as error:
        raise BadInput(f"--scenario: {error}{_whose(options)}") from error
    if options.only is None:
        return chosen
    names = dict(_names(options.only))
    ids = [scenario.id for scenario in chosen]
    for name, line in names.items():
        if name not in ids:
            others = f"there are: {', '.join(ids)}{_whose(options)}"
            raise BadInput(f"{options.only}: line {line}: no scenario {name!r}; {others}")
    return tuple(scenario for scenario in chosen if scenario.id in names)


def _whose(options: argparse.Namespace) -> str:
    """Return that the scenarios are not the user's own, where no file of theirs was given."""
    return "" if options.scenarios else "; these are the built-in ones, yours need --scenarios FILE"


def hardware_name(options: argparse.Namespace) -> str:
    """Return the hardware that was named, or the kind of the device."""
    return str(options.hardware or options.device.partition(":")[0])


def check_options(options: argparse.Namespace, chosen: Sequence[Scenario]) -> None:
    """Refuse, before minutes of measuring, what would fail after them.

    Raises:
        BadInput: an option cannot be used here.
    """
    if options.warmup + options.repeats > MAX_REQUESTS:
        raise BadInput(f"--warmup and --repeats: a record holds {MAX_REQUESTS} requests a scenario")
    try:
        Environment(hardware=hardware_name(options), python=platform.python_version())
    except ValidationError as error:
        raise BadInput(f"--hardware: {options.hardware!r} is not 1 to 40 of a-z, 0-9, _ . -") from error
    _check_out(options)
    has_pipelines = any(isinstance(scenario, BuiltinScenario | DiffusersScenario) for scenario in chosen)
    check_installed((*SHOWING, *MEASURING) if has_pipelines else SHOWING)
    if not all(isinstance(scenario, ServedScenario) for scenario in chosen):
        check_device(options.device)


def _check_out(options: argparse.Namespace) -> None:
    out: Path = options.out
    for option, given in (("--scenarios", options.scenarios), ("--only", options.only)):
        if given and given.resolve() == out.resolve():
            raise BadInput(f"--out: {out} is what {option} reads; name another --out")
    if out.is_dir():
        raise BadInput(f"--out: {out} is a folder; name a file")
    if not out.parent.is_dir():
        raise BadInput(f"--out: {out} cannot be written; name a file in an existing folder")
    if not os.access(out.parent, os.W_OK):
        raise BadInput(f"--out: {out} cannot be written: permission denied in {out.parent}")


def check_installed(packages: Iterable[str]) -> None:
    """Refuse what needs a package that is not there.

    Raises:
        BadInput: some are not; the message has the command that installs these and nothing else.
    """
    absent = [package for package in packages if find_spec(package) is None]
    if absent:
        wanted = " ".join(f"'{_requirement(package)}'" for package in absent)
        raise BadInput(f"not installed: {', '.join(absent)}; pip install {wanted}")


def _requirement(package: str) -> str:
    """Return the package with the versions that perf-ratchet works with, such as "rich>=14"."""
    try:
        lines = requires("perf-ratchet") or []
    except PackageNotFoundError:  # a checkout on PYTHONPATH
        lines = []
    ranges = (line.partition(";")[0].strip() for line in lines)
    return next((line for line in ranges if re.match(rf"{package}\b[^-\[]", line)), package)


def check_device(device: str) -> None:
    """Refuse a device that torch does not find here.

    Raises:
        BadInput: it does not, or is not there itself.
    """
    if is_cpu(device):
        return
    check_installed(("torch",))
    if present_module(device) is None:
        raise BadInput(f"--device: torch finds no {device!r} on this machine; use cpu")


def _names(file: Path) -> Iterator[tuple[str, int]]:
    """Yield (id, line) of a file with one scenario id a line."""
    for number, line in enumerate(content_of(file).decode(errors="replace").splitlines(), start=1):
        if line.strip():
            yield line.strip(), number
