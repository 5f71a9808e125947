"""Ascend devices, asked through npu-smi: a program that prints tables for people."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ratchet_profiler.devices import DeviceReport, Family, nothing_known
from ratchet_profiler.machine import Accelerator, MachineState

TIMEOUT_S: Final = 30.0
"""Seconds that npu-smi may take. Chosen: it needs one or two; a sick driver must not hang the run."""
MIB: Final = 2**20
TOOLKITS: Final = ("/usr/local/Ascend/cann", "/usr/local/Ascend/ascend-toolkit/latest")
"""Where CANN is, newer and older; ASCEND_TOOLKIT_HOME goes before them."""
NEVER_REPORTED: Final = ("throttle_reasons", "memory_clock_mhz", "max_memory_clock_mhz")

VERSION: Final = re.compile(r"^\| npu-smi.*\bVersion:\s*(\S+)", re.MULTILINE)
NAME_ROW: Final = re.compile(
    r"^\|\s*(?P<card>\d+)\s+(?P<name>\w+)\s*\|\s*(?P<health>\w+)\s*\|\s*\S+\s+(?P<celsius>\S+)\s"
)
CHIP_ROW: Final = re.compile(
    r"^\|\s*(?P<chip>\d+)\b[^|]*\|\s*[0-9A-Fa-f]+:[0-9A-Fa-f:.]+\s*\|.*/\s*(?P<mib>\d+)\s*\|"
)
PROCESS_ROW: Final = re.compile(r"^\|\s*(?P<card>\d+)\s+(?P<chip>\d+)\s*\|\s*(?P<pid>\d+)\s*\|")
CLOCK: Final = re.compile(r"^\s*Aicore (Freq|curFreq)\(MHZ\)\s*:\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Npu:
    """One chip, as two rows of `npu-smi info` have it."""

    card: int
    """What `npu-smi -i` takes."""
    chip: int
    """Its number on the card."""
    name: str
    health: str
    temperature_celsius: float | None
    memory_bytes: int


def report(family: Family, variables: Mapping[str, str] = os.environ) -> DeviceReport:
    """Return what npu-smi says of the devices that ASCEND_RT_VISIBLE_DEVICES leaves; without it, of all."""
    try:
        table = _npu_smi("info")
    except FileNotFoundError:
        return nothing_known("npu-smi is not on this machine's PATH")
    except (OSError, subprocess.SubprocessError) as error:
        return nothing_known(f"npu-smi info: {error}")
    chips = _visible(tuple(chips_from_table(table)), variables.get("ASCEND_RT_VISIBLE_DEVICES"))
    if not chips:
        return nothing_known("npu-smi shows no visible device")
    return _report(table, chips, family, variables)


def chips_from_table(table: str) -> Iterator[Npu]:
    """Yield the chips that `npu-smi info` shows, in its order, which is that of torch's indices."""
    row = None
    for line in table.splitlines():
        if chip := row and CHIP_ROW.match(line):
            celsius = row["celsius"]
            yield Npu(
                card=int(row["card"]),
                chip=int(chip["chip"]),
                name=row["name"],
                health=row["health"],
                temperature_celsius=float(celsius) if celsius.isdecimal() else None,
                memory_bytes=int(chip["mib"]) * MIB,
            )
        row = NAME_ROW.match(line)


def pids_from_table(table: str, chips: Sequence[Npu]) -> frozenset[int]:
    """Return the processes that `npu-smi info` shows on these chips."""
    places = {(chip.card, chip.chip) for chip in chips}
    rows = filter(None, map(PROCESS_ROW.match, table.splitlines()))
    return frozenset(int(row["pid"]) for row in rows if (int(row["card"]), int(row["chip"])) in places)


def clocks_mhz_from_text(text: str) -> Mapping[str, int]:
    """Return the clocks that `npu-smi info -t common` shows, by our names, of the first chip."""
    names = {"curFreq": "clock_mhz", "Freq": "max_clock_mhz"}
    return {names[key]: int(mhz) for key, mhz in reversed(CLOCK.findall(text))}


def cann_version(variables: Mapping[str, str] = os.environ, toolkits: Sequence[str] = TOOLKITS) -> str | None:
    """Return the version of CANN in its own file, or None without one."""
    homes = [variables["ASCEND_TOOLKIT_HOME"]] if variables.get("ASCEND_TOOLKIT_HOME") else []
    for home in (*homes, *toolkits):
        for info in sorted(Path(home).glob("*-linux/ascend_toolkit_install.info")):
            if line := re.search(r"^version=(\S+)", info.read_text(errors="replace"), re.MULTILINE):
                return line[1]
    return None


def _report(table: str, chips: Sequence[Npu], family: Family, variables: Mapping[str, str]) -> DeviceReport:
    absent = dict.fromkeys(NEVER_REPORTED, "npu-smi does not report it")
    clocks_mhz = _clocks_mhz(chips[0], absent)
    pids = pids_from_table(table, chips)
    if family.doubt(pids):
        absent["other_processes"] = family.doubt(pids)
    cann = cann_version(variables)
    if cann is None:
        absent["cann"] = "no ascend_toolkit_install.info was found; set ASCEND_TOOLKIT_HOME"
    version = VERSION.search(table)
    celsius = [chip.temperature_celsius for chip in chips if chip.temperature_celsius is not None]
    return DeviceReport(
        accelerator=Accelerator(
            name=f"Ascend {chips[0].name}", count=len(chips), memory_bytes=chips[0].memory_bytes
        ),
        driver=version and version[1],
        cann=cann,
        state=MachineState(
            **clocks_mhz,
            temperature_celsius=max(celsius, default=None),
            throttle_reasons=tuple(sorted({f"health_{c.health.lower()}" for c in chips if c.health != "OK"})),
            other_processes=family.others(pids),
        ),
        absent=absent,
    )


def _clocks_mhz(chip: Npu, absent: dict[str, str]) -> Mapping[str, int]:
    try:
        return clocks_mhz_from_text(_npu_smi("info", "-t", "common", "-i", str(chip.card)))
    except (OSError, subprocess.SubprocessError) as error:
        absent |= dict.fromkeys(("clock_mhz", "max_clock_mhz"), f"npu-smi info -t common: {error}")
        return {}


def _visible(chips: Sequence[Npu], visible: str | None) -> Sequence[Npu]:
    if visible is None:
        return chips
    indices = [int(index) for index in visible.split(",") if index.strip().isdecimal()]
    return [chips[index] for index in indices if index < len(chips)]


def _npu_smi(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed program from PATH; a card's number is the only argument
        ["npu-smi", *arguments],  # noqa: S607 - drivers install it in different places
        capture_output=True,
        check=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    return done.stdout
