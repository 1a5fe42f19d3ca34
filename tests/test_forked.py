"""Work in a fork: its result comes back, or nothing does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sim2coco.forked import Forked
from tests.processes import wait_for_the_end_of

STOPPED = """
import os, signal, sys, time
from sim2coco.forked import Forked
signal.signal(signal.SIGINT, lambda *_: (os.write(2, b"stopped"), os._exit(130)))
fork = Forked(lambda: time.sleep(60))
os.killpg(os.getpgid(0), signal.SIGINT)
"""
WAITING = """
import time
from sim2coco.forked import Forked
fork = Forked(lambda: time.sleep(60))
print(fork._pid, flush=True)
fork.result()
"""


@pytest.fixture
def no_zombies() -> Iterator[None]:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


def failing() -> None:
    raise ValueError("secret")


def warning() -> int:
    os.write(2, b"a warning")
    return 1


def telling() -> int:
    print("a word")  # noqa: T201
    return 1


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_fork_returns_comes_back() -> None:
    here = os.getpid()
    found = Forked(lambda: {"parent": os.getppid(), "own": os.getpid(), "much": b"0" * 2**20}).result()
    assert found["parent"] == here != found["own"]
    assert len(found["much"]) == 2**20


@pytest.mark.usefixtures("no_zombies")
def test_the_result_comes_back_though_the_system_reaps_children() -> None:
    assert Forked(lambda: 7).result() == 7


@pytest.mark.parametrize("work", [failing, warning, telling, killed, lambda: sys.exit(0), lambda: lambda: 1])
def test_a_fork_that_fails_or_prints_gives_nothing(
    work: Callable[[], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    assert Forked(work).result() is None
    assert capfd.readouterr() == ("", "")


def test_a_fork_that_is_killed_while_it_answers_gives_nothing() -> None:
    fork = Forked(lambda: b"0" * 2**20)  # a pipe holds 64 KiB, so the rest waits
    time.sleep(0.2)
    os.kill(fork._pid, signal.SIGKILL)
    assert fork.result() is None


def test_a_signal_to_both_processes_is_handled_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED], capture_output=True, text=True, start_new_session=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "stopped")


def test_a_fork_ends_with_its_parent() -> None:
    running = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    fork = int(running.stdout.readline())
    running.kill()
    running.wait()
    running.stdout.close()
    wait_for_the_end_of([fork])
