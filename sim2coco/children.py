"""Shared parts of child processes: signal handling, termination, output redirection and the work loop."""

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from sim2coco.process import stop_signals_masked

PR_SET_PDEATHSIG = 1
"""Option of prctl(2): sets the signal that this process gets when its parent ends."""


def exit_with_parent() -> None:
    """Makes the kernel kill this process when its parent ends, whatever this process is doing at that time.

    The parent of a process forked from a fork server is the server, which itself ends with the process that
    started the server.
    """
    _die_with_parent()
    requester = multiprocessing.parent_process()
    assert requester is not None
    if wait([requester.sentinel], 0):  # the parent ended before prctl took effect
        os._exit(1)


def die_with(parent: int) -> None:
    """Makes the kernel kill this process when its parent ends; exits if the parent has already ended."""
    _die_with_parent()
    if os.getppid() != parent:
        os._exit(1)


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Blocks SIGINT and SIGTERM while processes are started.

    Child processes inherit the signal mask. A worker therefore receives no signal, and prints no traceback,
    before it has been set up. The fork server never receives SIGINT or SIGTERM; it ends when this process
    ends.
    """
    resource_tracker.ensure_running()  # starting it later would unblock the signals again
    with stop_signals_masked(signal.SIG_BLOCK):
        yield


def redirect(path: str | Path) -> None:
    """Redirects standard output and standard error of this process, including native code, to a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def cause_of_death(exit_code: int) -> str:
    """Returns the name of the signal that ended a process, or `exit code N` if no signal did."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def serve(pipe: Connection, setup: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Calls `setup`, then each function received through the pipe, and sends back its result or exception.

    SIGINT is ignored: the parent handles Ctrl-C.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a forked process inherits its parent's handler
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    exit_with_parent()
    work, wanted = setup, arguments
    with suppress(EOFError, OSError):  # the parent has ended
        while True:
            pipe.send_bytes(_answer(work, wanted))
            work, wanted = pipe.recv()


def _answer(work: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Runs a task, and returns its pickled result, or the pickled exception that it raised."""
    try:
        return bytes(ForkingPickler.dumps((work(*arguments), None)))
    except Exception as error:
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    """Pickles an exception; an exception that cannot be pickled and unpickled becomes a RuntimeError."""
    try:
        content = bytes(ForkingPickler.dumps((None, error)))
        ForkingPickler.loads(content)
        return content
    except Exception:
        other = RuntimeError(f"{type(error).__name__}: {error}")
        for note in getattr(error, "__notes__", ()):
            other.add_note(note)
        return bytes(ForkingPickler.dumps((None, other)))
