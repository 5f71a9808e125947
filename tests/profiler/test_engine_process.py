import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import engine_server
import pytest
from engine_server import serving
from ratchet_profiler.capture import capture
from ratchet_profiler.scenarios import Scenario
from ratchet_profiler.sources.engine_process import (
    EngineFailed,
    EngineProcess,
    release,
    running_engine,
    start,
)
from ratchet_profiler.sources.served import Limits, build

SERVER = str(Path(engine_server.__file__))
PATIENT = Limits(ready_s=60.0, request_s=60.0, log_s=60.0, poll_s=0.001)


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    """No test leaves an engine behind, and the handler of SIGTERM is the one that was there."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    release()
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that nobody has waited for yet has, too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def scenario(name: str, port: int, *command: str, **changes: object) -> Scenario:
    fields = {
        "id": name,
        "source": "served",
        "url": f"http://127.0.0.1:{port}",
        "command": list(command),
        "model": "some/model",
        "prompt": "a cat",
        "width": 64,
        "height": 32,
    }
    return Scenario.model_validate(fields | changes)


def failure(one: Scenario, limits: Limits = PATIENT) -> str:
    with pytest.raises(EngineFailed) as failed:
        build(one, limits)
    assert "\n" not in str(failed.value)
    return str(failed.value)


def test_scenarios_with_one_command_share_the_engine_and_the_next_one_has_it_ended(port: int, tmp_path: Path):
    """It is started once for two sizes, is gone when a function is measured, and comes back for the last."""
    log, started = str(tmp_path / "performance.log"), tmp_path / "started"
    command = (sys.executable, SERVER, str(port), log, "", str(started))
    (tmp_path / "alone.py").write_text("def run(request):\n    with request.stage('Alone'):\n        pass\n")
    sys.path.append(str(tmp_path))
    function = Scenario.model_validate({"id": "function", "source": "callable", "call": "alone:run"})
    try:
        run = capture(
            [
                scenario("small", port, *command, perf_log=log),
                scenario("large", port, *command, perf_log=log, width=128),
                function,
                scenario("last", port, *command, perf_log=log),
            ],
            warmup=1,
            repeats=1,
        )
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("alone", None)
    assert [(s.id, s.error, [len(r.stages) for r in s.requests]) for s in run.scenarios] == [
        ("small", None, [3, 3]),
        ("large", None, [3, 3]),
        ("function", None, [1, 1]),
        ("last", None, [3, 3]),
    ]
    pids = [int(line) for line in started.read_text().splitlines()]
    assert len(pids) == 2
    assert all(is_gone(pid) for pid in pids)
    assert running_engine() is None


def test_a_child_that_does_not_end_when_it_is_asked_to_is_killed(port: int, tmp_path: Path):
    """The whole group ends: sglang's workers hold the accelerator's memory, not its front."""
    engine = EngineProcess((sys.executable, SERVER, str(port), "", str(tmp_path / "pids")))
    pids = tmp_path / "pids"
    engine.wait_until(lambda: pids.exists() and pids.read_text().endswith("\n"), 60.0)
    engine.end(grace_s=0.1)
    group = [int(pid) for pid in pids.read_text().split()]
    assert group[0] == engine.pid
    assert [is_gone(pid) for pid in group] == [True, True]


def test_an_engine_that_never_answers_is_ended_and_its_last_lines_are_told(port: int):
    """What it printed last is why."""
    code = "print('\\n'.join(f'line {n}' for n in range(20)), flush=True); import signal; signal.pause()"
    line = failure(scenario("one", port, sys.executable, "-c", code), Limits(ready_s=0.5))
    assert "did not answer in 0.5 s; its last lines: line 12 | line 13 | " in line
    assert line.endswith(" | line 19")
    assert running_engine() is None


def test_an_engine_that_ends_before_it_answers_is_told_with_its_code(port: int):
    """At once, and not after twenty minutes."""
    code = "import sys; sys.exit('no such model')"
    line = failure(scenario("one", port, sys.executable, "-c", code))
    assert line.endswith(" ended with code 1 before it answered; its last lines: no such model")
    assert running_engine() is None


def test_a_command_that_there_is_not_is_told_so(port: int):
    """Nothing is started, and nothing is waited for."""
    assert failure(scenario("one", port, "no-such-engine", "serve it")) == (
        "command: `no-such-engine 'serve it'` cannot be started: No such file or directory"
    )


def test_an_address_that_answers_already_is_not_measured_by_mistake():
    """Else the command would fail to listen, and the other engine would be measured in its place."""
    with serving() as other:
        line = failure(scenario("one", other.server_port, sys.executable, "-c", "pass"))
    assert line == f"url: {other.url} answers already; stop what runs there, or leave out command"


def test_an_engine_that_dies_in_a_request_says_its_last_words(port: int, tmp_path: Path):
    """Not only that the connection broke."""
    (tmp_path / "dying.py").write_text(
        f"import sys; sys.path.append({str(Path(SERVER).parent)!r})\n"
        "import engine_server, os\n"
        "def die(self, *_):\n    print('CUDA error: an illegal memory access', flush=True)\n    os._exit(1)\n"
        "engine_server.Handler.do_POST = die\n"
        f"engine_server.EngineServer({port}).serve_forever()\n"
    )
    (record,) = capture(
        [scenario("one", port, sys.executable, str(tmp_path / "dying.py"), perf_dump=True)],
        warmup=0,
        repeats=1,
    ).scenarios
    assert record.error is not None
    assert record.error.startswith("request-0: EngineFailed: POST ")
    assert record.error.endswith("its last lines: CUDA error: an illegal memory access")


def test_an_interrupt_while_the_engine_loads_ends_it(port: int):
    """Ctrl-C in the longest wait of all."""
    engine = start((sys.executable, "-c", "import signal; signal.pause()"))

    def interrupted() -> bool:
        signal.raise_signal(signal.SIGINT)
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ratchet_profiler.sources.endpoint.Endpoint.answers", lambda _self: interrupted())
        with pytest.raises(KeyboardInterrupt):
            build(scenario("one", port, *engine.command), PATIENT)
    assert is_gone(engine.pid)
    assert running_engine() is None


def test_a_second_interrupt_while_it_ends_does_not_forget_it():
    """An impatient user leaves no engine behind either: what is left is ended with the process."""
    code = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    )
    engine = start((sys.executable, "-c", code))
    engine.wait_until(lambda: bool(engine.last_words()), 60.0)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            release()
    assert running_engine() is engine
    assert not is_gone(engine.pid)
    engine.end(grace_s=0.1)
    assert is_gone(engine.pid)


ENDINGS = {
    "it is done": ("pass", 0),
    "it is told to end": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    "an error": ("raise RuntimeError", 1),
}


@pytest.mark.parametrize(("ending", "code"), ENDINGS.values(), ids=ENDINGS)
def test_however_the_profiler_ends_the_engine_ends(ending: str, code: int):
    """A cancelled CI job leaves no engine on the machine for the next one."""
    program = (
        "import sys\nfrom ratchet_profiler.sources.engine_process import start\n"
        "engine = start((sys.executable, '-c', 'import signal; signal.pause()'))\n"
        f"print(engine.pid, flush=True)\n{ending}\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert is_gone(int(done.stdout))


def test_ctrl_c_reaches_the_profiler_first():
    """The engine is in a group of its own: the terminal's interrupt does not end it under a request."""
    engine = start((sys.executable, "-c", "import signal; signal.pause()"))
    assert os.getpgid(engine.pid) == engine.pid != os.getpgid(0)
