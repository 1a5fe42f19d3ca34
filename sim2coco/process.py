"""Whether this process is sim2coco's own (command line, worker) or another program that uses the library."""

from pathlib import Path

from sim2coco.memory import keep_freed_memory

_own = False


def mark_as_own() -> None:
    """Marks this process as sim2coco's own, without importing OpenCV."""
    global _own
    _own = True


def own_this_process() -> None:
    """Marks this process as sim2coco's own, limits OpenCV to one thread, and keeps freed memory for reuse."""
    import cv2  # slow to import, and not needed to mark a process

    mark_as_own()
    cv2.setNumThreads(1)
    keep_freed_memory()


def can_be_forked() -> bool:
    """Whether this process can be forked safely: it is sim2coco's own, and has a single thread.

    Another program may have open resources of any kind, which a fork would share. A fork also copies only
    the calling thread.
    """
    return _own and len(list(Path("/proc/self/task").iterdir())) == 1
