"""Stores whether this process runs only sim2coco, and blocks stop signals temporarily."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim2coco.memory import keep_freed_memory

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""The signals that stop the program."""

_own = False


def mark_as_own() -> None:
    """Marks this process as one that runs only sim2coco; does not import OpenCV."""
    global _own
    _own = True


def own_this_process() -> None:
    """Prepares a process that runs only sim2coco.

    Marks the process as such, limits OpenCV to one thread, and keeps freed memory for reuse.
    """
    import cv2  # slow to import, and not needed to mark a process

    mark_as_own()
    cv2.setNumThreads(1)
    keep_freed_memory()


def can_be_forked() -> bool:
    """Whether this process can be forked safely: it runs only sim2coco, and has a single thread.

    Another program may have open resources of any kind, which a fork would share. A fork also copies only
    the calling thread.
    """
    return _own and len(list(Path("/proc/self/task").iterdir())) == 1


@contextmanager
def stop_signals_masked(how: int) -> Iterator[set[int]]:
    """Blocks or unblocks SIGINT and SIGTERM during a `with` block.

    Args:
        how: `signal.SIG_BLOCK` or `signal.SIG_UNBLOCK`.

    Yields:
        The signal mask that is restored after the `with` block.
    """
    before = {int(number) for number in signal.pthread_sigmask(how, STOPPING)}
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
