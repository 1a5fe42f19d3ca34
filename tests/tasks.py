"""Tasks for supervised workers; it imports little, because each worker imports it."""

import ctypes
import os
import signal
import time
from pathlib import Path


def start(folder: Path, deaths: int) -> None:
    """Makes the folder of this worker; the first `deaths` workers die of it."""
    (folder / str(os.getpid())).mkdir()
    begun = folder / "begun"
    begun.touch()
    with begun.open("a") as file:
        file.write(".")
    if begun.stat().st_size <= deaths:
        os.kill(os.getpid(), signal.SIGKILL)


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def spin() -> None:
    while True:
        pass


def hold_the_lock() -> None:
    """Native code that never gives the interpreter back."""
    ctypes.PyDLL(None).sleep(1000)


def sleep() -> None:
    time.sleep(1000)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(7)


def eat() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(1 << 24))
        time.sleep(0.01)


def keep(number: int) -> int:
    """Leaks."""
    kept.append(bytearray(number))
    return os.getpid()


kept: list[bytearray] = []


class Unusual(Exception):
    """Cannot be read again once it is pickled."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def fail() -> None:
    error = Unusual(1, 2)
    error.add_note("in a place")
    raise error


def fill() -> None:
    raise OSError(28, "No space left on device")
