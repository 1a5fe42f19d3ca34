"""The interface of what holds a data set: a folder, or a place in an object store."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, Self

LOCK = ".lock"
"""The lock of a data set; each of several shards has a further one, such as `.lock-0-of-8`."""
LOG = "run.log"
TEMPORARY = ".tmp-"


class StoreError(Exception):
    """The data set cannot be read or written; the message is one line."""


class Storage(Protocol):
    """Interface of the storage for the files of a data set; `str(storage)` is its name in messages.

    Names of files are relative, with `/` between their parts. A file is either complete or absent.

    Attributes:
        reads: Number of files that are best read at a time.
    """

    reads: int

    def put(self, name: str, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
        """Writes or replaces a file; readers see either the old or the new content.

        Args:
            name: Name of the file in the data set.
            content: The whole content, or its parts in order.
            sync: Whether to wait until the file is on disk; not needed for files with a recorded hash, which
                are synchronised together at the end of a run (`sync`).
        """

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file if it does not exist yet; returns whether this call wrote it."""

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Writes files whose hashes are recorded; those that are there with the same content may stay."""

    def get(self, name: str) -> bytes:
        """Returns the content of a file.

        Raises:
            FileNotFoundError: There is no such file.
        """

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def list(self, folder: str) -> Iterator[str]:
        """Yields the names of all files in a folder and its subfolders, always in the same order."""

    def delete(self, name: str) -> None:
        """Removes a file, if it exists, and its folders that are empty afterwards."""

    def claim(self, shard: str = "") -> AbstractContextManager[None]:
        """Locks the data set for this process in a `with` block; a killed process also releases the lock.

        Args:
            shard: Name of the part of the scenes that this process makes, such as `0-of-8`: parts of other
                names may be made at the same time. "" means that no other process may write.

        Raises:
            StoreError: The data set cannot be written, or another run has locked it.
        """

    def owner(self) -> str | None:
        """The run that has locked the data set: `another run (process 123 on HOST)`; None if none has."""

    def log(self) -> Path | None:
        """The file for output of native code, which is not part of the data set; None if there is none yet.

        It is then written elsewhere, and put into the data set as `run.log`.
        """

    def sync(self) -> None:
        """Waits until all files are on disk, so that a power failure cannot damage them any more."""

    def sweep(self) -> None:
        """Removes temporary files of interrupted runs; must not be called while another process writes."""

    def is_own(self, name: str) -> bool:
        """Whether a file is a lock, a log or a temporary file; these may exist in a new data set."""

    def times(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yields the names of all files in a folder, and when each was written, in seconds."""

    def near(self) -> "AbstractContextManager[Store]":
        """The data set as a folder of this machine, for what is made of all its files at the end of a run.

        What the `with` block changes is in the data set afterwards, unless it raises an error.
        """

    def disk(self) -> Path:
        """A folder on the disk of this machine that has to hold all files when a run ends."""

    def for_others(self) -> Self:
        """The same data set, for processes on other machines."""


class Store(Storage, Protocol):
    """Interface of the storage for the files of a data set that lies in a folder of this machine."""

    def path(self, name: str) -> Path:
        """Where a file of that name lies on this machine, for reading; it need not exist."""

    def link(self, file: Path, name: str) -> None:
        """Puts a file of this machine under a name: as a hard link where the file system can, else as a copy.

        A file that is there already, with the same content, stays as it is.

        Raises:
            FileNotFoundError: There is no such file on this machine.
        """


def is_own(name: str) -> bool:
    """Whether a name is that of a lock, a log or a temporary file."""
    lock = re.fullmatch(rf"{re.escape(LOCK)}(-\d+-of-\d+)?", name)
    return lock is not None or re.fullmatch(r"run(-[\w.-]+)?\.log", name) is not None or is_temporary(name)


def is_temporary(name: str) -> bool:
    """Whether a name is that of a temporary file."""
    return re.fullmatch(rf"(.*/)?{re.escape(TEMPORARY)}[0-9a-f]{{32}}", name) is not None
