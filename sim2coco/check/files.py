"""Opens untrusted files, but only regular ones: reading from a pipe or a device may block forever."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def opened(path: Path) -> BufferedReader:
    """Opens a regular file for reading.

    Raises:
        OSError: The path cannot be opened, or is a pipe, a device or a folder.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file")
    return os.fdopen(handle, "rb")


def content_of(path: Path, max_bytes: int) -> bytes:
    """Returns the content of a regular file.

    Raises:
        OSError: The file cannot be opened or read, or is longer than `max_bytes`.
    """
    with opened(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"longer than {max_bytes // 2**20} MiB")
    return content


def is_file(path: Path) -> bool:
    """Returns whether a path is a regular file; False for invalid file names."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # for example, if the name is too long
        return False
