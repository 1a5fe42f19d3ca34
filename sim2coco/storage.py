"""Interface of the storage of a data set: a folder, or a prefix in an object store."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, Self

LOCK = ".lock"
"""Lock file of a data set; each shard of a run has another, such as `.lock-0-of-8`."""
LOG = "run.log"
TEMPORARY = ".tmp-"


class StoreError(Exception):
    """The data set cannot be read or written; the message is one line."""


class Storage(Protocol):
    """Interface of the storage for the files of a data set; `str(storage)` is its name in messages.

    File names are relative, with `/` between their parts. A file is either complete or absent.

    Attributes:
        reads: Best number of files to read at a time.
    """

    reads: int

    def put(self, name: str, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
        """Writes or replaces a file; readers see either the old or the new content.

        Args:
            name: Name of the file in the data set.
            content: The whole content, or its parts in order.
            sync: Whether to wait until the file is on disk. Files whose hashes are recorded need no waiting,
                because the method `sync` waits for all files at the end of a run.
        """

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file if it does not exist yet; returns whether this call wrote it."""

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Writes several files, without waiting until they are on disk, because their hashes are recorded.

        A file that already has the given content may be left as it is.

        Args:
            files: The content of each file, keyed by file name.
        """

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
        """Removes a file, if it exists, and the folders that become empty."""

    def claim(self, shard: str = "") -> AbstractContextManager[None]:
        """Locks the data set for this process in a `with` block; the lock also ends if the process is killed.

        Args:
            shard: Name of the shard that this process makes, such as `0-of-8`; other shards may be made at
                the same time. "" means that no other process may write.

        Raises:
            StoreError: The data set cannot be written, or another run has locked it.
        """

    def owner(self) -> str | None:
        """Describes the run that holds the lock: `another run (process 123 on HOST)`; None if no run does."""

    def log(self) -> Path | None:
        """Path of a log file for the output of native code; the log is not part of the data set.

        None if the storage cannot provide one. The output then goes to a temporary file, which is copied into
        the data set as `run.log`.
        """

    def sync(self) -> None:
        """Waits until all files are on disk, so that a power failure cannot damage them any more."""

    def sweep(self) -> None:
        """Removes temporary files of interrupted runs; must not be called while another process writes."""

    def is_own(self, name: str) -> bool:
        """Whether a file is a lock, log or temporary file; a folder with only such files counts as empty."""

    def times(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yields the names of all files in a folder, with their modification times in seconds."""

    def near(self) -> "AbstractContextManager[Store]":
        """Provides the data set as a local folder, because the last steps of a run need all files.

        Changes made in the `with` block are in the data set afterwards, unless the block raises an error.
        """

    def disk(self) -> Path:
        """A local folder, on the disk that must have room for the whole data set when a run ends."""

    def for_others(self) -> Self:
        """The same data set, addressed so that processes on other machines can open it."""


class Store(Storage, Protocol):
    """Interface of a storage that keeps the files of a data set in a local folder."""

    def path(self, name: str) -> Path:
        """Local path of a file, for reading; the file need not exist."""

    def link(self, file: Path, name: str) -> None:
        """Adds a local file to the data set: as a hard link if the file system supports it, else as a copy.

        An existing file with the same content stays as it is.

        Raises:
            FileNotFoundError: There is no such local file.
        """


def is_own(name: str) -> bool:
    """Whether a file name belongs to a lock, a log or a temporary file."""
    lock = re.fullmatch(rf"{re.escape(LOCK)}(-\d+-of-\d+)?", name)
    return lock is not None or re.fullmatch(r"run(-[\w.-]+)?\.log", name) is not None or is_temporary(name)


def is_temporary(name: str) -> bool:
    """Whether a file name belongs to a temporary file."""
    return re.fullmatch(rf"(.*/)?{re.escape(TEMPORARY)}[0-9a-f]{{32}}", name) is not None
