"""What `perf-ratchet init` writes into a repository: every file as text, from `templates/init/`.

These templates have delimiters of their own: what they make is full of GitHub's double braces.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ratchet_bot.adoption.release import Release
from ratchet_bot.data.baselines import DEFAULT_TOLERANCES
from ratchet_bot.data.names import CONFIG
from ratchet_bot.data.reading import baselines_from_file
from ratchet_bot.data.rewriting import new_baselines
from ratchet_bot.data.settings import Hardware, Settings
from ratchet_bot.telling.words import TEMPLATES

SCHEMA: Final = ".github/perf-ratchet.schema.json"
SETUP: Final = ".github/perf-setup.sh"
SCENARIOS: Final = ".github/perf-scenarios.toml"
WORKFLOWS: Final = ("profile", "report", "slash", "nightly")
"""Files in .github/workflows, without their ending."""
STARTING_HARDWARE: Final[Mapping[str, Hardware]] = {
    "h100": Hardware(
        baselines=".github/perf-baselines/h100.json", runner=("self-hosted", "linux", "h100"), device="cuda"
    ),
    "ascend": Hardware(
        baselines=".github/perf-baselines/ascend.json",
        runner=("self-hosted", "linux", "ascend"),
        device="npu",
    ),
}
"""What a repository has that says nothing else."""
_SERVER: Final = "python/sglang/multimodal_gen/test/server"
SGLANG: Final[Mapping[str, Sequence[str]]] = {
    "h100": (f"{_SERVER}/perf_baselines.json", f"{_SERVER}/perf_baselines/h100.json"),
    "ascend": (f"{_SERVER}/ascend/perf_baselines_npu.json",),
}
"""Where sglang has kept its baselines, the latest place last, of the hardware to begin with.
Source: sgl-project/sglang; the file of all platforms was split on 2026-07-01."""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """What a repository is to get."""

    release: Release
    hardware: Mapping[str, Hardware]
    """By name."""
    baselines_there: frozenset[str]
    """Paths of the baseline files that the repository has; the others are begun."""
    has_scenarios: bool
    """Whether it has a scenario file."""

    @property
    def is_sglang(self) -> bool:
        """Whether the repository has sglang's layout."""
        return any(self.baselines_there.intersection(paths) for paths in SGLANG.values())


def adoption_of(folder: Path, release: Release) -> Adoption:
    """Return what a repository is to get: the baselines that it has stay where they are.

    Raises:
        BadInput: one of its baseline files cannot be used.
    """
    there = {
        name: path
        for name, hardware in STARTING_HARDWARE.items()
        for path in (hardware.baselines, *SGLANG.get(name, ()))
        if (folder / path).is_file()
    }
    return Adoption(
        release=release,
        hardware={
            name: _with_file(usual, there[name], folder) if name in there else usual
            for name, usual in STARTING_HARDWARE.items()
            if name in there or not there
        },
        baselines_there=frozenset(there.values()),
        has_scenarios=(folder / SCENARIOS).is_file(),
    )


def _with_file(usual: Hardware, path: str, folder: Path) -> Hardware:
    """Return a hardware with the baseline file that is there, and a profile that the file has."""
    tolerances = baselines_from_file(folder / path).tolerances
    profiles = list(DEFAULT_TOLERANCES if tolerances is None else tolerances)
    profile = usual.profile if usual.profile in profiles else next(iter(profiles), usual.profile)
    return usual.model_copy(update={"baselines": path, "profile": profile})


def files(adoption: Adoption) -> dict[str, str]:
    """Return the files to write, by path from the top of the repository."""
    defaults = Settings(hardware=adoption.hardware)
    values = {
        "hardware": adoption.hardware,
        "has_scenarios": adoption.has_scenarios,
        "history_branch": defaults.history_branch,
        "is_sglang": adoption.is_sglang,
        "release": adoption.release,
        "requests": defaults.requests,
        "scenario_file": SCENARIOS,
        "tighten": defaults.tighten,
    }
    begun = {
        hardware.baselines: new_baselines(
            name, "host" if hardware.device == "cpu" else "device-events", DEFAULT_TOLERANCES
        )
        for name, hardware in adoption.hardware.items()
        if hardware.baselines not in adoption.baselines_there
    }
    return {
        CONFIG: _rendered("perf-ratchet.yml", **values),
        SCHEMA: schema(),
        SETUP: _rendered("perf-setup.sh", **values),
        **{path: file.text for path, file in begun.items()},
        **{f".github/workflows/{name}.yml": _rendered(f"{name}.yml", **values) for name in WORKFLOWS},
    }


def history_files() -> dict[str, bytes]:
    """Return what the history branch begins with, by path."""
    return {"README.md": _rendered("history.md").encode()}


def schema() -> str:
    """Return the JSON Schema of the configuration file, for editors."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perf-ratchet",
        **Settings.model_json_schema(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rendered(name: str, **values: object) -> str:
    environment = Environment(  # noqa: S701 - YAML and shell; every value is ours or held to a pattern
        loader=FileSystemLoader(TEMPLATES / "init"),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(f"{name}.j2").render(**values)
