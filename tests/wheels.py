"""Wheels of packages that hold nothing: what pip decides about versions, without a package index."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

BACKEND = """\
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/{NAME}", "w") as wheel:
        for path, text in FILES.items():
            wheel.writestr(path, text)
    return NAME
"""


def wheel(folder: Path, name: str, version: str, needs: Iterable[str] = ()) -> None:
    """Write the wheel of a package with these requirements, extras among them, into a folder."""
    with zipfile.ZipFile(folder / _file_name(name, version), "w") as file:
        for path, text in _files(name, version, needs).items():
            file.writestr(path, text)


def project(folder: Path, name: str, version: str, needs: Iterable[str] = ()) -> None:
    """Write a source tree that pip builds into such a wheel, with a build backend of its own."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    made = f"NAME = {_file_name(name, version)!r}\nFILES = {_files(name, version, needs)!r}\n"
    (folder / "backend.py").write_text(BACKEND + made)


def _file_name(name: str, version: str) -> str:
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def _files(name: str, version: str, needs: Iterable[str]) -> dict[str, str]:
    """Return what a wheel has at least, by path."""
    told = f"{name.replace('-', '_')}-{version}.dist-info"
    needs = list(needs)
    extras = sorted({need.rpartition("extra == ")[2].strip("'\"") for need in needs if "extra == " in need})
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    files = {
        f"{told}/METADATA": "\n".join(lines) + "\n",
        f"{told}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    return {**files, f"{told}/RECORD": "".join(f"{path},,\n" for path in (*files, f"{told}/RECORD"))}
