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
        return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{machine()}-{os.getpid()}-")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        what = f"temporary files cannot be written ({error.strerror}: {error.filename})"
        raise TemporaryFolderError(f"{what}; set TMPDIR to a writable folder") from error


@cache
def _remove_abandoned(parent: Path) -> None:
    """Removes the folders in `parent` that ended processes of this user on this machine have made."""
    for path, pid in _folders(parent):
        if not runs(pid):
            shutil.rmtree(path, ignore_errors=True)


def remove_own_folders() -> None:
    """Removes the temporary folders of this process, for an exit without `finally` blocks."""
    for path, pid in _folders(Path(tempfile.gettempdir())):
        if pid == os.getpid():
            shutil.rmtree(path, ignore_errors=True)


def _folders(parent: Path) -> list[tuple[Path, int]]:
    """The folders in `parent` that processes of this user have made here, with the ID of each process."""
    pattern = re.compile(rf"{PREFIX}{machine()}-(\d+)-\w+")
    found = []
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                match = pattern.fullmatch(entry.name)
                if match and _is_own(entry):
                    found.append((Path(entry.path), int(match[1])))
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
