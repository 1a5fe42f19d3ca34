"""Reads and writes all files of a data set in a local folder; a file is either complete or absent."""

import contextlib
import errno
import filecmp
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Self

from sim2coco.durable import create, sync_file_system, sync_folder
from sim2coco.locking import locked, owner_of
from sim2coco.ordinary import read_ordinary
from sim2coco.storage import LOCK, LOG, TEMPORARY, Store, StoreError, is_own, is_temporary

OF_DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that desktop file managers create, besides those that begin with `._`; they are not listed."""
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
"""Error numbers of file systems without hard links."""


class LocalStore(Store):
    """A data set in a folder on this machine.

    Args:
        root: The data set's folder; created on the first write.
    """

    reads = 1

    def __init__(self, root: Path) -> None:
        """Keeps the path; creates nothing on disk."""
        self.root = root

    def __str__(self) -> str:
        """The path of the folder."""
        return str(self.root)

    def put(self, name: str, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
        """Writes or replaces a file; readers see either the old or the new content.

        Args:
            name: Name of the file in the data set.
            content: The content in one piece, or in consecutive pieces.
            sync: Whether to wait until the file is on disk. This is not needed for files whose hash is
                recorded, because the method `sync` waits for all of them at the end of a run.
        """
        temporary = self._write(name, content, sync)
        try:
            temporary.replace(self.root / name)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, IsADirectoryError):
                raise _in_the_way(self.root / name, "a folder where a file belongs") from error
            raise
        if sync:
            for folder in PurePosixPath(name).parents:
                sync_folder(self.root / folder)

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file if it does not exist yet; returns whether this call wrote it."""
        temporary = self._write(name, content, sync=False)
        try:
            os.link(temporary, self.root / name)
        except FileExistsError:
            return False if self.exists(name) else self._replace_strange(temporary, name)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            return self._create(name, content)
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Writes files whose hashes are recorded; existing files with the same content stay."""
        for name, content in files.items():
            if not self._holds(name, content):
                self.put(name, content, sync=False)

    def get(self, name: str) -> bytes:
        """Returns the content of a file.

        Raises:
            FileNotFoundError: There is no such file.
            OSError: The file cannot be read, or is not a regular file (a pipe, for example).
        """
        return read_ordinary(self.root / name)

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return (self.root / name).is_file()

    def path(self, name: str) -> Path:
        """Local path of a file, for reading; the file need not exist."""
        return self.root / name

    def link(self, file: Path, name: str) -> None:
        """Adds a local file to the data set: as a hard link if the file system supports it, else as a copy.

        An existing file with the same content stays as it is.

        Raises:
            FileNotFoundError: There is no such local file.
        """
        place = self.root / name
        if place.exists() and (place.samefile(file) or filecmp.cmp(place, file, shallow=False)):
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            try:
                os.link(file.resolve(strict=True), temporary)
            except OSError as error:
                if error.errno not in (*NO_LINKS, errno.EXDEV):
                    raise
                shutil.copyfile(file, temporary)
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)

    def list(self, folder: str) -> Iterator[str]:
        """Yields the names of all files in a folder and its subfolders, always in the same order.

        Raises:
            StoreError: The folder is a link to a folder that contains the data set, such as `/`.
        """
        start, here = (os.path.realpath(path) for path in (self.root / folder, self.root))
        if Path(start) in Path(here).parents:
            raise StoreError(
                f"{self.root / folder} is a link to a folder that contains the data set; remove it"
            )
        for parent, folders, files in os.walk(self.root / folder):
            folders.sort()
            for file in sorted(files):
                if file in OF_DESKTOPS or file.startswith("._"):
                    continue
                yield (Path(parent) / file).relative_to(self.root).as_posix()

    def delete(self, name: str) -> None:
        """Removes a file, if it exists, and the folders that become empty."""
        path = self.root / name
        if not os.path.lexists(path):
            return
        path.unlink()
        while path.parent != self.root and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()

    @contextlib.contextmanager
    def claim(self, shard: str = "") -> Iterator[None]:
        """Locks the data set for this process in a `with` block; the lock also ends if the process is killed.

        Args:
            shard: Name of the shard that this process makes, such as `0-of-8`; other shards may be made at
                the same time. "" means that no other process may write.

        Raises:
            StoreError: The folder cannot be written, or another run has locked it.
        """
        with contextlib.ExitStack() as locks:
            locks.enter_context(locked(self.root / LOCK, shared=bool(shard)))
            if shard:
                locks.enter_context(locked(self.root / f"{LOCK}-{shard}", shared=False))
            yield

    def owner(self) -> str | None:
        """Describes the run that holds the lock, as `another run (process 123 on HOST)`; None if unlocked."""
        return owner_of(self.root / LOCK)

    def log(self) -> Path:
        """Path of the log file for output of native code; the log is not part of the data set."""
        return self.root / LOG

    def sync(self) -> None:
        """Waits until all files are on disk, so that a power failure cannot damage them any more."""
        sync_file_system(self.root)

    def sweep(self) -> None:
        """Removes temporary files of interrupted runs; must not be called while another process writes."""
        for name in list(self.list(".")):
            if is_temporary(name):
                self.delete(name)

    def is_own(self, name: str) -> bool:
        """Whether a file is a lock, a log or a temporary file; these may exist in a new data set."""
        return is_own(name)

    def times(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yields the names of all files in a folder, with their modification times in seconds."""
        for name in self.list(folder):
            with contextlib.suppress(FileNotFoundError):  # it has just been removed
                yield name, (self.root / name).stat().st_mtime

    def near(self) -> AbstractContextManager["LocalStore"]:
        """Yields this store in a `with` block; no copy is needed, because the folder is local."""
        return contextlib.nullcontext(self)

    def disk(self) -> Path:
        """The folder of the data set."""
        return self.root

    def for_others(self) -> Self:
        """Returns a store at the path without symbolic links, because other machines may lack the links."""
        return type(self)(self.root.resolve())

    def _holds(self, name: str, content: bytes) -> bool:
        """Whether a file exists with this content; False if it cannot be read."""
        try:
            return self.exists(name) and self.get(name) == content
        except OSError:
            return False

    def _write(self, name: str, content: bytes | Iterable[bytes], sync: bool) -> Path:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise _in_the_way(Path(error.filename), "not a folder") from error
        temporary = path.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            create(temporary, content, sync)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _replace_strange(self, temporary: Path, name: str) -> bool:
        """Replaces a path that is not a regular file (a pipe or a dangling link, for example) with a file."""
        try:
            temporary.replace(self.root / name)
        except IsADirectoryError as error:
            raise _in_the_way(self.root / name, "a folder where a file belongs") from error
        return True

    def _create(self, name: str, content: bytes) -> bool:
        """Does the work of `put_new` on file systems without hard links.

        If the process is killed, a partial file may remain.
        """
        try:
            create(self.root / name, content, sync=False)
        except FileExistsError:
            return False
        except BaseException:
            (self.root / name).unlink(missing_ok=True)
            raise
        return True


def _in_the_way(path: Path, what: str) -> StoreError:
    return StoreError(f"out: {path} is {what}; move it away, and run the same command again")
