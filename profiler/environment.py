"""What ran where: which code was measured by which job, and on what machine."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from profiler.record import Environment, Source

GIT_TIMEOUT_S: Final = 10.0
"""Seconds that git may take. Chosen: it needs milliseconds; a hanging file system must not hang the run."""


def source(variables: Mapping[str, str] = os.environ, folder: Path | None = None) -> Source:
    """Return which code is measured, and by which job.

    Args:
        variables: Environment variables; GitHub Actions sets those that begin with `GITHUB_`.
        folder: Where the engine is checked out; None is the current directory.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/variables
    """
    installed_sha = _git_head(folder or Path.cwd())
    return Source(
        created_at=datetime.now(UTC),
        repository=variables.get("GITHUB_REPOSITORY") or None,
        head_sha=_pull_request_head(variables) or variables.get("GITHUB_SHA") or installed_sha,
        installed_sha=installed_sha,
        run_id=_number(variables.get("GITHUB_RUN_ID")),
        run_attempt=_number(variables.get("GITHUB_RUN_ATTEMPT")),
        job=variables.get("GITHUB_JOB") or None,
    )


def environment(hardware: str, device: str) -> Environment:
    """Return what a run has.

    Args:
        hardware: The hardware of the configuration file, such as "cpu".
        device: As torch names it. This version knows "cpu".

    Raises:
        ValueError: the device is another.
    """
    if device != "cpu":
        raise ValueError(f"device {device!r} is not known; use cpu")
    return Environment(hardware=hardware, torch=_torch_version(), python=platform.python_version())


def _torch_version() -> str | None:
    """Return torch's version from its metadata: asking torch itself would take two seconds to import it."""
    try:
        return version("torch")
    except PackageNotFoundError:
        return None


def _git_head(folder: Path) -> str | None:
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(  # noqa: S603 - a fixed command; the folder is one argument
            command, capture_output=True, check=True, text=True, timeout=GIT_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def _pull_request_head(variables: Mapping[str, str]) -> str | None:
    """Return the pull request's own commit: `GITHUB_SHA` is its merge with the base, which nobody wrote."""
    try:
        event = json.loads(Path(variables["GITHUB_EVENT_PATH"]).read_bytes())
        sha = event["pull_request"]["head"]["sha"]
    except (KeyError, OSError, TypeError, ValueError):
        return None
    return sha if isinstance(sha, str) else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
