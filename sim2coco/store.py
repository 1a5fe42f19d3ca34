"""Reads and writes all files of a data set; under its final name, a file is complete or absent."""

import contextlib
import errno
import fcntl
import filecmp
import os
import re
import shutil
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Protocol

from sim2coco.durable import create, sync_file_system, sync_folder
from sim2coco.ordinary import read_ordinary

TEMPORARY = ".tmp-"
LOCK = ".lock"
"""The lock of a data set; each of several shards has a further one, such as `.lock-0-of-8`."""
LOG = "run.log"
OF_DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that file managers leave in folders, besides those that begin with `._`; they are not listed."""
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
"""Error numbers of file systems without hard links."""
TRIES, PAUSE_S = 20, 0.05
"""How often a shard tries to lock a data set, and the pause in between: another one may just be finishing."""


class StoreError(Exception):
    """The data set cannot be written; the message is one line."""


class Store(Protocol):
    """Interface of the storage for the files of a data set; `str(store)` is its name in messages.

    Names of files are relative, with `/` between their parts. A file is either complete or absent.
    """

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

    def get(self, name: str) -> bytes:
        """Returns the content of a file.

        Raises:
            FileNotFoundError: There is no such file.
        """

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def path(self, name: str) -> Path:
        """Where a file of that name lies on this machine, for reading; it need not exist."""

    def link(self, file: Path, name: str) -> None:
        """Puts a file of this machine under a name: as a hard link where the file system can, else as a copy.

        A file that is there already, with the same content, stays as it is.

        Raises:
            FileNotFoundError: There is no such file on this machine.
        """

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

    def log(self) -> Path:
        """Path of the local log file for output of native code; the log is not part of the data set."""

    def sync(self) -> None:
        """Waits until all files are on disk, so that a power failure cannot damage them any more."""

    def sweep(self) -> None:
        """Removes temporary files of interrupted runs; must not be called while another process writes."""

    def is_own(self, name: str) -> bool:
        """Whether a file is the lock, the log or a temporary file; these may exist in a new data set."""


class LocalStore(Store):
    """A data set in a folder on this machine.

    Args:
        root: The data set's folder; created on the first write.
    """

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
            content: The whole content, or its parts in order.
            sync: Whether to wait until the file is on disk; not needed for files with a recorded hash, which
                are synchronised together at the end of a run (`sync`).
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

    def get(self, name: str) -> bytes:
        """Returns the content of a file.

        Raises:
            FileNotFoundError: There is no such file.
            OSError: It cannot be read, or is no ordinary file, such as a pipe.
        """
        return read_ordinary(self.root / name)

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return (self.root / name).is_file()

    def path(self, name: str) -> Path:
        """Where a file of that name lies, for reading; it need not exist."""
        return self.root / name

    def link(self, file: Path, name: str) -> None:
        """Puts a file of this machine under a name: as a hard link where the file system can, else as a copy.

        A file that is there already, with the same content, stays as it is.

        Raises:
            FileNotFoundError: There is no such file on this machine.
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
        """Yields the names of all files in a folder and its subfolders, always in the same order."""
        for parent, folders, files in os.walk(self.root / folder):
            folders.sort()
            for file in sorted(files):
                if file in OF_DESKTOPS or file.startswith("._"):
                    continue
                yield (Path(parent) / file).relative_to(self.root).as_posix()

    def delete(self, name: str) -> None:
        """Removes a file, if it exists, and its folders that are empty afterwards."""
        path = self.root / name
        if not os.path.lexists(path):
            return
        path.unlink()
        while path.parent != self.root and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()

    @contextlib.contextmanager
    def claim(self, shard: str = "") -> Iterator[None]:
        """Locks the data set for this process in a `with` block; a killed process also releases the lock.

        Args:
            shard: Name of the part of the scenes that this process makes, such as `0-of-8`: parts of other
                names may be made at the same time. "" means that no other process may write.

        Raises:
            StoreError: The folder cannot be written, or another run has locked it.
        """
        with contextlib.ExitStack() as locks:
            locks.enter_context(self._locked(LOCK, shared=bool(shard)))
            if shard:
                locks.enter_context(self._locked(f"{LOCK}-{shard}", shared=False))
            yield

    @contextlib.contextmanager
    def _locked(self, name: str, shared: bool) -> Iterator[None]:
        """Holds a lock file, which the last process that holds it removes."""
        path = self.root / name
        for _ in range(TRIES if shared else 1):
            lock = self._lock(path, shared)
            if lock is not None:
                break
            time.sleep(PAUSE_S if shared else 0)
        else:
            owner = _owner(path) or "another run"
            raise StoreError(f"out: {owner} is writing to {self.root}; wait for it, or name another")
        try:
            os.ftruncate(lock, 0)
            os.write(lock, f"{os.getpid()} {socket.gethostname()}\n".encode())
            yield
        finally:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
            except BlockingIOError:
                pass  # another shard still holds it
            finally:
                os.close(lock)

    def _lock(self, path: Path, shared: bool) -> int | None:
        """Opens and locks a lock file; None if another process holds it, or has just removed it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise StoreError(f"out: cannot write to {self.root}: {error.strerror}") from error
        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except (BlockingIOError, FileNotFoundError):
            pass
        except OSError as error:
            os.close(lock)
            raise StoreError(f"out: cannot lock {path}: {error.strerror}") from error
        os.close(lock)
        return None

    def owner(self) -> str | None:
        """The run that has locked the data set: `another run (process 123 on HOST)`; None if none has."""
        return _owner(self.root / LOCK)

    def log(self) -> Path:
        """Path of the log file for output of native code; the log is not part of the data set."""
        return self.root / LOG

    def sync(self) -> None:
        """Waits until all files are on disk, so that a power failure cannot damage them any more."""
        sync_file_system(self.root)

    def sweep(self) -> None:
        """Removes temporary files of interrupted runs; must not be called while another process writes."""
        for name in list(self.list(".")):
            if _is_temporary(name):
                self.delete(name)

    def is_own(self, name: str) -> bool:
        """Whether a file is the lock, the log or a temporary file; these may exist in a new data set."""
        lock = re.fullmatch(rf"{re.escape(LOCK)}(-\d+-of-\d+)?", name)
        return lock is not None or name == LOG or _is_temporary(name)

    def _write(self, name: str, content: bytes | Iterable[bytes], sync: bool) -> Path:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise _in_the_way(Path(error.filename), "no folder") from error
        temporary = path.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            create(temporary, content, sync)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _replace_strange(self, temporary: Path, name: str) -> bool:
        """Puts a file in the place of what is none: a pipe, or a link that leads to no file."""
        try:
            temporary.replace(self.root / name)
        except IsADirectoryError as error:
            raise _in_the_way(self.root / name, "a folder where a file belongs") from error
        return True

    def _create(self, name: str, content: bytes) -> bool:
        """Like `put_new`, on file systems without hard links; a killed process leaves a part of the file."""
        try:
            create(self.root / name, content, sync=False)
        except FileExistsError:
            return False
        except BaseException:
            (self.root / name).unlink(missing_ok=True)
            raise
        return True


def _owner(path: Path) -> str | None:
    """The run that holds a lock file: `another run (process 123 on HOST)`; None if none does."""
    try:
        # NFS grants exclusive locks only on files that are open for writing.
        with path.open("r+" if os.access(path, os.W_OK) else "r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        number, _, host = path.read_text().strip().partition(" ")
        return f"another run (process {number} on {host})" if host else "another run"
    except OSError:  # there is no lock
        pass
    return None


def _is_temporary(name: str) -> bool:
    """Whether a name is that of a temporary file of this module."""
    return re.fullmatch(rf"{re.escape(TEMPORARY)}[0-9a-f]{{32}}", Path(name).name) is not None


def _in_the_way(path: Path, what: str) -> StoreError:
    return StoreError(f"out: {path} is {what}; move it away, and run the same command again")
