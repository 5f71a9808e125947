"""Whether a baseline file says of itself that it is of another hardware than a run. Pure."""

from ratchet_profiler.record import RunRecord

from ratchet_bot.data.baselines import BaselineFile


def other_hardware(file: BaselineFile, record: RunRecord) -> str:
    """Return the hardware that a file's metadata names, where a run without accelerator is of none of it.

    Such a run has nothing else to tell it by: times of a CPU once went into the file of an H100. The words
    are free ("CI H100 80GB pool"), so they only have to contain the run's hardware, in whatever case.

    Returns:
        "" when the two agree, the file does not say, or the run had an accelerator: that is in the key by
        which runs compare.
    """
    named = (file.metadata.model_extra or {}).get("hardware")
    if not isinstance(named, str) or record.environment.accelerator:
        return ""
    return "" if record.environment.hardware in named.lower() else named
