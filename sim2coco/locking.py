"""Lock files of data set folders; the kernel releases a lock when its process ends."""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from sim2coco.storage import StoreError

TRIES, PAUSE_S = 20, 0.05
"""How often a run tries to lock a data set, and the pause between tries in seconds.

A lock may be about to be released: another shard may be ending, and the child processes of a killed import
of meshes hold the lock for a moment.
"""


@contextlib.contextmanager
def locked(path: Path, shared: bool) -> Iterator[None]:
    """Holds a lock file in a `with` block; the last process that holds it removes it.

    Args:
        path: The lock file, in the folder of the data set; the folder is created if needed.
        shared: Whether other processes may hold the lock at the same time, if they use `shared` too.

    Raises:
        StoreError: The folder cannot be written, or another run has locked it.
    """
    for _ in range(TRIES):
        lock = _lock(path, shared)
        if lock is not None:
            break
        time.sleep(PAUSE_S)
    else:
        owner = owner_of(path) or "another run"
        raise StoreError(f"out: {owner} is writing to {path.parent}; wait for it, or name another folder")
    try:
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()} {socket.gethostname()}\n".encode())
        yield
    finally:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            pass  # another shard still holds it
        finally:
            os.close(lock)


def _lock(path: Path, shared: bool) -> int | None:
    """Opens and locks a lock file, and returns its file descriptor.

    Returns None if another process holds the lock, or has just removed the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise StoreError(f"out: cannot write to {path.parent}: {error.strerror}") from error
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError as error:
        os.close(lock)
        raise StoreError(f"out: cannot lock {path}: {error.strerror}") from error
    os.close(lock)
    return None


def owner_of(path: Path) -> str | None:
    """Describes the run that holds a lock file, such as `another run (process 123 on HOST)`.

    Returns None if no run holds it.
    """
    try:
        # NFS grants exclusive locks only on files that are open for writing.
        with path.open("r+" if os.access(path, os.W_OK) else "r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        number, _, host = path.read_text().strip().partition(" ")
        return f"another run (process {number} on {host})" if host else "another run"
    except OSError:  # there is no lock
        pass
    return None
