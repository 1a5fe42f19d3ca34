"""Functions that all child processes use: ending with the parent, and redirecting output."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from pathlib import Path

WATCH_S = 0.3
"""Seconds between two checks of whether the parent is alive."""


def exit_with_parent(parent: int) -> None:
    """Ends this process soon after its parent process, or the process that requested it, has ended.

    These are two processes if this process was forked by a fork server, which is then the parent.

    Args:
        parent: Process ID of the parent.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    requester = multiprocessing.parent_process()
    assert requester is not None
    while os.getppid() == parent and not wait([requester.sentinel], WATCH_S):
        pass
    os._exit(1)


def redirect(path: str | Path) -> None:
    """Redirects standard output and standard error of this process, including native code, to a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def cause_of_death(exit_code: int) -> str:
    """Returns the name of the signal that ended a process, or its exit code, as text."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
