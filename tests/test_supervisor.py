"""Workers that crash, hang or take too much memory cost one task each."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from sim2coco.supervisor import STARTS, STOPPED_S, Died, Outcome, OutOfMemory, OutOfTime, Supervisor
from tests import tasks
from tests.processes import alive, children, descendants, wait_for_the_end_of

LATE_S = 2.0


def supervised(
    folder: Path, workers: int = 1, deaths: int = 0, **limits: Any
) -> AbstractContextManager[Supervisor[Any]]:
    context = multiprocessing.get_context("spawn")
    arguments = (folder, deaths)
    return Supervisor(context, workers, tasks.start, arguments, hint="none starts", folder=folder, **limits)


def do(
    workers: Supervisor[Any], work: Callable[..., Any], *arguments: Any, timeout_s: float = 60
) -> Outcome[Any]:
    """The outcome of one task."""
    while not workers.free:
        assert not workers.wait()
    workers.submit(work.__name__, work, *arguments, timeout_s=timeout_s)
    while not (outcomes := workers.wait()):
        assert workers.running == 1
    (outcome,) = outcomes
    return outcome


def test_each_loss_costs_one_task_and_its_worker(tmp_path: Path) -> None:
    with supervised(tmp_path, memory_bytes=400 << 20) as workers:
        value, first = do(workers, tasks.square, 3).value
        assert value == 9
        for work in (tasks.spin, tasks.hold_the_lock, tasks.sleep):
            begun = time.monotonic()
            lost = do(workers, work, timeout_s=0.3)
            assert time.monotonic() - begun < 0.3 + LATE_S
            assert (str(lost.error), type(lost.error)) == ("took too long", OutOfTime)
        for work, cause in ((tasks.crash, "SIGSEGV"), (tasks.leave, "exit code 7")):
            lost = do(workers, work)
            assert isinstance(lost.error, Died)
            assert str(lost.error) == f"its process died ({cause})"
        lost = do(workers, tasks.eat)
        assert (str(lost.error), type(lost.error)) == ("took more than 0.391 GiB of memory", OutOfMemory)
        value, last = do(workers, tasks.square, 4).value
        assert value == 16
        assert last != first
        assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [str(last)]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    assert not alive(last)


def test_exceptions_come_back_and_cost_no_worker(tmp_path: Path) -> None:
    with supervised(tmp_path) as workers:
        _, first = do(workers, tasks.square, 1).value
        failed = do(workers, tasks.fail).error
        assert (type(failed), str(failed)) == (RuntimeError, "Unusual: 1 and 2")
        assert failed.__notes__ == ["in a place"]  # type: ignore[union-attr] # it has notes
        full = do(workers, tasks.fill).error
        assert isinstance(full, OSError)
        assert full.errno == 28
        assert do(workers, tasks.square, 1).value == (1, first)


def test_workers_are_replaced_after_tasks_and_when_they_have_grown(tmp_path: Path) -> None:
    with supervised(tmp_path, tasks=2, memory_bytes=400 << 20) as workers:
        pids = [do(workers, tasks.keep, size).value for size in (0, 0, 0, 250 << 20, 250 << 20, 0)]
    one, two, three, four, five, six = pids
    assert one == two != three == four != five != six


def test_workers_that_die_while_they_start_cost_nothing(tmp_path: Path) -> None:
    with supervised(tmp_path, workers=2, deaths=STARTS - 1) as workers:
        assert do(workers, tasks.square, 5).value[0] == 25


def test_if_none_starts_it_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildProcessError, match="none starts"),
        supervised(tmp_path, deaths=1000) as workers,
    ):
        do(workers, tasks.square, 5)
    assert len((tmp_path / "begun").read_text()) == STARTS


def test_that_none_starts_is_said_one_call_later(tmp_path: Path) -> None:
    """A signal to the whole process group kills workers, and the caller looks for it after each call."""
    with supervised(tmp_path, workers=STARTS, deaths=1000) as workers:
        while multiprocessing.active_children():
            time.sleep(0.01)
        assert workers.wait() == []
        with pytest.raises(ChildProcessError, match="none starts"):
            workers.wait()


def test_time_in_which_the_run_is_stopped_is_not_that_of_tasks(tmp_path: Path) -> None:
    with supervised(tmp_path) as workers:
        while not workers.free:
            workers.wait()
        workers.submit("sleep", tasks.sleep, timeout_s=0.5)
        time.sleep(STOPPED_S + 0.3)  # as after Ctrl-Z
        assert workers.wait() == []
        while not (outcomes := workers.wait()):
            pass
        assert isinstance(outcomes[0].error, OutOfTime)


def test_a_worker_that_holds_the_interpreter_ends_with_its_parent(tmp_path: Path) -> None:
    """A thread of the worker could not end it."""
    text = (
        "import multiprocessing, sys; from pathlib import Path; from tests import tasks;"
        "from sim2coco.supervisor import Supervisor\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    folder = Path(sys.argv[1])\n"
        "    with Supervisor(context, 1, tasks.start, (folder, 0), hint='') as workers:\n"
        "        while not workers.free: workers.wait()\n"
        "        workers.submit(0, tasks.hold_the_lock, timeout_s=1000)\n"
        "        print('busy', flush=True)\n"
        "        while True: workers.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", text, str(tmp_path)], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None and run.stdout.readline() == b"busy\n"
        time.sleep(0.2)
        below = descendants(run.pid)
        assert len(below) == len(children(run.pid)) == 2  # the worker, and Python's resource tracker
        os.kill(run.pid, signal.SIGKILL)
    wait_for_the_end_of(below)
