"""Storage of a data set in an object store. An object is either complete or absent there."""

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
"""fsspec packages' keys for the modification time of an object."""


class ObjectStore(Storage):
    """A data set in an object store; all processes that generate scenes write to it.

    Args:
        url: URL such as `s3://bucket/folder`, as returned by `checked_url`.
    """

    reads = READS

    def __init__(self, url: str) -> None:
        """Stores the URL; connects on first use."""
        self.url = url
        self._connection: tuple[int, AbstractFileSystem, str] | None = None
        self._lease: Lease | None = None

    def __str__(self) -> str:
        """The URL."""
        return self.url

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        """Pickles only the URL, because each process has its own connection."""
        return type(self), (self.url,)

    @contextmanager
    def _used(self, name: str = "") -> "Iterator[tuple[AbstractFileSystem, str]]":
        """Provides this process's connection to the object store, and the path of the object `name` in it."""
        with told(self.url):
            if self._connection is None or self._connection[0] != os.getpid():
                self._connection = os.getpid(), *connected(self.url)
            _, files, root = self._connection
            yield files, f"{root}/{name}" if name else root

    def put(self, name: str, content: bytes | Iterable[bytes], *, sync: bool = True) -> None:
        """Writes or replaces an object; `sync` is ignored."""
        self._check_lease()
        self.replace(name, content if isinstance(content, bytes) else b"".join(content))

    def replace(self, name: str, content: bytes) -> None:
        """Writes an object without checking whether this process still holds the lock."""
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
        """Writes several objects concurrently."""
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
        """Returns whether an object of this name exists."""
        with self._used(name) as (files, path), suppress(FileNotFoundError):
            return bool(files.info(path)["type"] == "file")
        return False

    def list(self, folder: str) -> Iterator[str]:
        """Yields the names of all objects in a folder and its subfolders, always in the same order."""
        yield from sorted(self._found(folder))

    def _found(self, folder: str) -> dict[str, dict[str, Any]]:
        """Returns a dict from object name to the server's metadata, for the objects in a folder."""
        with self._used() as (files, root), suppress(FileNotFoundError):
            found = files.find(root if folder == "." else f"{root}/{folder}", detail=True)
            start = len(root) + 1
            return {path[start:]: about for path, about in found.items() if not path.endswith("/")}
        return {}

    def _beside(self) -> Iterator[str]:
        """Yields the names of top-level objects, such as locks, and of top-level folders."""
        with self._used() as (files, root), suppress(FileNotFoundError):
            for path in files.ls(root, detail=False):
                yield path.rstrip("/").rpartition("/")[2]

    def delete(self, name: str) -> None:
        """Removes an object if it exists."""
        self._check_lease()
        with self._used(name) as (files, path), suppress(FileNotFoundError):
            files.rm_file(path)

    @contextmanager
    def claim(self, shard: str = "") -> Iterator[None]:
        """Locks the data set for this process in a `with` block, with a lock object that is renewed.

        The lock of a killed process expires immediately for processes on the same machine, and after
        `LEASE_S` seconds for processes on other machines.

        Args:
            shard: As in `Storage.claim`.

        Raises:
            StoreError: The data set cannot be written, or is locked by another run.
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
        """Refuses to write if another run has taken over the lock."""
        if self._lease and self._lease.lost:
            why = "because this run was suspended or lost its connection"
            raise StoreError(f"out: {self._lease.lost} has taken over {self}, {why}")

    def owner(self) -> str | None:
        """Returns the run that holds the lock, like `another run (process 123 on HOST)`; None if unlocked."""
        for name in self._locks():
            with suppress(FileNotFoundError):
                owner = owner_in(self.get(name))
                with self._used(name) as (files, path):
                    age_s = (datetime.now(UTC) - _aware(files.modified(path))).total_seconds()
                if owner and owner.runs is not False and (owner.runs or age_s < LEASE_S):
                    return str(owner)
        return None

    def age_s(self, name: str) -> float:
        """Returns the seconds since an object was written; writes another object to get the server time."""
        probe = f"{TEMPORARY}{uuid4().hex}"
        self.replace(probe, b"")
        try:
            with self._used() as (files, root):
                now, then = files.modified(f"{root}/{probe}"), files.modified(f"{root}/{name}")
            return (_aware(now) - _aware(then)).total_seconds()
        except FileNotFoundError:  # the object has just been removed
            return 0.0
        finally:
            self.delete(probe)

    def log(self) -> None:
        """Returns None: there is no log file on this machine."""
        return

    def sync(self) -> None:
        """Does nothing: written objects are already durable."""

    def sweep(self) -> None:
        """Removes the temporary objects of interrupted runs."""
        for name in [name for name in self._beside() if is_temporary(name)]:
            self.delete(name)

    def is_own(self, name: str) -> bool:
        """Whether an object is a lock, a log or temporary; a data set of such objects only is empty."""
        return is_own(name)

    def times(self, folder: str) -> Iterator[tuple[str, float]]:
        """Yields (name, modification time in seconds) for all objects in a folder."""
        for name, about in sorted(self._found(folder).items(), key=lambda item: item[0]):
            written = next((about[key] for key in TIMES if key in about), 0.0)
            yield name, _aware(written).timestamp() if isinstance(written, datetime) else float(written)

    def sizes(self) -> dict[str, int]:
        """Returns the size in bytes of each file in the data set."""
        return {name: int(about["size"]) for name, about in self._found(".").items() if not is_own(name)}

    def download(self, name: str, file: Path) -> None:
        """Copies an object to a local file."""
        with self._used(name) as (files, path):
            files.get_file(path, str(file))

    def upload(self, file: Path, name: str) -> None:
        """Copies a local file to an object."""
        self._check_lease()
        with self._used(name) as (files, path):
            files.put_file(str(file), path)

    @contextmanager
    def near(self) -> Iterator[Store]:
        """Provides a copy of the data set in a temporary folder, and uploads its changes at the end."""
        with temporary_folder() as folder:
            near = LocalStore(Path(folder) / "data")
            before = downloaded(self, near)
            yield near
            upload_changes(self, near, before)

    def disk(self) -> Path:
        """Returns the temporary folder, where `near` makes its copy."""
        return Path(gettempdir())

    def for_others(self) -> Self:
        """Returns a store for the same URL, for processes on other machines."""
        return type(self)(self.url)

    @contextmanager
    def _bucket(self) -> Iterator[None]:
        """For a `with` block that writes: turns `FileNotFoundError` into a `StoreError` (no such bucket)."""
        try:
            yield
        except FileNotFoundError as error:
            bucket = self.url.partition("://")[2].partition("/")[0]
            what = f"bucket {bucket} does not exist; create it, or name another"
            raise StoreError(f"out: {self}: {what}") from error


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
