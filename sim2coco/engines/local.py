"""The engine that makes scenes in supervised worker processes: a crash or hang affects one scene only."""

import os
import re
import signal
import sysconfig
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
from typing import Any, Literal

from pebble import ProcessExpired, ProcessPool

from scenes.assets.catalogue import Catalogue
from sim.preparing import must_be_prepared
from sim2coco.children import cause_of_death, exit_with_parent, redirect
from sim2coco.context import WorkerContext
from sim2coco.engines.engine import Engine, Job, Preparing, make_and_commit, record_failure
from sim2coco.engines.server import ForkServer, ForkServerContext
from sim2coco.plugins import Plugin, load_plugin, loaded_plugins
from sim2coco.process import own_this_process
from sim2coco.recipe import Recipe
from sim2coco.records import Summary

PRELOADED = ("sim2coco.engines.local", "scipy.ndimage", "scipy.sparse.csgraph", "scipy.spatial")
"""Modules that the fork server imports before it forks workers."""
LIBRARIES = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib"))
"""Folders of installed packages and of Python's own modules."""
PREPARE_S = 3600.0
"""Time in seconds after which the preparation of a mesh is stuck and its worker is killed."""
IDLE_S = 0.2
"""Seconds without a finished scene after which `run` yields None."""
SCENES_AHEAD = 3
"""Number of scenes scheduled per worker; more keep the workers busy, fewer waste less work at the end."""
WORKERS_DIE = (
    "worker processes die while they start; see run.log in the folder of the data set; a script "
    "that defines parts of its recipe must call generate below `if __name__ == '__main__':`"
)


class Local(Engine):
    """Makes scenes in `workers` supervised processes on this machine."""

    kind: Literal["local"] = "local"

    @contextmanager
    def prepared(self, recipe: Recipe) -> Iterator[BaseContext]:
        """Starts the fork server, from which workers are forked, and stops it at the end.

        Yields:
            A `multiprocessing` context that starts processes with the fork server.
        """
        transforms = recipe.augment.geometry or recipe.augment.pixels
        server = ForkServer([*PRELOADED, *(["albumentations"] if transforms else [])])
        try:
            with _signals_blocked():
                server.start()
            yield ForkServerContext(server, main=b"__main__" in bytes(ForkingPickler.dumps(recipe)))
        finally:
            server.stop()

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | Preparing | None]:
        """Makes scenes in worker processes, which write them to the store; yields summaries in any order.

        Raises:
            OSError: An error affects every scene, such as a full disk, or workers that die while they start.
        """
        job.store.log().open("ab").close()  # an unwritable log is reported here, not by each worker
        pool = ProcessPool(
            max_workers=job.workers,
            context=job.processes,
            initializer=_init_worker,
            initargs=(_job_file(job), job.store.log(), loaded_plugins()),
        )
        running: dict[Future[Summary], tuple[int, int]] = {}
        try:
            yield from _prepared_meshes(pool, job.catalogue)
            while True:
                with _signals_blocked():
                    for scene in islice(scenes, SCENES_AHEAD * job.workers - len(running)):
                        if scene is not None:
                            running[self._schedule(pool, scene)] = (scene, 0)
                if not running:
                    return
                done = wait(running, timeout=IDLE_S, return_when=FIRST_COMPLETED).done
                if not done or any(future.exception() for future in done):
                    # If a signal to the whole process group killed the workers, the caller stops the run at
                    # this point, before their scenes are recorded as failed.
                    yield None
                for future in done:
                    scene, failures = running.pop(future)
                    error = _error(future)
                    if error is None:
                        yield future.result()
                    elif failures < self.retries:
                        running[self._schedule(pool, scene)] = (scene, failures + 1)
                    else:
                        yield record_failure(job, scene, error)
        finally:
            pool.stop()
            pool.join()

    def _schedule(self, pool: ProcessPool, scene: int) -> Future[Summary]:
        try:
            return pool.schedule(_make, args=[scene], timeout=self.timeout_s)
        except RuntimeError as error:
            raise ChildProcessError(WORKERS_DIE) from error


def _prepared_meshes(pool: ProcessPool, catalogue: Catalogue) -> Iterator[Preparing]:
    """Prepares big meshes in the workers, one at a time in each, before the first scene; yields the progress.

    If the preparation of a mesh fails, so will the scenes that draw it, which is recorded then.

    Raises:
        OSError: An error affects every scene, such as a full disk.
    """
    keys = [key for key, asset in catalogue.assets.items() if must_be_prepared(asset)]
    with _signals_blocked():
        running: set[Future[None]] = {pool.schedule(_prepare, args=[key], timeout=PREPARE_S) for key in keys}
    while running:
        yield Preparing(len(keys) - len(running), len(keys))
        for future in wait(running, timeout=IDLE_S, return_when=FIRST_COMPLETED).done:
            running.remove(future)
            _error(future)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Blocks SIGINT and SIGTERM while processes are started.

    Child processes inherit the signal mask. A worker therefore receives no signal, and prints no traceback,
    before `_init_worker` has set it up. The fork server never receives these signals; it ends when this
    process ends.
    """
    resource_tracker.ensure_running()  # starting it later would unblock the signals again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _job_file(job: Job) -> Path:
    """Writes the job to a file that the workers read, and returns its path.

    A file is used instead of a pipe, because a pipe holds only 64 KiB: writing more would block forever if
    the worker dies before it has read everything.
    """
    path = job.scratch / "job"
    path.write_bytes(ForkingPickler.dumps(replace(job, processes=None)))
    return path


def _error(future: Future[Any]) -> str | None:
    """The error of a scene in one line, or None if the scene was made.

    Raises:
        OSError: The error would affect every scene, such as a full disk or a failure to start processes.
    """
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, ProcessExpired):
        return f"its process died ({cause_of_death(error.exitcode)})"
    if isinstance(error, BrokenProcessPool):
        raise ChildProcessError(WORKERS_DIE)
    if isinstance(error, TimeoutError):
        return "took too long"
    if isinstance(error, OSError):
        raise error
    # Paths are removed from the message, since records must not contain paths of this machine.
    said = f"{type(error).__name__}: " + re.sub(r"[^\s'\"(]*/", "", " ".join(str(error).split()))
    return "; ".join([said, *getattr(error, "__notes__", ())])


_worker: tuple[WorkerContext, Job] | None = None


def _init_worker(path: Path, log_path: Path, plugins: tuple[Plugin, ...]) -> None:
    """Initializes a worker process.

    The worker ignores Ctrl-C, which its parent handles. It writes its output to the log, and ends when its
    parent ends.
    """
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    exit_with_parent(os.getppid())
    redirect(log_path)
    own_this_process()
    for plugin in plugins:  # before the job is unpickled, because its recipe may use their kinds
        load_plugin(plugin.path, plugin.sha256)
    job: Job = ForkingPickler.loads(path.read_bytes())
    _worker = WorkerContext(job.recipe, job.scratch, job.catalogue), job


def _prepare(key: str) -> None:
    assert _worker is not None
    _worker[0].files.errors_m(key)


def _make(scene: int) -> Summary:
    assert _worker is not None
    context, job = _worker
    try:
        return make_and_commit(context, job.store, scene)
    except Exception as error:
        traceback.print_exc()  # standard error is the log
        error.add_note(_place(error))
        raise


def _place(error: Exception) -> str:
    """File, line and function of an error: those of the innermost code that is not an installed package's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    frame = (own or frames)[-1]
    return f"in {Path(frame.filename).name}, line {frame.lineno}, {frame.name}"
