import platform
from collections.abc import Callable
from pathlib import Path

import pytest
from ratchet_profiler.devices import HIDDEN, Family
from ratchet_profiler.devices.npu_smi import cann_version, chips_from_table, clocks_mhz_from_text, report

OURS, THEIRS = 3325989, 1333928
BEFORE = Family(frozenset({OURS}), begun=False)
AFTER = Family(frozenset({OURS}), begun=True)
NEVER_TOLD = dict.fromkeys(
    ("throttle_reasons", "memory_clock_mhz", "max_memory_clock_mhz"), "npu-smi does not report it"
)

# Typed from the public format of npu-smi 24.1; an empty name of a process is what a container shows.
INFO = """\
+------------------------------------------------------------------------------------------------+
| npu-smi 24.1.rc2                 Version: 24.1.rc2                                             |
+---------------------------+---------------+----------------------------------------------------+
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
+===========================+===============+====================================================+
| 6     910B3               | OK            | 91.0        36                0    / 0             |
| 0                         | 0000:41:00.0  | 0           0    / 0          3401 / 65536         |
+===========================+===============+====================================================+
| 7     910B3               | Alarm         | 95.4        71                0    / 0             |
| 0                         | 0000:42:00.0  | 0           0    / 0          3400 / 65536         |
+===========================+===============+====================================================+
+---------------------------+---------------+----------------------------------------------------+
| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |
+===========================+===============+====================================================+
| No running processes found in NPU 6                                                            |
+===========================+===============+====================================================+
| 7       0                 | 1333928       |                          | 37709                   |
| 7       0                 | 3325989       | python                   | 132                     |
+===========================+===============+====================================================+
"""
TWO_CHIPS_A_CARD = """\
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip  Phy-ID              | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
+===========================+===============+====================================================+
| 0     Ascend910           | OK            | 178.5       37                0    / 0             |
| 0     0                   | 0000:9D:00.0  | 0           0    / 0          3152 / 65536         |
+------------------------------------------------------------------------------------------------+
| 0     Ascend910           | OK            | -           -                 0    / 0             |
| 1     1                   | 0000:9F:00.0  | 0           0    / 0          2869 / 65536         |
+===========================+===============+====================================================+
"""
COMMON = """\
        NPU ID                         : 6
        Chip Count                     : 1

        Chip ID                        : 0
        Memory Usage Rate(%)           : 0
        HBM Usage Rate(%)              : 5
        Aicore Usage Rate(%)           : 0
        Aicore Freq(MHZ)               : 1800
        Aicore curFreq(MHZ)            : 800
        Aicore Count                   : 20
        Temperature(C)                 : 36
        NPU Real-time Power(W)         : 91.0
"""


@pytest.fixture
def npu_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a program of that name on the PATH, which prints what it is given."""

    def install(info: str, common: str) -> None:
        (tmp_path / "info").write_text(info)
        (tmp_path / "common").write_text(common)
        program = tmp_path / "npu-smi"
        program.write_text(
            "#!/bin/sh\n"
            f'[ "$*" = info ] && exec cat {tmp_path}/info\n'
            f'[ "$*" = "info -t common -i 6" ] && [ -s {tmp_path}/common ] && exec cat {tmp_path}/common\n'
            "exit 3\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return install


def test_all_that_npu_smi_tells_is_kept(npu_smi: Callable[[str, str], None], tmp_path: Path):
    """Product, driver, memory, clocks of the first, the highest temperature, bad health, company."""
    npu_smi(INFO, COMMON)
    folder = tmp_path / f"{platform.machine()}-linux"
    folder.mkdir()
    (folder / "ascend_toolkit_install.info").write_text("package_name=toolkit\nversion=8.3.RC1\n")
    found = report(BEFORE, {"ASCEND_TOOLKIT_HOME": str(tmp_path)})
    assert found.accelerator.model_dump() == {
        "name": "Ascend 910B3",
        "count": 2,
        "memory_bytes": 65536 * 2**20,
    }
    assert (found.driver, found.cann) == ("24.1.rc2", "8.3.RC1")
    assert found.state.model_dump() == {
        "clock_mhz": 800,
        "max_clock_mhz": 1800,
        "memory_clock_mhz": None,
        "max_memory_clock_mhz": None,
        "temperature_celsius": 71.0,
        "throttle_reasons": ("health_alarm",),
        "other_processes": 1,
    }
    assert found.absent == {**NEVER_TOLD}


def test_only_visible_devices_count(npu_smi: Callable[[str, str], None]):
    """By their place in the table, as torch counts them, not by the card's number."""
    npu_smi(INFO, COMMON)
    found = report(AFTER, {"ASCEND_RT_VISIBLE_DEVICES": "0"})
    assert (found.accelerator.count, found.state.temperature_celsius) == (1, 36.0)
    assert (found.state.throttle_reasons, found.state.other_processes) == ((), 0)


def test_company_is_unknown_where_our_own_process_is_not_seen(npu_smi: Callable[[str, str], None]):
    """In a container the table has the host's process ids."""
    npu_smi(INFO, COMMON)
    found = report(Family(frozenset({1}), begun=True), {})
    assert (found.state.other_processes, found.absent["other_processes"]) == (None, HIDDEN)


def test_two_chips_on_a_card_are_two_devices():
    """A chip that says no temperature has none."""
    chips = list(chips_from_table(TWO_CHIPS_A_CARD))
    assert [(chip.card, chip.chip, chip.temperature_celsius) for chip in chips] == [
        (0, 0, 37.0),
        (0, 1, None),
    ]


def test_without_clocks_the_rest_is_told(npu_smi: Callable[[str, str], None]):
    """The older command fails; the reason stands where the clocks would."""
    npu_smi(INFO, "")
    found = report(BEFORE, {})
    assert found.state.clock_mhz is None
    assert "returned non-zero exit status 3" in found.absent["max_clock_mhz"]
    assert found.absent["cann"] == "no ascend_toolkit_install.info was found; set ASCEND_TOOLKIT_HOME"
    assert found.accelerator.count == 2


def test_clocks_are_those_of_the_first_chip():
    """A card with two chips tells both."""
    second = COMMON.replace("800", "900")
    assert clocks_mhz_from_text(COMMON + second) == {"clock_mhz": 800, "max_clock_mhz": 1800}


def test_a_machine_without_npu_smi_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Every value has the reason."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert set(report(BEFORE, {}).absent.values()) == {"npu-smi is not on this machine's PATH"}


@pytest.mark.parametrize(
    ("info", "visible"), [("no table at all", None), (INFO, ""), (INFO, "9"), (INFO, "none")]
)
def test_no_device_is_told_as_such(npu_smi: Callable[[str, str], None], info: str, visible: str | None):
    """An unknown table, or nothing visible: unknown, never a guess."""
    npu_smi(info, COMMON)
    variables = {} if visible is None else {"ASCEND_RT_VISIBLE_DEVICES": visible}
    assert set(report(BEFORE, variables).absent.values()) == {"npu-smi shows no visible device"}


def test_a_failing_npu_smi_is_told(npu_smi: Callable[[str, str], None], tmp_path: Path):
    """A driver that is not loaded must not stop the run."""
    npu_smi(INFO, COMMON)
    (tmp_path / "npu-smi").write_text("#!/bin/sh\nexit 7\n")
    (reason,) = set(report(BEFORE, {}).absent.values())
    assert reason.endswith("returned non-zero exit status 7.")


def test_without_a_toolkit_there_is_no_version(tmp_path: Path):
    """Neither with a file that does not tell it."""
    assert cann_version({}, (str(tmp_path),)) is None
    (tmp_path / "aarch64-linux").mkdir()
    (tmp_path / "aarch64-linux" / "ascend_toolkit_install.info").write_text("package_name=toolkit\n")
    assert cann_version({"ASCEND_TOOLKIT_HOME": str(tmp_path)}, ()) is None
