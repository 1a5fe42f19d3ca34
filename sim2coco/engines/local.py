"""Scenes in local processes that are watched: a crash or a hang costs one scene."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Literal

from pebble import ProcessExpired, ProcessPool

from sim2coco.engines.engine import Engine, Job, make_and_commit, record_failure
from sim2coco.records import Summary
from sim2coco.studio import Studio

WATCH_S = 0.3
AHEAD = 3
"""Scenes handed out per worker: enough to keep it busy, few enough to waste little at the end."""

log = logging.getLogger(__name__)


class Local(Engine):
    """In `workers` processes of this machine, each supervised."""

    kind: Literal["local"] = "local"

    def run(self, job: Job, scenes: Iterator[int]) -> Iterator[Summary]:
        """Makes and commits scenes as the iterator gives them; yields what became of each, in any order."""
        pool = ProcessPool(
            max_workers=job.workers,
            context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(job, os.getpid()),
        )
        running: dict[Future[Summary], tuple[int, int]] = {}
        try:
            while True:
                with _undisturbed():
                    for scene in islice(scenes, AHEAD * job.workers - len(running)):
                        running[pool.schedule(_make, args=[scene], timeout=self.timeout_s)] = (scene, 0)
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    scene, failures = running.pop(future)
                    error = _error(future)
                    if error is None:
                        yield future.result()
                    elif failures < self.retries:
                        again = pool.schedule(_make, args=[scene], timeout=self.timeout_s)
                        running[again] = (scene, failures + 1)
                    else:
                        yield record_failure(job, scene, error)
        finally:
            pool.stop()
            pool.join()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Holds signals back while processes are started: half-started ones would complain.

    What is started in here inherits that; `_start` ends it.
    """
    resource_tracker.ensure_running()  # it would end what comes now when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _error(future: Future[Summary]) -> str | None:
    """What went wrong with a scene; None when it was made.

    Raises:
        OSError: The disk is full, or the like: no other scene would fare better.
    """
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, ProcessExpired):
        return f"its process died ({_cause(error.exitcode)})"
    if isinstance(error, TimeoutError):
        return "took too long"
    if isinstance(error, OSError):
        raise error
    log.error("a scene failed", exc_info=error)
    return f"{type(error).__name__}: {error}"


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


_worker: tuple[Studio, Job] | None = None


def _start(job: Job, parent: int) -> None:
    """Sets a worker process up: quiet, deaf to Ctrl-C (the parent decides), gone when the parent is."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    _redirect(job.store.log())
    _worker = Studio(job.recipe, job.scratch, job.catalogue), job


def _make(scene: int) -> Summary:
    assert _worker is not None
    studio, job = _worker
    return make_and_commit(studio, job.store, scene)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    os._exit(1)


def _redirect(path: Path) -> None:
    """Sends what native code prints to a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
