"""An engine behind an OpenAI-compatible endpoint, such as `sglang serve`.

A request is timed from outside, on the host clock: from before it is sent until the answer is read. Where
sglang writes down what it measured inside, stages and steps are read back once the request is over.
"""

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ratchet_profiler.record import RequestRecord
from ratchet_profiler.scenario_keys import SERVED_ARGUMENTS
from ratchet_profiler.scenarios import ServedScenario
from ratchet_profiler.sources.endpoint import Endpoint
from ratchet_profiler.sources.engine_process import (
    READY_TIMEOUT_S,
    EngineFailed,
    release,
    running_engine,
    start,
)
from ratchet_profiler.sources.engine_times import (
    DumpTimes,
    EngineTimes,
    LogTimes,
    NotMeasured,
    with_engine_times,
)
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler

IMAGES: Final = "/v1/images/generations"
VIDEOS: Final = "/v1/videos"
"""OpenAI's paths. A video is a job: it is asked for until it is done."""
LAST_BREATH_S: Final = 1.0
"""Seconds between a broken connection and the end of the process that broke it. Chosen: it needs a few ms."""
FAILED: Final = frozenset({"failed", "cancelled", "deleted"})
"""What the status of a video's job is when no video comes any more."""


class OnlyEndToEnd(UserWarning):
    """Neither a log nor a dump is read, so requests of the scenario have no stages and no steps."""


@dataclass(frozen=True)
class Limits:
    """How long is waited for what, in seconds."""

    ready_s: float = READY_TIMEOUT_S
    request_s: float = 3600.0
    """Chosen: four times the 815 s of the slowest scenario of sglang's baselines; a warm-up may compile."""
    log_s: float = 30.0
    """sglang writes its log about when it answers; its own tests wait as long (wait_for_req_perf_record)."""
    poll_s: float = 0.02
    """Between two looks: a video is noticed up to this much after it was done. Chosen: 1 % of 2 s."""


def build(scenario: ServedScenario, limits: Limits | None = None) -> Workload:
    """Return requests to the scenario's engine, which is started when it has a command and does not run yet.

    Raises:
        EngineFailed: it does not start, or does not answer.
    """
    limits = limits or Limits()
    endpoint = Endpoint(scenario.url, limits.request_s)
    if scenario.command is None:
        if not endpoint.answers():
            raise EngineFailed(
                f"url: nothing answers at {endpoint.url}; start the engine, or give its command"
            )
    else:
        _start(scenario.command, endpoint, limits.ready_s)
    if scenario.perf_log is None and not scenario.perf_dump:
        words = "only the end-to-end time is measured; perf_log or perf_dump gives stages and steps"
        warnings.warn(f"{scenario.id}: {words}", OnlyEndToEnd, stacklevel=2)
    requests = _Requests(scenario, endpoint, limits)
    return Workload(pipelines=(), request=requests.run, complete=requests.complete, is_here=False)


def _start(command: tuple[str, ...], endpoint: Endpoint, ready_s: float) -> None:
    """Start the engine and wait for it, unless it runs already because an earlier scenario has started it."""
    engine = running_engine()
    if engine is None or engine.command != command:
        if endpoint.answers():
            raise EngineFailed(
                f"url: {endpoint.url} answers already; stop what runs there, or leave out command"
            )
        engine = start(command)
    try:
        engine.wait_until(endpoint.answers, ready_s)
    except BaseException:
        release()
        raise


class _Requests:
    """The requests of one scenario. What the last one was called is kept until its times are read."""

    def __init__(self, scenario: ServedScenario, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._body = request_body(scenario)
        self._is_video = scenario.frames is not None
        self._times: EngineTimes | None = LogTimes(Path(scenario.perf_log)) if scenario.perf_log else None
        if scenario.perf_dump:
            self._times = DumpTimes()
        self._request_id: str | None = None

    def run(self, _profiler: RequestProfiler) -> object:
        """Do one request.

        Raises:
            EngineFailed: it has no output.
        """
        body = self._times.begin(self._body) if self._times else self._body
        try:
            return self._video(body) if self._is_video else self._image(body)
        except EngineFailed as error:
            engine = running_engine()
            if engine is None or not engine.ends_within(LAST_BREATH_S):
                raise
            raise EngineFailed(f"{error}; the engine has ended{engine.last_words()}") from error

    def complete(self, record: RequestRecord) -> RequestRecord:
        """Return the record with what the engine has measured of the last request.

        Raises:
            EngineFailed: it was to write that down, and did not, or nothing that can be used.
        """
        if self._times is None:
            return record
        deadline = time.monotonic() + self._limits.log_s
        try:
            while (measured := self._times.read(self._request_id)) is None:
                if time.monotonic() > deadline:
                    raise EngineFailed(f"{self._times.how_to()} (waited {self._limits.log_s:g} s)")
                time.sleep(self._limits.poll_s)
        except (NotMeasured, OSError) as error:
            raise EngineFailed(f"what the engine wrote about the request cannot be used: {error}") from error
        return with_engine_times(record, measured)

    def _image(self, body: Mapping[str, Any]) -> object:
        answer = self._endpoint.post(IMAGES, body)
        if not isinstance(answer.get("data"), list) or not answer["data"]:
            raise EngineFailed(f"POST {self._endpoint.url}{IMAGES} was answered without an image (data)")
        # The first versions of sglang do not name the request.
        self._request_id = answer["id"] if isinstance(answer.get("id"), str) else None
        return answer

    def _video(self, body: Mapping[str, Any]) -> object:
        deadline = time.monotonic() + self._limits.request_s
        job = self._endpoint.post(VIDEOS, body)
        if not isinstance(job.get("id"), str):
            raise EngineFailed(f"POST {self._endpoint.url}{VIDEOS} was answered without a job (id)")
        self._request_id = job["id"]
        path = f"{VIDEOS}/{quote(job['id'], safe='')}"
        while job.get("status") != "completed":
            if job.get("status") in FAILED:
                raise EngineFailed(f"the video {job['status']}: {_reason(job)}")
            if time.monotonic() > deadline:
                raise EngineFailed(f"the video was not done in {self._limits.request_s:g} s")
            time.sleep(self._limits.poll_s)
            job = self._endpoint.get(path)
        return job


def request_body(scenario: ServedScenario) -> dict[str, Any]:
    """Return the JSON of a request, in OpenAI's words and, beyond them, sglang's."""
    values = {
        "model": scenario.model,
        "prompt": scenario.prompt,
        "width": f"{scenario.width}x{scenario.height}",
        "frames": scenario.frames,
        "steps": scenario.steps,
        "guidance": scenario.guidance,
        "seed": scenario.seed,
    }
    body = {SERVED_ARGUMENTS[key]: value for key, value in values.items() if value is not None}
    if scenario.frames is None:
        # In the answer: a URL is for engines with a store, and would leave out the image's way to the client.
        body["response_format"] = "b64_json"
    return body | dict(scenario.arguments)


def _reason(job: Mapping[str, Any]) -> str:
    error = job.get("error")
    words = error.get("message") if isinstance(error, Mapping) else error
    return " ".join(str(words).split()) if words else "the engine does not say why"
