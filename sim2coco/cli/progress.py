"""Progress of long tasks: a bar on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

PLAIN_INTERVAL_S = 10.0
"""Seconds between two lines of plain output."""


def duration(seconds: float) -> str:
    """A time as text, in seconds, minutes or hours.

    Example:
        >>> duration(7.2), duration(400), duration(9000)
        ('7 s', '7 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def speed(rate: float) -> str:
    """Formats a rate in items per second; slow rates are converted to items per minute.

    Example:
        >>> speed(21.66), speed(0.05)
        ('21.7/s', '3.0/min')
    """
    return f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"


class ProgressBar:
    """Shows the number of finished items, the rate and the remaining time; `show` updates it.

    Args:
        console: Console to write to.
        total: Total number of items.
        unit: Name of the items, in the plural.
        title: Line that is printed above the bar; "" for none.
        work: Total amount of work, from which the remaining time is computed; None if all items are alike.
    """

    def __init__(
        self, console: Console, total: int, unit: str, title: str = "", work: float | None = None
    ) -> None:
        """Creates the bar; nothing is printed before the first `show`."""
        self._console, self._total, self._unit, self._title = console, total, unit, title
        self._work = total if work is None else work
        self._known: int | None = None
        self._first: tuple[float, int, float] | None = None
        self._last = time.monotonic()
        self._bar = Progress(
            TextColumn(f"[bold]{unit}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total, rate="", left="", note="")

    def __enter__(self) -> Self:
        """Returns the bar; prints nothing yet, so that errors in the input are printed before it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the bar."""
        self._bar.stop()

    def show(
        self,
        done: int,
        note: str = "",
        known: bool = False,
        work: float | None = None,
        waiting: bool = False,
    ) -> None:
        """Updates the progress.

        Args:
            done: Number of finished items. Items that are finished by the first call of `show` do not count
                in the rate.
            note: Text to show after the bar.
            known: Whether all items that are finished by this call are also left out of the rate.
            work: Amount of work in the finished items; None if all items are alike.
            waiting: Whether lines are printed even before the remaining time is known. Has no effect on a
                terminal.
        """
        if self._known is None:
            self._begin()
        if self._known is None or known:
            self._known = done
        now = time.monotonic()
        rate, work_rate = self._rates(now, done, done if work is None else work, self._known)
        left_s = (self._work - (done if work is None else work)) / work_rate if work_rate > 0 else None
        left = "" if left_s is None else f"{duration(left_s)} left"
        self._bar.update(self._task, completed=done, rate=speed(rate), left=left, note=note)
        if not self._console.is_terminal and now - self._last > PLAIN_INTERVAL_S and (left or waiting):
            self._last = now
            parts = [f"{done}/{self._total} {self._unit}", *([speed(rate), left] if left else [])]
            self._console.print(", ".join([*parts, *([note] if note else [])]), markup=False)

    def _begin(self) -> None:
        if self._title:
            self._console.print(self._title, markup=False)
        self._bar.start()

    def _rates(self, now: float, done: int, work: float, known: int) -> tuple[float, float]:
        """Returns the rates at which items and work are finished, per second.

        Time counts from the first call in which `done` exceeds `known`, so that the start of processes is
        left out.
        """
        if self._first is None and done > known:
            self._first = now, done, work
        start, done_before, work_before = self._first or (now, done, work)
        seconds = max(now - start, 1e-3)
        return (done - done_before) / seconds, (work - work_before) / seconds
