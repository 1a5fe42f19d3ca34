"""Temporary folders, which a later process removes if the process that created them was killed."""

import errno
import os
import re
import shutil
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

PREFIX = "sim2coco-"
_created: list[tuple[int, str]] = []
"""Process ID and path of each folder that this process, or the process that it was forked from, has made."""


class TemporaryFolderError(ValueError):
    """No temporary folder can be created; the message is one line."""


def temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    """Creates a temporary folder that is removed with the returned object, or else by a later process.

    The folder's name contains the ID of this process. The first call in a process removes folders that ended
    processes have left behind.

    Raises:
        TemporaryFolderError: There is no writable folder for temporary files.
    """
    try:
        _remove_abandoned(Path(tempfile.gettempdir()))
        folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{machine()}-{os.getpid()}-")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        what = f"temporary files cannot be written ({error.strerror}: {error.filename})"
        raise TemporaryFolderError(f"{what}; set TMPDIR to a writable folder") from error
    _created.append((os.getpid(), folder.name))
    return folder


@cache
def _remove_abandoned(parent: Path) -> None:
    """Removes the folders in `parent` that ended processes of this user on this machine have made."""
    for path in _folders(parent):
        shutil.rmtree(path, ignore_errors=True)


def remove_own_folders() -> None:
    """Removes the temporary folders of this process, for a signal handler that ends the process.

    The signal may have interrupted any code of this process; `tempfile` could wait for its own lock forever.
    """
    for pid, folder in _created:
        if pid == os.getpid():  # a fork has inherited the list
            shutil.rmtree(folder, ignore_errors=True)


def _folders(parent: Path) -> list[Path]:
    """Returns the folders in `parent` that ended processes of this user on this machine have made."""
    pattern = re.compile(rf"{PREFIX}{machine()}-(\d+)-\w+")
    found = []
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                match = pattern.fullmatch(entry.name)
                if match and _is_own(entry) and not runs(int(match[1])):
                    found.append(Path(entry.path))
    except OSError:
        return []
    return found


def _is_own(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.getuid()
    except OSError:
        return False


def runs(pid: int) -> bool:
    """Whether a process with this ID exists, whichever user owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@cache
def machine() -> str:
    """Eight hexadecimal digits that identify the process ID namespace.

    Containers, and machines, may share a folder for temporary files, but each has its own process IDs.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return sha256(f"{boot} {Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:8]
