"""Whether a baseline file says of itself that it is of another hardware than a run. Pure."""

import re
from collections.abc import Collection
from typing import Final

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile

_KIND: Final = re.compile(r"cpu|npu|xpu|musa|ascend|[abghl]\d{2,3}s?|mi\d{3}[a-z]?|[2-5]0[5-9]0")
"""Words that name a hardware in anybody's file name: what the files of sglang are called (h100, b200, 5090,
npu, xpu_b60, musa), and the other data-center models of NVIDIA and AMD."""


def other_hardware(file: BaselineFile, record: RunRecord) -> str:
    """Return the hardware that a file's metadata names, where a run without accelerator is of none of it.

    Such a run has nothing else to tell it by: times of a CPU once went into the file of an H100. The words
    are free ("CI H100 80GB pool"), so they only have to contain the run's hardware, in whatever case.

    Returns:
        "" when the two agree, the file does not say, or the run had an accelerator: that is in the key by
        which runs compare.
    """
    named = hardware_of_metadata(file)
    if not named or record.environment.accelerator:
        return ""
    return "" if record.environment.hardware in named.lower() else named


def hardware_of_metadata(file: BaselineFile) -> str:
    """Return the words of `metadata.hardware`, "" where there are none."""
    named = (file.metadata.model_extra or {}).get("hardware")
    return named if isinstance(named, str) else ""


def other_hardware_in(words: str, record: RunRecord, configured: Collection[str] = ()) -> str:
    """Return the first hardware that words name, such as those of a file name, where a run is of none of it.

    Args:
        words: Such as "h100" or "CI H100 80GB pool". A word names a hardware where it is one of the
            configuration, or a kind that files are named after: `cpu`, `npu`, `h100`, `mi300x`, `5090`.
        record: It is of a hardware that its own name, or the name of its accelerator, says.
        configured: The names of the configuration.

    Returns:
        "" when the two agree, or no word names a hardware: `baselines.json` is of any.
    """
    environment = record.environment
    named = [word for word in _words(words) if word in configured or _KIND.fullmatch(word)]
    accelerator = environment.accelerator.name.lower() if environment.accelerator else ""
    own = f"{environment.hardware} {accelerator} {'npu' if environment.cann else ''}"
    agrees = environment.hardware in words.lower() or any(word in own for word in named)
    return "" if agrees or not named else named[0]


def _words(text: str) -> list[str]:
    return [text.lower(), *re.split(r"[^a-z0-9]+", text.lower())]
