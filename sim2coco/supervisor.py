"""Supervised worker processes: a worker that crashes, hangs or uses too much memory loses only its task.

Each worker has one task at a time. A worker that ends is replaced. Native code cannot be interrupted from
inside a process, so limits are enforced from outside, with SIGKILL.
"""

import resource
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from sim2coco.children import cause_of_death, serve, signals_blocked

Task = TypeVar("Task")
CHECK_S = 0.2
"""Interval in seconds between checks of time and memory, and maximum duration of `wait`."""
START_S = 600.0
"""Maximum time in seconds for a worker to start."""
STARTS = 5
"""Number of successive failed starts after which starting workers is given up."""
STOPPED_S = 10 * CHECK_S
"""Time in seconds without a check after which this process is assumed to have been stopped, as by Ctrl-Z."""
JOIN_S = 2.0
"""Maximum time in seconds to wait for a killed process to end; with a broken disk, it may never end."""


class Lost(Exception):
    """A worker has ended before its task was done; the message says why."""


class Died(Lost):
    """The process of a worker has ended by itself, or was killed by someone else.

    Args:
        exit_code: The exit code, or the negative number of the signal.
    """

    def __init__(self, exit_code: int) -> None:
        """Makes the message from the exit code."""
        super().__init__(f"its process died ({cause_of_death(exit_code)})")
        self.exit_code = exit_code


class OutOfTime(Lost):
    """A worker was killed because its task took too long."""


class OutOfMemory(Lost):
    """A worker was killed because it took too much memory."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Task]):
    """The outcome of a task.

    Attributes:
        task: The task.
        value: The value that the task returned; None if it failed.
        error: The exception that the task raised, or `Lost`; None if the task succeeded.
    """

    task: Task
    value: Any
    error: Exception | None


@dataclass(slots=True, eq=False)
class _Worker(Generic[Task]):
    process: BaseProcess
    pipe: Connection
    deadline: float
    started: bool = False
    task: Task | None = None
    done: int = 0


class Supervisor(Generic[Task]):
    """A pool of worker processes for use in a `with` block, which kills them at its end.

    Args:
        context: `multiprocessing` context that starts the processes.
        workers: Number of processes.
        setup: Called with `arguments` in each new process.
        arguments: Arguments of `setup`.
        hint: Error message if workers cannot be started.
        memory_bytes: Memory limit. A worker that exceeds it is killed. A worker that uses more than half of
            it at the end of a task is replaced. None means no limit.
        tasks: Number of tasks after which a worker is replaced; None means no limit.
        folder: Each worker may use the subfolder named by its process ID, which is removed when the worker
            has ended.
    """

    def __init__(
        self,
        context: BaseContext,
        workers: int,
        setup: Callable[..., None],
        arguments: tuple[Any, ...],
        *,
        hint: str,
        memory_bytes: float | None = None,
        tasks: int | None = None,
        folder: Path | None = None,
    ) -> None:
        """Starts no process yet."""
        self._context, self._number, self._setup, self._arguments = context, workers, setup, arguments
        self._hint, self._memory_bytes, self._tasks, self._folder = hint, memory_bytes, tasks, folder
        self._workers: list[_Worker[Task]] = []
        self._failed_starts = 0
        self._cannot_start: OSError | None = None
        self._next_check = time.monotonic()

    def __enter__(self) -> Self:
        """Starts the processes."""
        try:
            self._start_missing()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kills all processes."""
        for worker in self._workers:
            worker.process.kill()
        for worker in list(self._workers):
            self._remove(worker)

    @property
    def free(self) -> int:
        """Number of workers that can be given a task."""
        return sum(worker.started and worker.task is None for worker in self._workers)

    @property
    def running(self) -> int:
        """Number of running tasks."""
        return sum(worker.task is not None for worker in self._workers)

    def submit(self, task: Task, work: Callable[..., Any], *arguments: Any, timeout_s: float) -> None:
        """Gives a task to a free worker, which calls `work(*arguments)`; `wait` returns the outcome.

        Args:
            task: Identifies the task in its `Outcome`.
            work: The function to be called.
            arguments: Its arguments.
            timeout_s: Time limit in seconds, after which the worker is killed.
        """
        worker = next(worker for worker in self._workers if worker.started and worker.task is None)
        worker.task, worker.deadline = task, time.monotonic() + timeout_s
        with suppress(OSError):  # if the worker has just died, `wait` notices
            worker.pipe.send((work, arguments))

    def wait(self) -> list[Outcome[Task]]:
        """Replaces workers that have ended, waits a short time, and returns the outcomes of ended tasks.

        Raises:
            OSError: No worker could be started in the previous call. The error is raised one call late, so
                that the caller can first check whether a signal to the whole process group has killed the
                workers.
        """
        if self._cannot_start is not None:
            raise self._cannot_start
        self._start_missing()
        watched = {
            where: worker for worker in self._workers for where in (worker.pipe, worker.process.sentinel)
        }
        ready = connection.wait(list(watched), CHECK_S)  # a worker has sent something, or has ended
        outcomes = []
        for worker in dict.fromkeys(watched[where] for where in ready):  # type: ignore[index] # as given
            outcomes += self._heard(worker)
        return outcomes + self._over_limits()

    def _start_missing(self) -> None:
        while len(self._workers) < self._number and self._cannot_start is None:
            try:
                self._workers.append(self._started())
            except (OSError, EOFError) as error:  # such as: too many processes; the fork server has died
                self._count_failed_start(error)

    def _started(self) -> _Worker[Task]:
        ours, theirs = connection.Pipe()
        try:
            process: BaseProcess = self._context.Process(  # type: ignore[attr-defined] # each context has it
                target=serve, args=(theirs, self._setup, self._arguments), daemon=True
            )
            with signals_blocked():
                process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return _Worker(process, ours, time.monotonic() + START_S)

    def _count_failed_start(self, error: BaseException) -> None:
        self._failed_starts += 1
        if self._failed_starts >= STARTS:
            self._cannot_start = error if isinstance(error, OSError) else ChildProcessError(self._hint)
            self._cannot_start.__cause__ = None if error is self._cannot_start else error

    def _heard(self, worker: _Worker[Task]) -> list[Outcome[Task]]:
        """Handles a message from a worker, or the end of the worker.

        Returns:
            The outcome of the worker's task; an empty list if no task has ended.
        """
        try:
            message = worker.pipe.recv() if worker.pipe.poll() else None
        except (OSError, EOFError):
            message = None
        if message is None:
            return self._ended(worker, None)
        value, error = message
        if not worker.started:
            if error is not None:
                return self._ended(worker, error)
            worker.started, self._failed_starts = True, 0
            worker.deadline = float("inf")
            return []
        assert worker.task is not None
        outcome = Outcome(worker.task, value, error)
        worker.task, worker.deadline, worker.done = None, float("inf"), worker.done + 1
        if worker.done == self._tasks or self._uses(worker, 0.5):
            self._remove(worker)
        return [outcome]

    def _ended(self, worker: _Worker[Task], error: Exception | None) -> list[Outcome[Task]]:
        """Removes a worker that has ended or must end.

        Args:
            worker: The worker.
            error: Why it must end; None if its process has ended by itself.

        Returns:
            The outcome of the worker's task, with an error; an empty list if it had no task.
        """
        if error is None:
            worker.process.join(JOIN_S)  # before it is killed, which would hide why it has ended
        self._remove(worker)
        error = error or Died(255 if worker.process.exitcode is None else worker.process.exitcode)
        if worker.task is not None:
            return [Outcome(worker.task, None, error)]
        if not worker.started:
            self._count_failed_start(error)
        return []

    def _over_limits(self) -> list[Outcome[Task]]:
        """Kills workers that take too long or too much memory; returns the outcomes of their lost tasks."""
        now, lost = time.monotonic(), []
        check_memory = now >= self._next_check
        stopped_s = now - self._next_check if now > self._next_check + STOPPED_S else 0.0
        for worker in list(self._workers):
            worker.deadline += stopped_s  # workers are stopped together with this process
            if now > worker.deadline:
                lost += self._ended(worker, OutOfTime("took too long"))
            elif check_memory and worker.task is not None and self._uses(worker, 1.0):
                assert self._memory_bytes is not None
                limit = f"{self._memory_bytes / 2**30:.3g} GiB"
                lost += self._ended(worker, OutOfMemory(f"took more than {limit} of memory"))
        if check_memory:
            self._next_check = now + CHECK_S
        return lost

    def _uses(self, worker: _Worker[Task], share: float) -> bool:
        """Whether a worker uses more than a fraction `share` of its memory limit."""
        return self._memory_bytes is not None and _resident_bytes(worker.process) > share * self._memory_bytes

    def _remove(self, worker: _Worker[Task]) -> None:
        """Kills a worker's process, and removes its folder."""
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join(JOIN_S)
        worker.pipe.close()
        if self._folder is not None:
            shutil.rmtree(self._folder / str(worker.process.pid), ignore_errors=True)


def _resident_bytes(process: BaseProcess) -> int:
    try:
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()
