"""Every byte of a data set goes through here: complete or absent, under its final name."""

import contextlib
import errno
import fcntl
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

TEMPORARY = ".tmp-"
LOCK = ".lock"
LOG = "run.log"
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
"""What a file system without hard links answers."""


class StoreError(Exception):
    """A data set that cannot be written, in one line."""


class Store:
    """A folder on this machine.

    Args:
        root: The data set's folder; made when something is written.
    """

    def __init__(self, root: Path) -> None:
        """Touches nothing."""
        self.root = root

    def put(self, name: str, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
        """Writes a file, replacing what was there: readers see the old one or the new one.

        Args:
            name: Where to.
            content: All of it, or parts in order.
            sync: Whether to wait until the disk has it: what a hash guards need not.
        """
        temporary = self._write(name, content, sync)
        temporary.replace(self.root / name)

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes a file unless there is one; whether this call did. The first writer wins."""
        temporary = self._write(name, content, sync=False)
        try:
            os.link(temporary, self.root / name)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            return self._create(name, content)
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def get(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: There is none.
        """
        return (self.root / name).read_bytes()

    def list(self, folder: str) -> Iterator[str]:
        """The names of all files below a folder, in order."""
        for parent, folders, files in os.walk(self.root / folder):
            folders.sort()
            for file in sorted(files):
                yield (Path(parent) / file).relative_to(self.root).as_posix()

    def delete(self, name: str) -> None:
        """Removes a file, and its folder when that was the last one in it."""
        path = self.root / name
        if not path.exists():
            return
        path.unlink()
        while path.parent != self.root and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Holds the data set for this process alone; a dead process holds nothing.

        Raises:
            StoreError: The folder cannot be written, or another run holds it.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(f"out: cannot write to {self.root}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(lock), (self.root / LOCK).stat()):
                raise BlockingIOError("the one who held it has just removed it")
        except OSError as error:
            os.close(lock)
            raise StoreError(
                f"out: another run is writing to {self.root}; wait for it, or name another"
            ) from error
        try:
            yield
        finally:
            (self.root / LOCK).unlink(missing_ok=True)
            os.close(lock)

    def log(self) -> Path:
        """The file for what native code prints; the one file whose content is no part of the data set."""
        return self.root / LOG

    def sweep(self) -> None:
        """Removes what writers that died have left; only while no other one is at work."""
        for name in list(self.list(".")):
            if _is_temporary(name):
                self.delete(name)

    def is_own(self, name: str) -> bool:
        """Whether a file may lie in a data set that has not begun: a lock, a log, a half-written file."""
        return name in (LOCK, LOG) or _is_temporary(name)

    def _write(self, name: str, content: bytes | Iterable[bytes], sync: bool) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                for chunk in [content] if isinstance(content, bytes) else content:
                    file.write(chunk)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _create(self, name: str, content: bytes) -> bool:
        try:
            with (self.root / name).open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True


def _is_temporary(name: str) -> bool:
    """Whether a name is one that this module gives to files that are being written."""
    return re.fullmatch(rf"{re.escape(TEMPORARY)}[0-9a-f]{{32}}", Path(name).name) is not None
