"""What a person sees of a run: a bar on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sim2coco.run import Tally, counts

PLAIN_S = 10.0


class RunProgress:
    """Shows images a second, accepted, rejected by reason and time left.

    Args:
        console: Where to.
        wanted: Images that the run ends with.
        title: What is printed first, when the run has begun.
    """

    def __init__(self, console: Console, wanted: int, title: str) -> None:
        """Shows nothing yet."""
        self._console, self._wanted, self._title = console, wanted, title
        self._known: int | None = None
        self._first: tuple[float, int] | None = None
        self._last = time.monotonic()
        self._bar = Progress(
            TextColumn("[bold]images"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f}/s"),
            TimeRemainingColumn(),
            TextColumn("rejected: {task.fields[rejected]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=wanted, rate=0.0, rejected="none")

    def __enter__(self) -> Self:
        """Says nothing before all that was given has been read."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the bar."""
        self._bar.stop()

    def __call__(self, tally: Tally) -> None:
        """Shows where the run stands."""
        now = time.monotonic()
        if self._known is None:
            self._known = tally.accepted
            self._console.print(self._title, markup=False)
            self._bar.start()
        # Counted from the first new image: before it processes start and caches fill.
        if self._first is None and tally.accepted > self._known:
            self._first = now, tally.accepted
        start, before = self._first or (now, tally.accepted)
        rate = (tally.accepted - before) / max(now - start, 1e-3)
        rejected = counts(tally.reasons)
        self._bar.update(self._task, completed=tally.accepted, rate=rate, rejected=rejected)
        if not self._console.is_terminal and now - self._last > PLAIN_S and rate > 0:
            self._last = now
            left = (self._wanted - tally.accepted) / rate
            done = f"{tally.accepted}/{self._wanted} images, {rate:.1f}/s, {left:.0f} s left"
            self._console.print(f"{done}, rejected: {rejected}", markup=False)
