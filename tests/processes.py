"""Processes as the system lists them, for tests of how they end."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 10.0


def children(pid: int) -> list[int]:
    """The processes that a process, with one of its threads, has started."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def descendants(pid: int) -> list[int]:
    """The processes below a process."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


def alive(pid: int) -> bool:
    """Whether a process runs still."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for_the_end_of(processes: Sequence[int], patience_s: float = PATIENCE_S) -> None:
    """Fails if some still run after a while."""
    deadline = time.monotonic() + patience_s
    while left := list(filter(alive, processes)):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
