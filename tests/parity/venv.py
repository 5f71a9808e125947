"""The environment of sglang, which `make parity` installs apart from ours, and its programs."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from parity.jobs import Job

PYTHON: Final = Path(__file__).resolve().parents[2] / ".tools/parity/bin/python"
ENGINE: Final = Path(__file__).with_name("engine")
"""The programs that run in it."""
COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"
TIMEOUT_S: Final = 300


@dataclass(frozen=True)
class Place:
    """Where sglang's test runs: by what it chooses its baselines."""

    platform: str = "cuda"
    """"cuda", "hip", "npu", "musa" or "xpu"."""
    file: str = "h100"
    """What `SGLANG_DIFFUSION_PERF_BASELINE_PLATFORM` says."""
    runner: str = ""
    """What `RUNNER_NAME` says."""

    @property
    def label(self) -> str:
        """What is special about it, such as "npu" or "with a runner's name"; empty for plain CUDA."""
        return self.platform if self.platform != "cuda" else "with a runner's name" if self.runner else ""


@dataclass(frozen=True)
class Answers:
    """What the test said."""

    printed_at_import: str
    of_jobs: Sequence[Job]
    """In the order of the jobs: failure, checks [name, actual, expected, limit, passed], printed, logged."""


def judged(jobs: Sequence[Job], place: Place) -> Answers:
    """Return what sglang's own test says of these jobs."""
    return Answers(**json.loads(program("judge.py", place.platform, given=jobs, place=place)))


def program(name: str, *arguments: str | Path, given: Any, place: Place = Place()) -> str:
    """Return what a program of `ENGINE` prints for this JSON.

    Raises:
        CalledProcessError: it failed; what it said is shown.
    """
    environment = os.environ | {
        "SGLANG_DIFFUSION_PERF_BASELINE_PLATFORM": place.file,
        "RUNNER_NAME": place.runner,
        "SGLANG_GIT_COMMIT": COMMIT,
    }
    return subprocess.run(
        [str(PYTHON), str(ENGINE / name), *map(str, arguments)],
        input=json.dumps(given),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    ).stdout
