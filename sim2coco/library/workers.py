"""Examines mesh files in child processes; if one crashes, only its file is affected."""

import logging
import multiprocessing
import os
import resource
import signal
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from itertools import islice

from pebble import ProcessExpired, ProcessPool
from PIL import Image

from scenes.assets.reading.limits import MAX_IMAGE_PX
from scenes.assets.reading.refusal import Refused
from sim.bullet import Client
from sim2coco.children import cause_of_death, exit_with_parent, redirect
from sim2coco.library.examine import Task, examine, refusal
from sim2coco.library.row import Row

CPU_S = 300
"""Maximum CPU time in seconds for one file; on a busy machine, this takes longer."""
STUCK_S = 3600.0
"""Time in seconds after which a child that uses little CPU time is killed."""
MEMORY_BYTES = 6 << 30
"""Limit of a child's address space; a file that needs more is refused.

The imported Python modules alone map about 1.5 GiB.
"""
FILES_A_CHILD = 100
"""Number of files after which a child process is replaced by a new one."""
AHEAD = 2
"""Maximum number of scheduled files per worker."""


def examined(tasks: Sequence[Task], workers: int) -> Iterator[Row]:
    """Examines mesh files in child processes, and yields each row as soon as it is finished.

    Raises:
        ChildProcessError: Child processes die while they start.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPool(
        max_workers=max(1, min(workers, len(tasks))),
        max_tasks=FILES_A_CHILD,
        context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(os.getpid(),),
    )
    waiting, running = iter(tasks), dict[Future[Row], Task]()
    try:
        while True:
            for task in islice(waiting, max(0, AHEAD * workers - len(running))):
                running[_scheduled(pool, task)] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                again = _uncut(future, task)
                if again is None:
                    yield _outcome(future, task)
                else:
                    running[_scheduled(pool, again)] = again
    finally:
        pool.stop()
        if not running:
            # A child that is still starting would print errors about resources that pool.join removes.
            for child in set(multiprocessing.active_children()) - others:
                child.kill()
        pool.join()


def _scheduled(pool: ProcessPool, task: Task) -> Future[Row]:
    return pool.schedule(_examine, args=[task, CPU_S], timeout=STUCK_S)


def _uncut(future: Future[Row], task: Task) -> Task | None:
    """The task for a second try without convex pieces; None unless their computation may have failed."""
    error = future.exception()
    if limit := _time_limit(error):
        why = f"it took more than {limit}"
    elif isinstance(error, MemoryError):
        why = "it needs too much memory"
    elif isinstance(error, ProcessExpired):
        why = f"the process died: {cause_of_death(error.exitcode)}"
    else:
        return None
    if task.hull_because or task.override.collision == "hull":
        return None
    because = f"could not be cut into convex pieces ({why}): its hull stands for it"
    return replace(task, hull_because=because)


def _outcome(future: Future[Row], task: Task) -> Row:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenProcessPool):
        raise ChildProcessError("processes that read meshes die while they start")
    if limit := _time_limit(error):
        refused = Refused("over a limit", f"took more than {limit}", "decimate it first")
    elif isinstance(error, MemoryError):
        refused = Refused("over a limit", "needs too much memory", "decimate it first")
    elif isinstance(error, ProcessExpired):
        refused = Refused(
            "unreadable", f"the process that read it died ({cause_of_death(error.exitcode)})", "repair it"
        )
    elif isinstance(error, OSError):
        raise error
    else:
        refused = Refused("unreadable", f"{type(error).__name__}: {error}", "please report this mesh")
    return refusal(task, refused, {})


def _time_limit(error: BaseException | None) -> str:
    """The limit of time that a child has exceeded, as text; "" if it has not."""
    if isinstance(error, ProcessExpired) and error.exitcode == -signal.SIGXCPU:
        return f"{CPU_S} s of CPU time"
    return f"{STUCK_S / 60:.0f} min" if isinstance(error, TimeoutError) else ""


_client: Client | None = None


def _start(parent: int) -> None:
    """Initialises a child process: hides output, ignores Ctrl-C, limits memory, and exits with the parent."""
    global _client
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    exit_with_parent(parent)
    redirect(os.devnull)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    harden()
    _client = Client()


def harden() -> None:
    """Makes Pillow refuse images whose header gives a large size; hides warnings and logs of libraries."""
    Image.MAX_IMAGE_PIXELS = MAX_IMAGE_PX // 2  # Pillow warns above this, and raises above twice this
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _examine(task: Task, cpu_s: int) -> Row:
    """Examines a file; after `cpu_s` seconds of CPU time the kernel ends the process with SIGXCPU."""
    assert _client is not None
    limit, hard = int(time.process_time()) + cpu_s, resource.getrlimit(resource.RLIMIT_CPU)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    return examine(_client, task)
