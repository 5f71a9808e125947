"""Clocks that move only when they are told to, so that tests know every time exactly."""

NS_PER_MS = 1_000_000


class Clock:
    """A clock in nanoseconds."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now_ns = 0

    def __call__(self) -> int:
        """Return what time it is."""
        return self.now_ns

    def pass_ms(self, ms: float) -> None:
        """Let so many milliseconds pass."""
        self.now_ns += round(ms * NS_PER_MS)
