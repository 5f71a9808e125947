"""What the fields of a record may hold, and the machine that measured: what it was, and in which state.

Two machines are compared here, and states of one machine are put together.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

MAX_MS: Final = 7 * 24 * 3600 * 1000.0
"""Longest duration in milliseconds: one week, above the 5 days GitHub gives a self-hosted job."""
MAX_INTEGER: Final = 2**53
"""Largest integer: the largest that every JSON reader keeps exactly."""
MAX_TEXT: Final = 200
"""Longest name in characters. Chosen: the longest stage name of sglang's baselines has 30."""
MAX_MESSAGE: Final = 2000
"""Longest error message in characters. Chosen: a sentence and its cause, not a traceback."""
MAX_SCENARIOS: Final = 512
"""Most scenarios of one run. Chosen: the largest baseline file of sglang has 67."""
MAX_REQUESTS: Final = 256
"""Most requests of one scenario. Chosen: warm-ups, measurements and confirmations are about ten."""
MAX_RANKS: Final = 1024
"""Most ranks of one request. Chosen: one engine spans at most some nodes of 8 devices."""
MAX_STAGES: Final = 1024
"""Most stages of one request. Chosen: sglang's have at most 13; a stage may occur many times."""
MAX_STEPS: Final = 4096
"""Most denoising steps of one request. Chosen: schedulers are trained on 1000 timesteps."""

Milliseconds = Annotated[float, Field(ge=0, le=MAX_MS)]
SignedMilliseconds = Annotated[float, Field(ge=-MAX_MS, le=MAX_MS)]
Bytes = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
RunId = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00-\x1f\x7f]*$")]
Message = Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE)]
ScenarioId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,119}$")]
HardwareName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]
Clock = Literal["host", "device-events"]

SPOILING: Final = frozenset(
    (
        "hw_slowdown",
        "hw_thermal_slowdown",
        "hw_power_brake_slowdown",
        "sw_thermal_slowdown",
        "thermal_violation",
        "health_alarm",
        "health_critical",
    )
)
"""Throttle reasons that make times those of a sick or starved machine.

The others are how a healthy device runs: idle, at clocks that somebody chose, or at its power limit, where a
large model keeps an H100 all the time.
The last three are our names, of NVML's thermal policy and of what npu-smi calls health.
Source: https://docs.nvidia.com/deploy/nvml-api/group__nvmlClocksEventReasons.html
"""
MEMORY_BUCKET_BYTES: Final = 4 * 2**30
"""Memory sizes are compared in steps of 4 GiB. Chosen: a driver keeps up to 1 GiB for itself, products differ
by 8 GiB and more."""
UNKNOWN: Final = "?"

Number = TypeVar("Number", int, float)


class Frozen(BaseModel):
    """Base of everything in a record: strict, immutable, no unknown keys, finite numbers."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        defer_build=True,  # what a command does not read is not made ready to be read
    )


class Accelerator(Frozen):
    """The devices a run had."""

    name: Text
    """The product name, such as "NVIDIA H100 80GB HBM3"."""
    count: Count
    """How many of them."""
    memory_bytes: Bytes | None = None
    """Memory of one device in bytes; null when the device does not say."""


class MachineState(Frozen):
    """What may differ from run to run on one machine, and can spoil a measurement."""

    clock_mhz: Count | None = None
    """Compute clock in MHz at the end of the run; null when unknown."""
    max_clock_mhz: Count | None = None
    """The highest compute clock in MHz that the device has; null when unknown."""
    memory_clock_mhz: Count | None = None
    """Memory clock in MHz at the end of the run; null when unknown."""
    max_memory_clock_mhz: Count | None = None
    """The highest memory clock in MHz that the device has; null when unknown."""
    temperature_celsius: Annotated[float, Field(ge=-100, le=300)] | None = None
    """Highest device temperature seen; null when unknown."""
    throttle_reasons: Annotated[tuple[Text, ...], Field(max_length=32)] = ()
    """Why a device held its clocks back at any time it was asked; empty when it did not, or when unknown."""
    other_processes: Count | None = None
    """Most processes of others seen on the devices; null when unknown."""


class Environment(Frozen):
    """What ran where."""

    hardware: HardwareName
    """The hardware of the configuration file, such as "h100" or "ascend"."""
    accelerator: Accelerator | None = None
    """The devices; null on a machine without one."""
    driver: Text | None = None
    """Driver version; null without an accelerator."""
    cuda: Text | None = None
    """CUDA version; null without CUDA."""
    cann: Text | None = None
    """CANN version; null without an Ascend device."""
    torch: Text | None = None
    """Version of torch; null when the engine runs in another process."""
    python: Text
    """Version of Python."""
    image: Text | None = None
    """Container image; null outside of one."""
    runner: Text | None = None
    """The runner, as GitHub calls it; null outside of Actions. No part of the comparability key: an ephemeral
    runner has a new name every time."""
    state: MachineState = MachineState()
    """Clocks, temperature, company."""
    absent: Annotated[Mapping[Text, Text], Field(max_length=32)] = {}
    """Why a value is unknown, by its name here or in `state`."""


def comparability_key(environment: Environment, clock: Clock, config_hash: str | None = None) -> str:
    """Return a line that is equal for two measurements whose times may be compared.

    It has the hardware's product, number and memory, the driver's major version, CUDA or CANN, torch's minor
    version, the clock, and the hash of the scenario's configuration; what is unknown is a question mark.

    Args:
        environment: Where it was measured.
        clock: The clock of the times.
        config_hash: Of the scenario; None for a key of everything that the run measured.
    """
    accelerator = environment.accelerator
    parts = [
        f"{accelerator.name} x{accelerator.count} {_bucket(accelerator.memory_bytes)}"
        if accelerator
        else environment.hardware,
        f"driver {_version(environment.driver, 1)}" if accelerator else "no driver",
        _toolkit(environment),
        f"torch {_version(environment.torch, 2)}",
        clock,
        *([config_hash] if config_hash else []),
    ]
    return " | ".join(parts)


def spoilt_by(state: MachineState) -> str:
    """Return why times taken in this state say nothing about the code, or "" when they do."""
    reasons = sorted(SPOILING.intersection(state.throttle_reasons))
    if reasons:
        return f"the device was throttled: {', '.join(reasons)}"
    if state.other_processes:
        plural = "" if state.other_processes == 1 else "es"
        return f"the device was shared with {state.other_processes} other process{plural}"
    return ""


def worst(states: Sequence[MachineState]) -> MachineState:
    """Return all that went wrong in any of these states; clocks are those of the last that has them.

    Args:
        states: In the order in which they were seen, at least one.
    """
    return MachineState(
        clock_mhz=_last([state.clock_mhz for state in states]),
        max_clock_mhz=_last([state.max_clock_mhz for state in states]),
        memory_clock_mhz=_last([state.memory_clock_mhz for state in states]),
        max_memory_clock_mhz=_last([state.max_memory_clock_mhz for state in states]),
        temperature_celsius=_most([state.temperature_celsius for state in states]),
        throttle_reasons=tuple(sorted({reason for state in states for reason in state.throttle_reasons})),
        other_processes=_most([state.other_processes for state in states]),
    )


def with_worst_state(environments: Sequence[Environment]) -> Environment:
    """Return the first of these environments, with all that went wrong in any of them.

    Args:
        environments: Of one machine at several times, or of the machines of one run; at least one.
    """
    state = worst([environment.state for environment in environments])
    present = {name for name, value in state.model_dump().items() if value not in (None, ())}
    absent = {name: reason for name, reason in environments[0].absent.items() if name not in present}
    return environments[0].model_copy(update={"state": state, "absent": absent})


def _toolkit(environment: Environment) -> str:
    if environment.cann:
        return f"cann {environment.cann}"
    if environment.cuda:
        return f"cuda {environment.cuda}"
    return "cuda or cann " + UNKNOWN if environment.accelerator else "no cuda"


def _bucket(memory_bytes: int | None) -> str:
    if memory_bytes is None:
        return UNKNOWN
    return f"{round(memory_bytes / MEMORY_BUCKET_BYTES) * MEMORY_BUCKET_BYTES // 2**30} GiB"


def _version(text: str | None, parts: int) -> str:
    """Return the first parts of a version; what follows a plus is how it was built."""
    return ".".join(text.partition("+")[0].split(".")[:parts]) if text else UNKNOWN


def _last(values: Sequence[Number | None]) -> Number | None:
    return next((value for value in reversed(values) if value is not None), None)


def _most(values: Sequence[Number | None]) -> Number | None:
    return max((value for value in values if value is not None), default=None)
