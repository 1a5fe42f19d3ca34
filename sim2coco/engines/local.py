"""The engine that makes scenes in supervised worker processes: a crash or hang affects one scene only."""

import faulthandler
import os
import re
import sysconfig
import tempfile
import traceback
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Literal

from scenes.assets.catalogue import Catalogue
from sim.preparing import must_be_prepared
from sim2coco.children import redirect, signals_blocked
from sim2coco.context import WorkerContext
from sim2coco.engines.engine import Engine, Job, Preparing, make_and_commit, record_failure
from sim2coco.engines.server import ForkServer, ForkServerContext
from sim2coco.plugins import Plugin, load_plugin, loaded_plugins
from sim2coco.process import own_this_process
from sim2coco.recipe import Recipe
from sim2coco.records import Summary
from sim2coco.supervisor import Lost, Outcome, Supervisor

PRELOADED = ("sim2coco.engines.local", "scipy.ndimage", "scipy.sparse.csgraph", "scipy.spatial")
"""Modules that the fork server imports before it forks workers."""
LIBRARIES = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib"))
"""Folders of installed packages and of Python's own modules."""
PREPARE_S = 3600.0
"""Time in seconds after which the preparation of a mesh is stuck and its worker is killed."""
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
            with signals_blocked():
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
        assert job.processes is not None
        with Supervisor[int | str](
            job.processes,
            job.workers,
            _init_worker,
            (_job_file(job), job.store.log(), loaded_plugins()),
            hint=WORKERS_DIE,
            folder=job.scratch,
        ) as workers:
            yield from _prepared_meshes(workers, job.catalogue)
            yield from self._made(workers, job, scenes)

    def _made(
        self, workers: Supervisor[int | str], job: Job, scenes: Iterator[int | None]
    ) -> Iterator[Summary | None]:
        """Makes scenes until there are none left; those that fail are tried again before others begin."""
        again: deque[int] = deque()
        failures: Counter[int] = Counter()
        while True:
            while workers.free and (scene := again.popleft() if again else next(scenes, None)) is not None:
                workers.submit(scene, _make, scene, timeout_s=self.timeout_s)
            if workers.free and not workers.running:
                return
            outcomes = workers.wait()
            if not outcomes or any(outcome.error for outcome in outcomes):
                # If a signal to the whole process group killed the workers, the caller stops the run at this
                # point, before their scenes are recorded as failed.
                yield None
            for outcome in outcomes:
                scene = int(outcome.task)
                error = _error(outcome)
                if error is None:
                    yield outcome.value
                    continue
                failures[scene] += 1
                tried_again = failures[scene] <= self.retries
                _log(job, f"scene {scene}: {error}{'; it is tried again' if tried_again else ''}")
                if tried_again:
                    again.append(scene)
                else:
                    yield record_failure(job, scene, error)


def _prepared_meshes(workers: Supervisor[int | str], catalogue: Catalogue) -> Iterator[Preparing]:
    """Prepares big meshes in the workers, one at a time in each, before the first scene; yields the progress.

    If the preparation of a mesh fails, so will the scenes that draw it, which is recorded then.

    Raises:
        OSError: An error affects every scene, such as a full disk.
    """
    keys = [key for key, asset in catalogue.assets.items() if must_be_prepared(asset)]
    waiting, done = deque(keys), 0
    while done < len(keys):
        yield Preparing(done, len(keys))
        while workers.free and waiting:
            key = waiting.popleft()
            workers.submit(key, _prepare, key, timeout_s=PREPARE_S)
        for outcome in workers.wait():
            done += 1
            _error(outcome)


def _log(job: Job, line: str) -> None:
    with job.store.log().open("a") as log:
        log.write(line + "\n")


def _job_file(job: Job) -> Path:
    """Writes the job to a file that the workers read, and returns its path.

    A file is used instead of a pipe, because a pipe holds only 64 KiB: writing more would block forever if
    the worker dies before it has read everything.
    """
    path = job.scratch / "job"
    path.write_bytes(ForkingPickler.dumps(replace(job, processes=None)))
    return path


def _error(outcome: Outcome[int | str]) -> str | None:
    """The error of a scene in one line, or None if the scene was made.

    Raises:
        OSError: The error would affect every scene, such as a full disk.
    """
    error = outcome.error
    if error is None:
        return None
    if isinstance(error, Lost):
        return str(error)
    if isinstance(error, OSError):
        raise error
    # Paths are removed from the message, since records must not contain paths of this machine.
    said = f"{type(error).__name__}: " + re.sub(r"[^\s'\"(]*/", "", " ".join(str(error).split()))
    return "; ".join([said, *getattr(error, "__notes__", ())])


_worker: tuple[WorkerContext, Job] | None = None


def _init_worker(path: Path, log_path: Path, plugins: tuple[Plugin, ...]) -> None:
    """Initializes a worker process; its output goes to the log, and its temporary files to its own folder."""
    global _worker
    redirect(log_path)
    faulthandler.enable()
    own = path.parent / str(os.getpid())
    own.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(own)
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
