"""Work that a fork of this process does, while this process goes on."""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any


class Forked:
    """The call of a function in a fork of this process, which must have one thread only.

    The fork ends with this process. What it prints is not shown.

    Args:
        work: The function; what it returns is pickled.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        """Starts the fork."""
        flush_output()  # buffered text would be written by both processes
        parent = os.getpid()
        self._answer, answer = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            try:
                _do(work, parent, answer)
            finally:
                os._exit(1)
        os.close(answer)

    def result(self) -> Any:
        """Waits for the function, and returns what it has returned; None if it has failed or printed."""
        with os.fdopen(self._answer, "rb") as file:
            answer = file.read()
        os.waitpid(self._pid, 0)
        return pickle.loads(answer) if answer else None  # noqa: S301 (a fork of this process has pickled it)


def _do(work: Callable[[], Any], parent: int, answer: int) -> None:
    from sim2coco.children import die_with

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # handlers of the parent print, and remove its files
    die_with(parent)
    printed = os.memfd_create("printed")
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    content = pickle.dumps(work())
    flush_output()
    if not os.fstat(printed).st_size:
        with os.fdopen(answer, "wb") as file:
            file.write(content)


def flush_output() -> None:
    """Writes the buffered text of standard output and standard error."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
