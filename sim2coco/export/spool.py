"""Buffers named contents in a temporary file until a format writes them."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

LENGTHS = struct.Struct("<II")


@contextmanager
def open_spool() -> Iterator["Spool"]:
    """Provides an empty spool; its temporary file is removed when the `with` block ends."""
    with TemporaryFile() as file:
        yield Spool(file)


class Spool:
    """A sequence of (name, content) pairs in the order of addition, stored on disk.

    Args:
        file: An empty file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Keeps the file."""
        self._file = file

    def add(self, name: str, content: bytes) -> None:
        """Appends a pair."""
        encoded = name.encode("utf-8", "surrogateescape")
        self._file.write(LENGTHS.pack(len(encoded), len(content)))
        self._file.write(encoded + content)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yields all pairs in order."""
        self._file.seek(0)
        while head := self._file.read(LENGTHS.size):
            name_size, size = LENGTHS.unpack(head)
            name = self._file.read(name_size).decode("utf-8", "surrogateescape")
            yield name, self._file.read(size)
