"""Shows on stderr how a run goes on: on a terminal a bar moves, in a log there is one line a scenario."""

from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.progress import Progress

from ratchet_profiler.appending import NOT_RUN
from ratchet_profiler.cli.text import outcome_line
from ratchet_profiler.record import RequestRecord, RunRecord
from ratchet_profiler.scenarios import Scenario


class Display:
    """The progress of one run, as `ratchet_profiler.capture` reports it."""

    def __init__(self, scenarios: int, keep: Callable[[RunRecord], None], *, is_heard: bool = True) -> None:
        """Expect so many scenarios, and give `keep` the record after each; of several ranks one is heard."""
        self._scenarios = scenarios
        self._keep = keep
        self._console = Console(
            stderr=True, highlight=False, markup=False, soft_wrap=True, quiet=not is_heard
        )
        # Drawn between requests only: a thread that draws while one is measured would be measured too.
        self._bar = Progress(
            console=self._console,
            auto_refresh=False,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=scenarios)
        self._share = 0.0

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Take the bar away."""
        self._bar.stop()

    def begins(self, scenario: Scenario, requests: int) -> None:
        """Name the scenario that is built now."""
        self._share = 1 / requests
        self._bar.update(self._task, description=scenario.id, refresh=True)

    def measured(self, scenario: Scenario, request: RequestRecord) -> None:  # noqa: ARG002 - Progress names them
        """Move the bar by one request."""
        self._bar.update(self._task, advance=self._share, refresh=True)

    def ends(self, run: RunRecord) -> None:
        """Keep what there is, then say what came of the scenario; at the end, how many were not run."""
        self._keep(run)
        self._bar.update(self._task, completed=len(run.scenarios))
        if run.scenarios[-1].error != NOT_RUN:
            self._console.print(outcome_line(run.scenarios[-1]))
        elif len(run.scenarios) == self._scenarios:
            count = sum(scenario.error == NOT_RUN for scenario in run.scenarios)
            self._console.print(f"interrupted: {count} of {self._scenarios} scenarios were not run")
