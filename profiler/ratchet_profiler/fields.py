"""What the fields of a record may hold: bounds, types, and the base of every model."""

from typing import Annotated, Final, Literal

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


class Frozen(BaseModel):
    """Base of everything in a record: strict, immutable, no unknown keys, finite numbers."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        defer_build=True,  # what a command does not read is not made ready to be read
    )
