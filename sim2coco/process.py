"""Whether this process is the program's own: the command line's is, one that imports the library is not."""

from pathlib import Path

import cv2

from sim2coco.memory import keep_freed

_own = False


def take_over() -> None:
    """Says that it is, and sets it up for scenes: OpenCV has one thread, and freed memory stays with it."""
    global _own
    _own = True
    cv2.setNumThreads(1)
    keep_freed()


def may_be_forked() -> bool:
    """Whether it is ours, so that all that is open in it is known, and has one thread: forks have no more."""
    return _own and len(list(Path("/proc/self/task").iterdir())) == 1
