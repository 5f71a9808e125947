"""What has just happened on the host, from the event file of a job."""

from pathlib import Path

from ratchet_bot.data.bounded import bounded_bytes
from ratchet_bot.data.errors import BadInput
from ratchet_bot.data.events import MAX_EVENT_BYTES, CommandComment, EventRejected, comment_in, run_in


def comment_from_file(path: Path) -> CommandComment | None:
    """Return what a person has just said on a pull request, from the payload of an `issue_comment` event.

    Raises:
        BadInput: there is no such file, or it is no such payload.
    """
    try:
        return comment_in(bounded_bytes(path, MAX_EVENT_BYTES))
    except EventRejected as error:
        raise BadInput(f"{path}: {error}; give the payload of an issue_comment event") from error


def run_from_file(path: Path) -> tuple[str, int]:
    """Return repository and id of the run that the payload of a `workflow_run` event is about.

    Raises:
        BadInput: there is no such file, or it is no such payload.
    """
    try:
        return run_in(bounded_bytes(path, MAX_EVENT_BYTES))
    except EventRejected as error:
        raise BadInput(f"{path}: {error}; give the payload of a workflow_run event, or --run-id") from error
