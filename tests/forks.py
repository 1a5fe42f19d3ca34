"""Work in forks of the test process, which may die of it."""

import os
import traceback
from collections.abc import Callable


def told_by_fork(work: Callable[[], str]) -> tuple[str, int]:
    """What a fork of this process returns, or the traceback of what it raises; and its exit code."""
    reading, writing = os.pipe()
    if pid := os.fork():
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as file:
            told = file.read()
        return told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 9
    try:
        os.close(reading)
        try:
            told, code = work(), 0
        except BaseException:
            told = repr(traceback.format_exc(limit=-8))
        with os.fdopen(writing, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(told)
    finally:
        os._exit(code)
