"""Work in a fork: its result comes back, or nothing does."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from sim2coco.forked import Forked


def failing() -> None:
    raise ValueError("secret")


def printing() -> int:
    os.write(2, b"a warning")
    return 1


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_fork_returns_comes_back() -> None:
    here = os.getpid()
    found = Forked(lambda: {"parent": os.getppid(), "own": os.getpid()}).result()
    assert found["parent"] == here != found["own"]


@pytest.mark.parametrize("work", [failing, printing, killed, lambda: sys.exit(0), lambda: lambda: None])
def test_a_fork_that_fails_or_prints_gives_nothing(
    work: Callable[[], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    assert Forked(work).result() is None
    assert capfd.readouterr() == ("", "")
