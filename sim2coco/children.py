"""What the child processes of this program have in common."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from pathlib import Path

WATCH_S = 0.3


def end_with(parent: int) -> None:
    """Makes this process end soon after its parent, and after the process that asked for it.

    They differ where processes are forked from a server.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    asked_by = multiprocessing.parent_process()
    assert asked_by is not None
    while os.getppid() == parent and not wait([asked_by.sentinel], WATCH_S):
        pass
    os._exit(1)


def redirect(path: str | Path) -> None:
    """Sends what native code of this process prints to a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def cause_of_death(exit_code: int) -> str:
    """The signal that a process died of, or its exit code."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
