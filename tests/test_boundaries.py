"""Who may know whom."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "diffusers", "transformers", "numpy"}
BOT = (
    "ratchet_bot.__main__",
    "ratchet_bot.adoption.doctor",
    "ratchet_bot.flows.night",
    "ratchet_bot.flows.report",
    "ratchet_bot.flows.slash",
    "ratchet_bot.hosts.github",
)


def loaded_by(*modules: str) -> set[str]:
    """Return the modules that a fresh interpreter has after importing these."""
    code = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_loads_nothing_heavy():
    """`perf-ratchet` starts without torch, diffusers and numpy, where they are installed too."""
    code = "import ratchet_bot.__main__, sys; assert not {'torch','diffusers','numpy'} & set(sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_whole_bot_loads_nothing_heavy():
    """Neither does anything that a command of the bot imports later."""
    assert not loaded_by(*BOT) & HEAVY


def test_help_and_wrong_arguments_load_no_library():
    """The entry point needs neither pydantic nor PyGithub nor Jinja2, nor what they are used by."""
    libraries = {"pydantic", "github", "jinja2", "yaml", "requests"}
    assert not loaded_by("ratchet_bot.__main__") & {
        *libraries,
        "ratchet_bot.hosts.port",
        "ratchet_bot.hosts.states",
        "ratchet_bot.data.baselines",
    }


@pytest.mark.parametrize(
    "module",
    [
        "ratchet_profiler",
        "ratchet_profiler.__main__",
        "ratchet_profiler.scenarios",
        "ratchet_profiler.sources",
    ],
)
def test_the_profiler_loads_torch_only_to_run(module: str):
    """Listing scenarios and reading records needs no torch."""
    assert not loaded_by(module) & HEAVY


def test_import_contracts_hold():
    """import-linter finds no import across the walls of pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout
