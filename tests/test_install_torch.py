"""Which torch `tests/install_torch.sh` installs: real pip, folders as its indexes, wheels without modules."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "install_torch.sh"


def wheel(folder: Path, name: str, version: str) -> Path:
    """Write an installable wheel without any module into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file


def served(index: Path, name: str, version: str) -> str:
    """Put a wheel into an index and return its line of a lock."""
    file = wheel(index / name, name, version)
    (index / name / "index.html").write_text(f'<a href="{file.name}">{file.name}</a>')
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


class Machine:
    """A machine whose registry has torch with CUDA, without local wheels and without a CPU index."""

    def __init__(self, folder: Path) -> None:
        """Write the registry, and the lock of what it has, into a folder."""
        self.folder = folder
        self.registry, self.cpu_index, self.local = folder / "registry", folder / "cpu", folder / "local"
        self.local.mkdir()
        lock = served(self.registry, "torch", "2.13.0") + served(self.registry, "cuda", "13.0.3")
        (folder / "torch.lock").write_text(lock)

    def installs(self, system: str) -> subprocess.CompletedProcess[str]:
        """Run the script where `uname -sm` says `system`."""
        programs = self.folder / "programs"
        programs.mkdir()
        (programs / "uname").write_text(f"#!/bin/sh\necho {system}\n")
        (programs / "uname").chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": str(self.local),
            "PIP_INDEX_URL": self.registry.as_uri(),
            "PIP_TARGET": str(self.folder / "installed"),
            "TORCH_INDEX": self.cpu_index.as_uri(),
        }
        command = ["bash", SCRIPT, sys.executable, self.folder / "torch.lock"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def has(self) -> list[str]:
        """Return the packages that are installed by now."""
        return sorted(
            info.name.removesuffix(".dist-info") for info in self.folder.glob("installed/*.dist-info")
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_local_wheel_comes_first(machine: Machine):
    wheel(machine.local, "torch", "2.13.0+cpu.local")
    served(machine.cpu_index, "torch", "2.13.0+cpu")
    assert machine.installs("Linux x86_64").stdout == ""
    assert machine.has() == ["torch-2.13.0+cpu.local"]


def test_a_local_wheel_of_another_version_does_not_count(machine: Machine):
    wheel(machine.local, "torch", "2.14.1+cpu")
    served(machine.cpu_index, "torch", "2.13.0+cpu")
    assert machine.installs("Linux x86_64").stdout == ""
    assert machine.has() == ["torch-2.13.0+cpu"]


def test_linux_takes_the_cpu_build_of_the_index(machine: Machine):
    served(machine.cpu_index, "torch", "2.13.0+cpu")
    assert machine.installs("Linux aarch64").stdout == ""
    assert machine.has() == ["torch-2.13.0+cpu"]


def test_without_a_cpu_build_the_registry_s_comes_whole_after_a_line_that_says_its_size(machine: Machine):
    outcome = machine.installs("Linux x86_64")
    assert outcome.stdout == (
        f"{machine.cpu_index.as_uri()} has no torch==2.13.0 for this machine, or cannot be reached: "
        "the registry's build brings CUDA, 2,700 MB\n"
    )
    assert machine.has() == ["cuda-13.0.3", "torch-2.13.0"]


def test_the_registry_s_build_is_the_locked_one_or_none(machine: Machine):
    served(machine.registry, "torch", "2.13.0")
    (machine.registry / "torch/torch-2.13.0-py3-none-any.whl").write_bytes(b"another build")
    outcome = machine.installs("Linux x86_64")
    assert outcome.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in outcome.stderr
    assert machine.has() == []


def test_apple_silicon_takes_the_registry_s_build_without_a_word(machine: Machine):
    (machine.folder / "torch.lock").write_text(served(machine.registry, "torch", "2.13.0"))
    assert machine.installs("Darwin arm64").stdout == ""
    assert machine.has() == ["torch-2.13.0"]


def test_an_intel_mac_is_told_what_to_do(machine: Machine):
    outcome = machine.installs("Darwin x86_64")
    assert outcome.returncode == 1
    assert outcome.stderr == (
        "torch==2.13.0 has no build for Intel Macs: run make in a Linux container; "
        "pip install . is the bot, without torch\n"
    )
    assert machine.has() == []
