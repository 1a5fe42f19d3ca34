"""The engine that makes scenes in supervised worker processes: a crash or hang affects one scene only."""

import os
import re
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
from sim2coco.engines.engine import Engine, Job, Preparing, record_failure
from sim2coco.engines.worker import drawn_file, init_worker, make, prepare
from sim2coco.forking import forking
from sim2coco.plugins import loaded_plugins
from sim2coco.preloaded import PRELOADED, TRANSFORMS
from sim2coco.recipe import Recipe
from sim2coco.records import Summary
from sim2coco.storage import StoreError
from sim2coco.supervisor import Lost, Outcome, Supervisor

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
        modules = [*PRELOADED, *([TRANSFORMS] if transforms else [])]
        with forking(modules, main=b"__main__" in bytes(ForkingPickler.dumps(recipe))) as processes:
            yield processes

    def run(self, job: Job, scenes: Iterator[int | None]) -> Iterator[Summary | Preparing | None]:
        """Makes scenes in worker processes, which write them to the store; yields summaries in any order.

        Raises:
            OSError: An error affects every scene, such as a full disk, or workers that die while they start.
        """
        with self.workers(job) as workers:
            yield from prepared_meshes(workers, job.catalogue)
            yield None
            yield from self.made(workers, job, scenes)

    def workers(self, job: Job) -> "Supervisor[int | str]":
        """The supervised worker processes of a job, to be used in a `with` block.

        Raises:
            OSError: The log cannot be written.
        """
        log = job.log
        if log.is_symlink() or (log.exists() and not log.is_file()):  # a pipe would be waited for
            raise StoreError(f"out: {log} is not a file; move it away, and run the same command again")
        log.open("ab").close()  # an unwritable log is reported here, not by each worker
        assert job.processes is not None
        return Supervisor(
            job.processes,
            job.workers,
            init_worker,
            (_job_file(job), job.log, loaded_plugins()),
            hint=WORKERS_DIE,
            memory_bytes=self._memory_bytes(),
            folder=job.scratch,
        )

    def _memory_bytes(self) -> float:
        if self.max_memory_gib is not None:
            return self.max_memory_gib * 2**30
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2

    def made(
        self, workers: Supervisor[int | str], job: Job, scenes: Iterator[int | None]
    ) -> Iterator[Summary | None]:
        """Makes scenes; a failed scene is tried again before a new scene begins.

        Args:
            workers: The worker processes.
            job: The job.
            scenes: Yields the index of the next scene, or None if no further scene is to begin for now.

        Yields:
            The summary of each scene; None from time to time, so that the caller can stop the run.

        Raises:
            OSError: An error affects every scene, such as a full disk.
            GenerationError: Too many scenes fail.
        """
        again: deque[int] = deque()
        failures: Counter[int] = Counter()
        finished: Counter[str] = Counter()
        while True:
            while workers.free and (scene := again.popleft() if again else next(scenes, None)) is not None:
                workers.submit(scene, make, scene, timeout_s=self.timeout_s)
            if workers.free and not workers.running:
                return
            outcomes = workers.wait()
            if not outcomes or any(outcome.error for outcome in outcomes):
                # If a signal to the whole process group killed the workers, the caller stops the run at this
                # point, before their scenes are recorded as failed.
                yield None
            for outcome in outcomes:
                made = self._made_or_failed(job, outcome, failures)
                if made is None:
                    again.append(int(outcome.task))
                    continue
                finished[made.status] += 1
                yield made
                self.check_failures(finished, made.error or "")

    def _made_or_failed(
        self, job: Job, outcome: Outcome[int | str], failures: Counter[int]
    ) -> Summary | None:
        """The summary of a finished or failed scene; None if the scene must be tried again.

        Raises:
            OSError: The error would affect every scene, such as a full disk.
        """
        error = _error(outcome)
        if error is None:
            made: Summary = outcome.value
            return made
        scene = int(outcome.task)
        failures[scene] += 1
        tried_again = failures[scene] <= self.retries
        _log(job, f"scene {scene}: {error}{'; it will be retried' if tried_again else ''}")
        drawn = _take_drawn(job, scene)
        return None if tried_again else record_failure(job, scene, error, drawn)


def prepared_meshes(workers: Supervisor[int | str], catalogue: Catalogue) -> Iterator[Preparing]:
    """Prepares big meshes for the renderer before the first scene is made; yields the progress.

    Each worker prepares one mesh at a time. If a mesh cannot be prepared, the scenes that contain it fail
    later, and are recorded as failed.

    Raises:
        OSError: An error affects every scene, such as a full disk.
    """
    keys = [key for key, asset in catalogue.assets.items() if must_be_prepared(asset)]
    waiting, done = deque(keys), 0
    while done < len(keys):
        yield Preparing(done, len(keys))
        while workers.free and waiting:
            key = waiting.popleft()
            workers.submit(key, prepare, key, timeout_s=PREPARE_S)
        for outcome in workers.wait():
            done += 1
            _error(outcome)


def _take_drawn(job: Job, scene: int) -> tuple[str, ...]:
    """Returns the assets sampled for a failed scene, and removes the file that lists them."""
    file = drawn_file(job, scene)
    text = file.read_text("utf-8", "surrogateescape") if file.exists() else ""
    assets = tuple(text.split("\0")[:-1])  # what follows the last mark was cut when the worker was killed
    file.unlink(missing_ok=True)
    return assets


def _log(job: Job, line: str) -> None:
    with job.log.open("a", encoding="utf-8", errors="backslashreplace") as log:
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
        StoreError: Another process makes the same scene differently.
    """
    error = outcome.error
    if error is None:
        return None
    if isinstance(error, Lost):
        return str(error)
    if isinstance(error, (OSError, StoreError)):
        raise error
    # Paths are removed from the message, since records must not contain paths of this machine.
    said = f"{type(error).__name__}: " + re.sub(r"[^\s'\"(]*/", "", " ".join(str(error).split()))
    return "; ".join([said, *getattr(error, "__notes__", ())])
