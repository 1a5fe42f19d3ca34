"""Scenes in local processes that are watched: a crash or a hang costs one scene."""

import os
import re
import signal
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Literal

from pebble import ProcessExpired, ProcessPool

from sim2coco.children import cause_of_death, end_with, redirect
from sim2coco.context import WorkerContext
from sim2coco.engines.engine import Engine, Job, make_and_commit, record_failure
from sim2coco.engines.server import Forking, ForkServer
from sim2coco.plugins import Plugin, load_plugin, loaded_plugins
from sim2coco.process import take_over
from sim2coco.recipe import Recipe
from sim2coco.records import Summary

IMPORTED = ("sim2coco.engines.local", "scipy.ndimage", "scipy.sparse.csgraph", "scipy.spatial")
"""What workers need, with all that these import."""
IDLE_S = 0.2
AHEAD = 3
"""Scenes handed out per worker: enough to keep it busy, few enough to waste little at the end."""
BROKEN = (
    "worker processes die while they start; run.log in the folder may tell why; a script "
    "that defines parts of its recipe must call generate below `if __name__ == '__main__':`"
)


class Local(Engine):
    """In `workers` processes of this machine, each supervised."""

    kind: Literal["local"] = "local"

    @contextmanager
    def prepared(self, recipe: Recipe) -> Iterator[BaseContext]:
        """Starts the process that workers are forked from, and ends it."""
        transforms = recipe.augment.geometry or recipe.augment.pixels
        server = ForkServer([*IMPORTED, *(["albumentations"] if transforms else [])])
        try:
            with _undisturbed():
                server.start()
            yield Forking(server, main=b"__main__" in bytes(ForkingPickler.dumps(recipe)))
        finally:
            server.stop()

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | None]:
        """Makes and commits scenes as the iterator gives them; yields what became of each, in any order."""
        job.store.log().open("ab").close()  # what cannot be written is told here, not by each process
        pool = ProcessPool(
            max_workers=job.workers,
            context=job.processes,
            initializer=_start,
            initargs=(_handed_over(job), job.store.log(), loaded_plugins()),
        )
        running: dict[Future[Summary], tuple[int, int]] = {}
        try:
            while True:
                with _undisturbed():
                    for scene in islice(scenes, AHEAD * job.workers - len(running)):
                        if scene is not None:
                            running[self._begin(pool, scene)] = (scene, 0)
                if not running:
                    return
                done = wait(running, timeout=IDLE_S, return_when=FIRST_COMPLETED).done
                if not done or any(future.exception() for future in done):
                    yield None  # who stops all processes of a group at once means the run, not a scene
                for future in done:
                    scene, failures = running.pop(future)
                    error = _error(future)
                    if error is None:
                        yield future.result()
                    elif failures < self.retries:
                        running[self._begin(pool, scene)] = (scene, failures + 1)
                    else:
                        yield record_failure(job, scene, error)
        finally:
            pool.stop()
            pool.join()

    def _begin(self, pool: ProcessPool, scene: int) -> Future[Summary]:
        try:
            return pool.schedule(_make, args=[scene], timeout=self.timeout_s)
        except RuntimeError as error:
            raise ChildProcessError(BROKEN) from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Holds signals back while processes are started, and from these until `_start`: they would complain.

    What workers are forked from never gets them: it ends when this process does.
    """
    resource_tracker.ensure_running()  # it would end what comes now when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _handed_over(job: Job) -> Path:
    """The job as a file: a pipe holds 64 KiB, and who writes more hangs when the reader dies early."""
    path = job.scratch / "job"
    path.write_bytes(ForkingPickler.dumps(replace(job, processes=None)))
    return path


def _error(future: Future[Summary]) -> str | None:
    """What went wrong with a scene; None when it was made.

    Raises:
        OSError: The disk is full, no process can be started, or the like: no other scene would fare better.
    """
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, ProcessExpired):
        return f"its process died ({cause_of_death(error.exitcode)})"
    if isinstance(error, BrokenProcessPool):
        raise ChildProcessError(BROKEN)
    if isinstance(error, TimeoutError):
        return "took too long"
    if isinstance(error, OSError):
        raise error
    # Records hold no path of this machine.
    return f"{type(error).__name__}: " + re.sub(r"[^\s'\"(]*/", "", " ".join(str(error).split()))


_worker: tuple[WorkerContext, Job] | None = None


def _start(path: Path, log_path: Path, plugins: tuple[Plugin, ...]) -> None:
    """Sets a worker process up: quiet, deaf to Ctrl-C (the parent decides), gone when the parent is."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    end_with(os.getppid())
    redirect(log_path)
    take_over()
    for plugin in plugins:  # before the job, whose recipe may hold kinds of theirs
        load_plugin(plugin.path, plugin.sha256)
    job: Job = ForkingPickler.loads(path.read_bytes())
    _worker = WorkerContext(job.recipe, job.scratch, job.catalogue), job


def _make(scene: int) -> Summary:
    assert _worker is not None
    context, job = _worker
    try:
        return make_and_commit(context, job.store, scene)
    except Exception:
        traceback.print_exc()  # into the log
        raise
