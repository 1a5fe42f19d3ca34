"""Temporary folders, which a later process removes if the process that made them was killed."""

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
    """No temporary folder can be made; the message is one line."""


def temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    """A temporary folder that is removed with this object, or when a later process finds it abandoned.

    Its name holds the ID of this process. The first call in a process removes the folders of processes that
    have ended without removing them.

    Raises:
        TemporaryFolderError: There is no folder for temporary files that can be written.
    """
    try:
        _remove_abandoned(Path(tempfile.gettempdir()))
        return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{machine()}-{os.getpid()}-")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        what = f"temporary files cannot be written ({error.strerror}: {error.filename})"
        raise TemporaryFolderError(f"{what}; set TMPDIR to a folder that can be written") from error


@cache
def _remove_abandoned(parent: Path) -> None:
    """Removes the folders of this user's processes that no longer run."""
    for path in _folders(parent):
        shutil.rmtree(path, ignore_errors=True)


def _folders(parent: Path) -> list[Path]:
    """The temporary folders that are this user's, and whose process was one of this machine and is gone."""
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
    """Whether there is a process of this ID, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@cache
def machine() -> str:
    """Eight letters that are the same for processes that see each other's IDs.

    Containers may share a folder for temporary files, but not their process IDs; neither do machines.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return sha256(f"{boot} {Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:8]
