"""An accelerator that exists in virtual time: streams, a bounded launch queue, events, memory counters.

It stands in for a device module such as torch.cuda and needs no torch. The host pays for launching a kernel;
the kernel runs when its stream is free. Only when the launch queue is full does the host wait, as it does on
real devices after about a thousand kernels. The device's clock has an origin and a rate of its own.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from clocks import NS_PER_MS, Clock


class Stream:
    """Work of a device that is done in order."""

    def __init__(self, device: "SimulatedDevice") -> None:
        """Begin idle."""
        self.device = device
        self.ready_ns = 0

    def wait_event(self, event: "Event") -> None:
        """Let what comes next wait for an event."""
        self.ready_ns = max(self.ready_ns, event.at_ns or 0)

    def wait_stream(self, other: "Stream") -> None:
        """Let what comes next wait for what another stream was given so far."""
        self.ready_ns = max(self.ready_ns, other.ready_ns)

    def synchronize(self) -> None:
        """Let the host wait until the stream is idle."""
        self.device.host_waits_until(self.ready_ns)


class Event:
    """A moment in a stream, with the rules and the words of torch.cuda.Event."""

    def __init__(self, device: "SimulatedDevice", *, enable_timing: bool) -> None:
        """Not recorded yet."""
        self.device = device
        self.enable_timing = enable_timing
        self.at_ns: int | None = None
        self.captured = False

    def record(self, stream: Stream | None = None) -> None:
        """Stand at the end of what the stream was given so far; an earlier recording is lost."""
        self.device.raise_failure()
        self.captured = self.device.capturing
        self.at_ns = max((stream or self.device.current_stream()).ready_ns, self.device.clock())

    def query(self) -> bool:
        """Return whether the device has come to it."""
        return self.at_ns is None or self.at_ns <= self.device.clock()

    def synchronize(self) -> None:
        """Let the host wait for it."""
        self.device.host_waits_until(self.at_ns or 0)

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream wait for it."""
        (stream or self.device.current_stream()).wait_event(self)

    def elapsed_time(self, end: "Event") -> float:
        """Return milliseconds of the device's clock from this event to `end`."""
        if not (self.enable_timing and end.enable_timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self.at_ns is None or end.at_ns is None:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        if self.device is not end.device:
            raise ValueError("Events are on different devices.")
        if self.captured or end.captured:
            raise RuntimeError("Captured events cannot tell the time.")
        if not (self.query() and end.query()):
            if not self.device.elapsed_waits:
                raise RuntimeError("Both events must be completed before calculating elapsed time.")
            self.synchronize()
            end.synchronize()
        return (end.at_ns - self.at_ns) * self.device.rate / NS_PER_MS


class Memory:
    """Bytes in tensors, and what an allocator that gives nothing back holds for them."""

    def __init__(self) -> None:
        """Begin empty."""
        self.allocated = self.reserved = self.peak = 0

    def allocate(self, size: int) -> None:
        """Make a tensor of so many bytes."""
        self.allocated += size
        self.peak = max(self.peak, self.allocated)
        self.reserved = max(self.reserved, self.allocated)

    def free(self, size: int) -> None:
        """Give so many bytes back to the allocator."""
        self.allocated -= size


class SimulatedDevice:
    """A device module: what torch.cuda or torch.npu is to a program."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        launch_ms: float = 0.0,
        queue: int = 1024,
        elapsed_waits: bool = False,
        rate: float = 1.0,
    ) -> None:
        """Begin idle.

        Args:
            clock: The host's clock; two devices of one host share it.
            launch_ms: What the host pays for a kernel.
            queue: Kernels that are launched and not finished, at most.
            elapsed_waits: Whether `elapsed_time` waits for a pending event, as on Ascend, or raises.
            rate: Milliseconds of the device's clock in one of the host's.
        """
        self.clock = clock or Clock()
        self.launch_ms = launch_ms
        self.queue = queue
        self.elapsed_waits = elapsed_waits
        self.rate = rate
        self.memory = Memory()
        self.capturing = False
        self.failure: str | None = None
        self.synchronizations = 0
        self.events_made = 0
        self._default = self._current = Stream(self)
        self._streams = [self._default]
        self._unfinished_ns: deque[int] = deque()

    def Event(self, *, enable_timing: bool = False) -> Event:  # noqa: N802 - torch's name
        """Return a new event."""
        self.events_made += 1
        return Event(self, enable_timing=enable_timing)

    def Stream(self) -> Stream:  # noqa: N802 - torch's name
        """Return a new stream."""
        self._streams.append(Stream(self))
        return self._streams[-1]

    def current_stream(self, _device: object = None) -> Stream:
        """Return the stream that work is given to."""
        return self._current

    @contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        """Give work to another stream inside of the block."""
        before = self._current
        self.set_stream(stream)
        try:
            yield
        finally:
            self.set_stream(before)

    def set_stream(self, stream: Stream) -> None:
        """Give work to another stream from here on."""
        self._current = stream

    def synchronize(self, _device: object = None) -> None:
        """Let the host wait until all streams are idle, and count that."""
        self.raise_failure()
        self.synchronizations += 1
        self.host_waits_until(max(stream.ready_ns for stream in self._streams))

    def raise_failure(self) -> None:
        """Raise what the device failed of: after the first error every call does."""
        if self.failure is not None:
            raise RuntimeError(self.failure)

    def is_current_stream_capturing(self) -> bool:
        """Return whether a graph is being captured."""
        return self.capturing

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Capture a graph inside of the block: kernels are noted and do not run."""
        self.capturing = True
        try:
            yield
        finally:
            self.capturing = False

    def launch(self, kernel_ms: float, kernels: int = 1) -> None:
        """Give kernels to the current stream, one after the other."""
        for _ in range(kernels):
            self.clock.pass_ms(self.launch_ms)
            if self.capturing:
                continue
            self._wait_for_a_place()
            stream = self._current
            stream.ready_ns = max(stream.ready_ns, self.clock()) + round(kernel_ms * NS_PER_MS)
            self._unfinished_ns.append(stream.ready_ns)

    def item(self) -> None:
        """Read a value back: the host waits for the current stream."""
        self._current.synchronize()

    def host_waits_until(self, at_ns: int) -> None:
        """Let the host's clock be at least there."""
        self.clock.now_ns = max(self.clock.now_ns, at_ns)

    def memory_allocated(self, _device: object = None) -> int:
        """Return bytes in tensors."""
        return self.memory.allocated

    def memory_reserved(self, _device: object = None) -> int:
        """Return bytes that the allocator holds."""
        return self.memory.reserved

    def max_memory_allocated(self, _device: object = None) -> int:
        """Return the most bytes in tensors since the counter was reset."""
        return self.memory.peak

    def reset_peak_memory_stats(self, _device: object = None) -> None:
        """Count the most bytes anew."""
        self.memory.peak = self.memory.allocated

    def _wait_for_a_place(self) -> None:
        unfinished = self._unfinished_ns
        while unfinished and unfinished[0] <= self.clock():
            unfinished.popleft()
        if len(unfinished) >= self.queue:
            self.host_waits_until(unfinished.popleft())
