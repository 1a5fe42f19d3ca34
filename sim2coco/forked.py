"""Runs a function in a fork of this process, while this process goes on."""

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from sim2coco.process import STOPPING, stop_signals_masked


class Forked:
    """A function call in a fork of this process. This process must have only one thread.

    The fork ends with this process. Its output is not shown.

    Args:
        work: The function; its result is pickled.

    Raises:
        OSError: This process cannot be forked, for example because memory is short.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        """Starts the fork."""
        flush_output()  # buffered text would be written by both processes
        parent = os.getpid()
        self._reading, writing = os.pipe()
        try:
            # The handlers of this process would print in the fork too, and remove files of this process.
            with stop_signals_masked(signal.SIG_BLOCK) as mask:
                self._pid = os.fork()
                if not self._pid:
                    _run(work, parent, writing, mask)
        finally:
            os.close(writing)

    def result(self) -> Any:
        """Waits for the function, and returns its result; None if it has failed, or has printed anything."""
        with os.fdopen(self._reading, "rb") as file:
            answer = file.read()
        with suppress(ChildProcessError):  # if SIGCHLD is ignored, nobody needs to wait for processes
            os.waitpid(self._pid, 0)
        try:
            return pickle.loads(answer)  # noqa: S301 (a fork of this process has pickled it)
        except (EOFError, pickle.UnpicklingError):  # empty, or cut off when the fork was killed
            return None


def _run(work: Callable[[], Any], parent: int, writing: int, mask: Iterable[int]) -> None:
    """Calls the function in the fork, and ends it."""
    try:
        for number in STOPPING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        from sim2coco.children import die_with

        die_with(parent)
        printed = os.memfd_create("printed")
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        sys.stdout = sys.stderr = os.fdopen(printed, "w", closefd=False)
        answer = pickle.dumps(work())
        flush_output()
        if not os.fstat(printed).st_size:
            with os.fdopen(writing, "wb") as file:
                file.write(answer)
    finally:
        os._exit(0)


def flush_output() -> None:
    """Writes the buffered text of standard output and standard error."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
