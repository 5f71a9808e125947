"""What ran where: which code was measured by which job, and on what machine."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ratchet_profiler.devices import DeviceReport, family, tool_for
from ratchet_profiler.machine import worst
from ratchet_profiler.record import MAX_TEXT, Accelerator, Environment, MachineState, Source
from ratchet_profiler.timers import device_module, is_cpu

GIT_TIMEOUT_S: Final = 10.0
"""Seconds that git may take. Chosen: it needs milliseconds; a hanging file system must not hang the run."""
HEAT_NS: Final = 10_000_000
"""Longest time in nanoseconds for which heat may slow a run down. Chosen: 10 ms, half of the smallest pad of
a limit, so that it cannot turn a verdict."""
NOT_ASKED: Final = MappingProxyType(
    {
        "cuda": "torch has no CUDA device here",
        "cann": "the device is not Ascend's",
        "torch": "torch is not installed here",
        "image": "PERF_RATCHET_IMAGE is not set; a container does not know its image",
        "runner": "RUNNER_NAME is not set; GitHub Actions sets it",
    }
)
"""Why a value is absent that no tool was asked for, by its name in `Environment`."""


def source(variables: Mapping[str, str] = os.environ, folder: Path | None = None) -> Source:
    """Return which code is measured, and by which job.

    Args:
        variables: Environment variables; GitHub Actions sets those that begin with `GITHUB_`.
        folder: Where the engine is checked out; None is the current directory.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/variables
    """
    checkout = folder or Path.cwd()
    installed_sha = _git(checkout, "rev-parse", "HEAD")
    changes = _git(checkout, "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return Source(
        created_at=datetime.now(UTC),
        repository=variables.get("GITHUB_REPOSITORY") or None,
        head_sha=_pull_request_head(variables) or variables.get("GITHUB_SHA") or installed_sha or None,
        installed_sha=installed_sha or None,
        dirty=bool(changes) if installed_sha and changes is not None else None,
        run_id=_number(variables.get("GITHUB_RUN_ID")),
        run_attempt=_number(variables.get("GITHUB_RUN_ATTEMPT")),
        job=variables.get("GITHUB_JOB") or None,
    )


class Watch:
    """Looks at the machine when a run begins and at each `look`, and remembers the worst.

    One look at the end would not do: once the last request is over the device is idle and cools down.
    """

    def __init__(
        self,
        hardware: str,
        device: str,
        variables: Mapping[str, str] = os.environ,
        *,
        has_guest: bool = False,
    ) -> None:
        """Look for the first time, before the run is on the device.

        Args:
            hardware: The hardware of the configuration file, such as "h100".
            device: As torch names it, such as "cpu", "cuda" or "npu:1".
            variables: Environment variables.
            has_guest: Whether an engine that this run did not start works for it.
        """
        self._hardware = hardware
        self._device = device
        self._variables = variables
        self._has_guest = has_guest
        self._tool = tool_for(device)
        self._reports = [self._report(begun=False)]

    def look(self) -> Environment:
        """Look again, and return what the run has had so far."""
        self._reports.append(self._report(begun=True))
        return self.environment()

    def environment(self) -> Environment:
        """Return what the run has had so far."""
        first = self._reports[0]
        module = present_module(self._device)
        environment = Environment(
            hardware=self._hardware,
            accelerator=first.accelerator or _torch_accelerator(module),
            driver=first.driver,
            cuda=_cuda_version() if module else None,
            cann=first.cann,
            torch=_torch_version(),
            python=platform.python_version(),
            image=_line(self._variables.get("PERF_RATCHET_IMAGE", "")) or None,
            runner=_line(self._variables.get("RUNNER_NAME", "")) or None,
            state=worst([*(report.state for report in self._reports), self._heat()]),
        )
        return environment.model_copy(update={"absent": self._absent(environment)})

    def _report(self, *, begun: bool) -> DeviceReport:
        return self._tool(family(self._variables, begun=begun, has_guest=self._has_guest))

    def _heat(self) -> MachineState:
        """Return what the devices' counters say of the time between the first look and the last."""
        heat_ns = self._reports[-1].thermal_violation_ns - self._reports[0].thermal_violation_ns
        return MachineState(throttle_reasons=("thermal_violation",) if heat_ns > HEAT_NS else ())

    def _absent(self, environment: Environment) -> Mapping[str, str]:
        """Return why each value that is unknown is unknown."""
        reasons = dict(NOT_ASKED)
        for report in self._reports:
            reasons |= report.absent
        values = environment.model_dump() | environment.state.model_dump()
        # No reason to throttle is an answer where the device was asked.
        values["throttle_reasons"] = environment.state.throttle_reasons or None
        if environment.accelerator:
            values["memory_bytes"] = environment.accelerator.memory_bytes
        return {name: _line(reason) for name, reason in reasons.items() if values.get(name) is None}


def present_module(device: str) -> Any | None:  # noqa: ANN401 - the modules of devices have no common type
    """Return torch's module of a device that this machine has, such as `torch.cuda`; None without one."""
    if is_cpu(device) or find_spec("torch") is None:
        return None
    try:
        module: Any = device_module(device)
    except (RuntimeError, ImportError):
        return None
    return module if module.is_available() else None


def _torch_accelerator(module: Any | None) -> Accelerator | None:  # noqa: ANN401 - as above
    """Return the devices as torch sees them, where their own tool does not report them."""
    if module is None or not hasattr(module, "get_device_properties"):
        return None
    properties = module.get_device_properties(0)
    return Accelerator(
        name=properties.name, count=module.device_count(), memory_bytes=properties.total_memory
    )


def _cuda_version() -> str | None:
    """Return the CUDA that torch was built for: its kernels are what is measured."""
    import torch  # noqa: PLC0415 - only where it has been imported for its device

    return torch.version.cuda


def _torch_version() -> str | None:
    """Return torch's version from its metadata: asking torch itself would take two seconds to import it."""
    try:
        return version("torch")
    except PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git says of the checkout that a folder is in; None where there is none, or no git."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the folder is one argument
            command, capture_output=True, check=True, text=True, timeout=GIT_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _pull_request_head(variables: Mapping[str, str]) -> str | None:
    """Return the pull request's own commit: `GITHUB_SHA` is its merge with the base, which nobody wrote."""
    try:
        event = json.loads(Path(variables["GITHUB_EVENT_PATH"]).read_bytes())
        sha = event["pull_request"]["head"]["sha"]
    except (KeyError, OSError, TypeError, ValueError):
        return None
    return sha if isinstance(sha, str) else None


def _line(text: str) -> str:
    """Return what others wrote as a record can hold it."""
    return " ".join(text.split())[:MAX_TEXT]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
