"""Reads files of any origin safely: only regular files, which cannot block, and only up to a size limit."""

import errno
import os
import stat
from pathlib import Path

MAX_BYTES = 2**29
"""Larger files are not read."""


def read_ordinary(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Reads a regular file.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It is not a regular file (a pipe, for example), is larger than `max_bytes`, or cannot be
            read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size > max_bytes:
        os.close(handle)
        if stat.S_ISREG(found.st_mode):
            raise OSError(errno.EFBIG, f"Is larger than {max_bytes >> 20} MiB", str(path))
        raise OSError(errno.EINVAL, "Is not a regular file", str(path))
    with os.fdopen(handle, "rb") as file:
        return file.read()
