"""An engine that runs as a process of its own: started once, waited for, always ended with all its children.

There is at most one, because two would share the accelerator. It has its own process group, so that Ctrl-C
reaches only the profiler, which then ends the group in order.
"""

import atexit
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

READY_TIMEOUT_S: Final = 1200.0
"""Seconds until a started engine must answer: what sglang's own tests wait, most of it loading weights.

Source: sgl-project/sglang, multimodal_gen/test/server/test_server_utils.py.
"""
POLL_S: Final = 0.1
"""Seconds between two looks at a process. Chosen: nothing beside the minutes of loading weights."""
GRACE_S: Final = 15.0
"""Seconds from SIGTERM to SIGKILL. Chosen: an engine frees its devices in a few."""
KILL_S: Final = 5.0
"""Seconds for the system to end what is killed. Chosen: it frees the memory of an accelerator meanwhile."""
LAST_LINES: Final = 8
"""Lines of the engine's log in an error. Chosen: the exception of a Python program and what led to it."""
LINE_WIDTH: Final = 160
"""Characters of each such line. Chosen: all of them fit in the record's message."""
LOG_TAIL_BYTES: Final = 16_384
"""How much of the log's end is looked at for them."""


class EngineFailed(RuntimeError):
    """The engine cannot be measured; the message is one line: what it did, and what to do."""


class EngineProcess:
    """A running engine."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start `command` in a process group of its own; what it prints goes into a file.

        Raises:
            EngineFailed: the system cannot start it.
        """
        self.command = tuple(command)
        self._is_over = False
        self._folder = tempfile.TemporaryDirectory(prefix="perf-ratchet-engine-")
        self._log = Path(self._folder.name) / "engine.log"
        with self._log.open("wb") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                self._folder.cleanup()
                raise EngineFailed(f"command: {self._name()} cannot be started: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """The process, and its group."""
        return self._process.pid

    def wait_until(self, is_ready: Callable[[], bool], timeout_s: float = READY_TIMEOUT_S) -> None:
        """Return once `is_ready()`.

        Raises:
            EngineFailed: the process has ended, or is not ready after `timeout_s` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            code = self._process.poll()
            if code is not None:
                raise EngineFailed(
                    f"{self._name()} ended with code {code} before it answered{self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise EngineFailed(f"{self._name()} did not answer in {timeout_s:g} s{self.last_words()}")
            time.sleep(POLL_S)

    def last_words(self) -> str:
        """Return `; its last lines: ...`, or nothing when it printed nothing."""
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - LOG_TAIL_BYTES))
            lines = [" ".join(line.split()) for line in log.read().decode(errors="replace").splitlines()]
        last = [line[:LINE_WIDTH] for line in lines if line][-LAST_LINES:]
        return f"; its last lines: {' | '.join(last)}" if last else ""

    def end(self, grace_s: float = GRACE_S) -> None:
        """End the whole group: ask it, wait up to `grace_s` seconds, then kill what is left."""
        if self._is_over:  # its number may be another group's by now
            return
        for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, KILL_S)):
            deadline = time.monotonic() + wait_s
            self._signal(number)
            while self._is_alive() and time.monotonic() < deadline:
                time.sleep(POLL_S)
        self._process.wait()
        self._is_over = True
        self._folder.cleanup()

    def ends_within(self, seconds: float) -> bool:
        """Return whether the process itself has ended, at the latest after so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def is_running(self) -> bool:
        """Return whether the process itself still runs."""
        return self._process.poll() is None

    def _is_alive(self) -> bool:
        """Return whether any process of the group is left."""
        self._process.poll()
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def _name(self) -> str:
        return f"`{shlex.join(self.command)[:LINE_WIDTH]}`"


_running: list[EngineProcess] = []
"""The engine that runs, if any."""


def running_engine() -> EngineProcess | None:
    """Return the engine that runs, or None."""
    return _running[0] if _running else None


def start(command: Sequence[str]) -> EngineProcess:
    """Start an engine in place of the one that runs. It ends with this process, unless that one is killed.

    Raises:
        EngineFailed: the system cannot start it.
    """
    release()
    # Before the start: nothing can come between it and its promised end.
    atexit.register(release)
    _end_on_sigterm()
    engine = EngineProcess(command)
    _running.append(engine)
    return engine


def release(keep: Sequence[str] | None = None) -> None:
    """End the engine that runs, unless it was started with the command `keep`, and runs still."""
    engine = running_engine()
    if engine is None or (keep is not None and engine.command == tuple(keep) and engine.is_running()):
        return
    # Forgotten only once it has ended: a second Ctrl-C while it ends leaves it to the exit of this process.
    engine.end()
    _running.clear()


def _end_on_sigterm() -> None:
    """End the engine when this process is told to end, as a cancelled CI job is. Only the main thread may."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _release_and_end)


def _release_and_end(number: int, _frame: FrameType | None) -> None:
    release()
    sys.stdout.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
