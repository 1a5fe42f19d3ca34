"""A copy of a data set in an object store as a folder of this machine, and what has changed in it."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from sim2coco.objects.connection import READS
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore

LAST = "run.json"
"""The file that says that a run is finished."""
ROOM = 1.1
"""Space that is needed for a copy, in sizes of the data set: formats and plots are added to it."""

State = tuple[int, int, int]
"""Inode, time and size of a file; a file that is replaced has another inode."""


class Transfers(Protocol):
    """What copies need of an object store."""

    def sizes(self) -> Mapping[str, int]:
        """The size in bytes of each file of the data set."""

    def download(self, name: str, file: Path) -> None:
        """Copies an object to a file of this machine."""

    def upload(self, file: Path, name: str) -> None:
        """Copies a file of this machine to an object."""

    def delete(self, name: str) -> None:
        """Removes an object."""


def downloaded(objects: Transfers, near: LocalStore) -> dict[str, State]:
    """Copies all files of a data set to a folder; returns the state of each.

    Raises:
        StoreError: There is too little space, or an object has a name that is none of a file.
    """
    sizes = objects.sizes()
    _check_room(objects, near, sum(sizes.values()))
    for name in sizes:
        if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
            raise StoreError(
                f"out: {objects} holds objects of something else ({name!r}); name an empty folder"
            )
        near.path(name).parent.mkdir(parents=True, exist_ok=True)
    _all(lambda name: objects.download(name, near.path(name)), sizes)
    return dict(_states(near))


def upload_changes(objects: Transfers, near: LocalStore, before: Mapping[str, State]) -> None:
    """Brings a data set to the state of its copy; what says that it is finished comes last."""
    now = dict(_states(near))
    _all(objects.delete, [name for name in before if name not in now])
    changed = [name for name, state in now.items() if before.get(name) != state]
    _all(lambda name: objects.upload(near.path(name), name), [name for name in changed if name != LAST])
    _all(lambda name: objects.upload(near.path(name), name), [name for name in changed if name == LAST])


def _states(near: LocalStore) -> Iterator[tuple[str, State]]:
    for name in near.list("."):
        if not near.is_own(name):
            found = near.path(name).stat()
            yield name, (found.st_ino, found.st_mtime_ns, found.st_size)


def _all(work: Callable[[str], None], names: Iterable[str]) -> None:
    """Does something with each name, several at a time; after an error no other is begun."""
    with ThreadPoolExecutor(READS) as pool:
        try:
            for _ in pool.map(work, names):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _check_room(objects: Transfers, near: LocalStore, size: int) -> None:
    near.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(near.root).free
    if ROOM * size > free:
        what = f"{objects} has {size / 1e9:.1f} GB, which are copied to the folder for temporary files"
        raise StoreError(
            f"out: {what}, where {free / 1e9:.1f} GB are free; set TMPDIR to one on a larger disk"
        )
