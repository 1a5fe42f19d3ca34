"""Stops the program on SIGINT and SIGTERM: immediately, by an exception, or where the run holds no lock."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from sim.temporary import remove_own_folders
from sim2coco.cli.reporting import stopped_by
from sim2coco.process import STOPPING

stop_signals: list[int] = []
"""Contains the signal that requested the run to stop; empty if there was none."""

SHOW_CURSOR = b"\x1b[?25h\n"

terminal = os.dup(2)
"""A copy of standard error that stays open while the output of native code is redirected."""


class Interrupted(BaseException):
    """Raised when a signal stops the run.

    `args` holds the number of the signal and, if images have been made, a sentence that says how to finish
    the data set with these images.
    """


def on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """Sets the handler of the signals that stop the program."""
    for watched in STOPPING:
        signal.signal(watched, handler)


def exit_now(number: int, frame: FrameType | None) -> None:
    """Signal handler that exits immediately, for use before a run has started, and when it is stopping.

    An exception raised during an import or inside Hydra could be swallowed, or could leave modules half
    imported. This handler is also installed for a second signal; workers end with this process.
    """
    remove_own_folders()
    if os.isatty(terminal):
        os.write(terminal, SHOW_CURSOR)  # progress bars hide it
    os.write(terminal, f"sim2coco: {stopped_by(number)}\n".encode())
    os._exit(128 + number)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Signal handler that raises `Interrupted`, so that `finally` blocks run."""
    on_signals(exit_now)
    raise Interrupted(number)


def request_stop(number: int, frame: FrameType | None) -> None:
    """Signal handler that requests a stop; the run stops at the next point where it holds no lock.

    A second signal ends this process immediately.
    """
    on_signals(exit_now)
    stop_signals.append(number)
