"""The storage of a data set in an object store: an object is complete or absent."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from sim.temporary import temporary_folder
from sim2coco.objects.connection import READS, connected, told
from sim2coco.objects.copying import downloaded, upload_changes
from sim2coco.objects.lease import LEASE_S, Lease, leased, owner_in
from sim2coco.storage import LOCK, TEMPORARY, Storage, Store, StoreError, is_own, is_temporary
from sim2coco.store import LocalStore

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

TIMES = ("LastModified", "mtime", "last_modified", "created")
"""What fsspec's packages call the time at which an object was written."""


class ObjectStore(Storage):
    """A data set in an object store; all processes that make scenes write to it.

    Args:
        url: Where it is, such as `s3://bucket/folder`, as `checked_url` returns it.
    """

    reads = READS

    def __init__(self, url: str) -> None:
        """Keeps the URL; connects when it is used."""
        self.url = url
        self._connection: tuple[int, AbstractFileSystem, str] | None = None
        self._lease: Lease | None = None

    def __str__(self) -> str:
        """The URL."""
        return self.url

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        """Other processes connect by themselves."""
        return type(self), (self.url,)

    @contextmanager
    def _used(self, name: str = "") -> "Iterator[tuple[AbstractFileSystem, str]]":
        """Provides the file system of this process and the path of a file in it."""
        with told(self.url):
            if self._connection is None or self._connection[0] != os.getpid():
                self._connection = os.getpid(), *connected(self.url)
            _, files, root = self._connection
            yield files, f"{root}/{name}" if name else root

    def put(self, name: str, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
        """Writes or replaces an object; `sync` is of no matter."""
        self._check_lease()
        self.replace(name, content if isinstance(content, bytes) else b"".join(content))

    def replace(self, name: str, content: bytes) -> None:
        """Writes an object, whether this process still owns the data set or not."""
        with self._used(name) as (files, path), self._bucket():
            files.pipe_file(path, content)

    def put_new(self, name: str, content: bytes) -> bool:
        """Writes an object if it does not exist yet; returns whether this call wrote it."""
        self._check_lease()
        with self._used(name) as (files, path), self._bucket():
            try:
                files.pipe_file(path, content, mode="create")
            except FileExistsError:
                return False
        return True

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Writes objects, all at a time."""
        self._check_lease()
        with self._used() as (remote, root), self._bucket():
            remote.pipe({f"{root}/{name}": content for name, content in files.items()})

    def get(self, name: str) -> bytes:
        """Returns the content of an object.

        Raises:
            FileNotFoundError: There is no such object.
        """
        with self._used(name) as (files, path):
            return files.cat_file(path)

    def exists(self, name: str) -> bool:
        """Whether there is an object of that name."""
        with self._used(name) as (files, path), suppress(FileNotFoundError):
            return bool(files.info(path)["type"] == "file")
        return False

    def list(self, folder: str) -> Iterator[str]:
        """Yields the names of all objects in a folder and its subfolders, always in the same order."""
        yield from sorted(self._found(folder))

    def _found(self, folder: str) -> dict[str, dict[str, Any]]:
        """What the server says of each object in a folder, by its name."""
        with self._used() as (files, root), suppress(FileNotFoundError):
            found = files.find(root if folder == "." else f"{root}/{folder}", detail=True)
            start = len(root) + 1
            return {path[start:]: about for path, about in found.items() if not path.endswith("/")}
        return {}

    def _beside(self) -> Iterator[str]:
        """Yields the names of the objects that lie in no subfolder, such as locks."""
        with self._used() as (files, root), suppress(FileNotFoundError):
            for path in files.ls(root, detail=False):
                yield path.rstrip("/").rpartition("/")[2]

    def delete(self, name: str) -> None:
        """Removes an object, if it exists."""
        self._check_lease()
        with self._used(name) as (files, path), suppress(FileNotFoundError):
            files.rm_file(path)

    @contextmanager
    def claim(self, shard: str = "") -> Iterator[None]:
        """Locks the data set for this process in a `with` block, by an object that it renews.

        The lock of a killed process is void at once on the same machine, and after `LEASE_S` seconds on
        others.

        Args:
            shard: As in `Storage.claim`.

        Raises:
            StoreError: The data set cannot be written, or another run has locked it.
        """

        def rivals() -> list[str]:
            return [LOCK] if shard else [name for name in self._locks() if name != LOCK]

        with leased(self, f"{LOCK}-{shard}" if shard else LOCK, rivals) as self._lease:
            try:
                yield
            finally:
                self._lease = None

    def _locks(self) -> Iterator[str]:
        return (name for name in self._beside() if name.startswith(LOCK) and is_own(name))

    def _check_lease(self) -> None:
        """Refuses to write if another run has taken over."""
        if self._lease and self._lease.lost:
            why = "as this one was stopped, or had no connection"
            raise StoreError(f"out: {self._lease.lost} has taken over {self}, {why}")

    def owner(self) -> str | None:
        """The run that has locked the data set: `another run (process 123 on HOST)`; None if none has."""
        for name in self._locks():
            with suppress(FileNotFoundError):
                owner = owner_in(self.get(name))
                with self._used(name) as (files, path):
                    age_s = (datetime.now(UTC) - _aware(files.modified(path))).total_seconds()
                if owner and owner.runs is not False and (owner.runs or age_s < LEASE_S):
                    return str(owner)
        return None

    def age_s(self, name: str) -> float:
        """Seconds since an object was written, by the clock of the server: that of a new one is now."""
        probe = f"{TEMPORARY}{uuid4().hex}"
        self.replace(probe, b"")
        try:
            with self._used() as (files, root):
                now, then = files.modified(f"{root}/{probe}"), files.modified(f"{root}/{name}")
            return (_aware(now) - _aware(then)).total_seconds()
        except FileNotFoundError:  # it has just been removed
            return 0.0
        finally:
            self.delete(probe)

    def log(self) -> None:
        """No file on this machine."""
        return

    def sync(self) -> None:
        """Does nothing: what is written is stored."""

    def sweep(self) -> None:
        """Removes the tokens of interrupted runs."""
        for name in [name for name in self._beside() if is_temporary(name)]:
            self.delete(name)

    def is_own(self, name: str) -> bool:
        """Whether an object is a lock, a log or a token; these may exist in a new data set."""
        return is_own(name)

    def times(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yields the names of all objects in a folder, and when each was written, in seconds."""
        for name, about in sorted(self._found(folder).items(), key=lambda item: item[0]):
            written = next((about[key] for key in TIMES if key in about), 0.0)
            yield name, _aware(written).timestamp() if isinstance(written, datetime) else float(written)

    def sizes(self) -> dict[str, int]:
        """The size in bytes of each file of the data set."""
        return {name: int(about["size"]) for name, about in self._found(".").items() if not is_own(name)}

    def download(self, name: str, file: Path) -> None:
        """Copies an object to a file of this machine."""
        with self._used(name) as (files, path):
            files.get_file(path, str(file))

    def upload(self, file: Path, name: str) -> None:
        """Copies a file of this machine to an object."""
        self._check_lease()
        with self._used(name) as (files, path):
            files.put_file(str(file), path)

    @contextmanager
    def near(self) -> Iterator[Store]:
        """A copy of the data set in a temporary folder, whose changes are written to it at the end."""
        with temporary_folder() as folder:
            near = LocalStore(Path(folder) / "data")
            before = downloaded(self, near)
            yield near
            upload_changes(self, near, before)

    def disk(self) -> Path:
        """The folder for temporary files, where the copy is made."""
        return Path(gettempdir())

    def for_others(self) -> Self:
        """The same place."""
        return type(self)(self.url)

    @contextmanager
    def _bucket(self) -> Iterator[None]:
        """Tells that there is no bucket, which is why a new object can be missing."""
        try:
            yield
        except FileNotFoundError as error:
            bucket = self.url.partition("://")[2].partition("/")[0]
            what = f"there is no bucket {bucket}; create it, or name another"
            raise StoreError(f"out: {self}: {what}") from error


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
