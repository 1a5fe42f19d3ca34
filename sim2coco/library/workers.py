"""Examines mesh files in child processes, so that a crash affects only one file."""

import logging
import os
import resource
import signal
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image

from scenes.assets.reading.limits import MAX_IMAGE_PX
from scenes.assets.reading.refusal import Refused
from sim.bullet import Client
from sim2coco.children import cause_of_death, redirect
from sim2coco.forking import forking
from sim2coco.library.examine import Task, examine, refusal
from sim2coco.library.row import Row
from sim2coco.preloaded import MESHES
from sim2coco.process import own_this_process
from sim2coco.supervisor import Died, Outcome, OutOfTime, Supervisor

CPU_S = 300
"""Maximum CPU time in seconds for one file; the wall-clock time may be longer on a busy machine."""
STUCK_S = 3600.0
"""Wall-clock time in seconds after which a child process that uses little CPU time is killed."""
MEMORY_BYTES = 6 << 30
"""Address space limit of a child process; a file that needs more is refused.

The imported Python modules alone map about 1.5 GiB.
"""
FILES_A_CHILD = 100
"""Number of files after which a child process is replaced by a new one."""
PRELOADED = ("sim2coco.library.workers", *MESHES, "scipy.ndimage")
"""Modules that the fork server imports before forking child processes."""


def examined(tasks: Sequence[Task], workers: int) -> Iterator[Row]:
    """Examines mesh files in child processes; yields the result of each file as soon as it is finished.

    Raises:
        ChildProcessError: Child processes die during startup.
    """
    if not tasks:
        return
    waiting = deque(tasks)
    with (
        forking(PRELOADED) as processes,
        Supervisor[Task](
            processes,
            min(max(workers, 1), len(tasks)),
            _start,
            (),
            hint="mesh-reading processes die on startup",
            tasks=FILES_A_CHILD,
        ) as children,
    ):
        while waiting or children.running:
            while waiting and children.free:
                task = waiting.popleft()
                children.submit(task, _examine, task, CPU_S, timeout_s=STUCK_S)
            for outcome in children.wait():
                again = _uncut(outcome)
                if again is None:
                    yield _row(outcome)
                else:
                    waiting.appendleft(again)


def _uncut(outcome: Outcome[Task]) -> Task | None:
    """Returns the task for a retry without convex decomposition; None if a retry would not help."""
    task, error = outcome.task, outcome.error
    if limit := _time_limit(error):
        why = f"it took more than {limit}"
    elif isinstance(error, MemoryError):
        why = "it needs too much memory"
    elif isinstance(error, Died):
        why = f"the process died: {cause_of_death(error.exit_code)}"
    else:
        return None
    if task.hull_because or task.override.collision == "hull":
        return None
    because = f"could not be cut into convex pieces ({why}): its hull is used instead"
    return replace(task, hull_because=because)


def _row(outcome: Outcome[Task]) -> Row:
    """Returns what is reported about a file: the result of the child process, or why there is none."""
    error = outcome.error
    if error is None:
        row: Row = outcome.value
        return row
    if limit := _time_limit(error):
        refused = Refused("over a limit", f"took more than {limit}", "decimate it first")
    elif isinstance(error, MemoryError):
        refused = Refused("over a limit", "needs too much memory", "decimate it first")
    elif isinstance(error, Died):
        why = f"the process that read it died ({cause_of_death(error.exit_code)})"
        refused = Refused("unreadable", why, "repair it")
    elif isinstance(error, OSError):
        raise error
    else:
        refused = Refused("unreadable", f"{type(error).__name__}: {error}", "please report this mesh")
    return refusal(outcome.task, refused, {})


def _time_limit(error: BaseException | None) -> str:
    """The time limit that a child process exceeded, as text; "" if it exceeded none."""
    if isinstance(error, Died) and error.exit_code == -signal.SIGXCPU:
        return f"{CPU_S} s of CPU time"
    return f"{STUCK_S / 60:.0f} min" if isinstance(error, OutOfTime) else ""


_client: Client | None = None


def _start() -> None:
    """Initialises a child process: hides its output and limits its memory."""
    global _client
    redirect(os.devnull)
    own_this_process()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    harden()
    _client = Client()


def harden() -> None:
    """Makes Pillow refuse images with a large size in the header; silences library warnings and logs."""
    Image.MAX_IMAGE_PIXELS = MAX_IMAGE_PX // 2  # Pillow warns above this, and raises above twice this
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _examine(task: Task, cpu_s: int) -> Row:
    """Examines a file; after `cpu_s` seconds of CPU time, the kernel kills the process with SIGXCPU."""
    assert _client is not None
    limit, hard = int(time.process_time()) + cpu_s, resource.getrlimit(resource.RLIMIT_CPU)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    return examine(_client, task)
