"""Writes files so that every error is noticed, and waits until the files are on disk."""

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""Error numbers with which file systems reject fsync on a folder."""
BLOCK_BYTES = 1 << 20
"""Files are written in blocks of at least this size."""


def create(path: Path, content: bytes | Iterable[bytes], sync: bool) -> None:
    """Writes a new file; with `sync`, waits until its content is on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        for block in [content] if isinstance(content, bytes) else _blocks(content):
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        if sync:
            os.fsync(descriptor)
    except OSError as error:
        if error.errno is not None and error.filename is None:  # os.write reports no path, as on a full disk
            error.filename = str(path.parent)
        raise
    finally:
        os.close(descriptor)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Joins small pieces of content into blocks of at least `BLOCK_BYTES`; the last block may be smaller."""
    block = bytearray()
    for chunk in chunks:
        block += chunk
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def sync_folder(folder: Path) -> None:
    """Waits until the directory entries of a folder are on disk, if the file system supports it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Waits until everything that was written to the file system of a folder is on disk.

    For many files, this is faster than waiting for each file: 0.4 s instead of 25 s for 5,000 images of
    30 kB.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
