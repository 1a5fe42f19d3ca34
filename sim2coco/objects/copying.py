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
    copied = f"out: {objects}, which is copied to the folder for temporary files"
    check_room(near.root, int(ROOM * sum(sizes.values())), copied, "set TMPDIR to one on a larger disk")
    check_names(objects, sizes)
    for name in sizes:
        near.path(name).parent.mkdir(parents=True, exist_ok=True)
    for_all(lambda name: objects.download(name, near.path(name)), sizes)
    return dict(_states(near))


def upload_changes(objects: Transfers, near: LocalStore, before: Mapping[str, State]) -> None:
    """Brings a data set to the state of its copy; what says that it is finished comes last."""
    now = dict(_states(near))
    for_all(objects.delete, [name for name in before if name not in now])
    changed = [name for name, state in now.items() if before.get(name) != state]
    for_all(lambda name: objects.upload(near.path(name), name), [name for name in changed if name != LAST])
    for_all(lambda name: objects.upload(near.path(name), name), [name for name in changed if name == LAST])


def _states(near: LocalStore) -> Iterator[tuple[str, State]]:
    for name in near.list("."):
        if not near.is_own(name):
            found = near.path(name).stat()
            yield name, (found.st_ino, found.st_mtime_ns, found.st_size)


def for_all(
    work: Callable[[str], None], names: Iterable[str], then: Callable[[], None] = lambda: None
) -> None:
    """Does something with each name, several at a time; after an error no other is begun.

    Args:
        work: Is called in other threads.
        names: The names.
        then: Is called in this thread after each.
    """
    with ThreadPoolExecutor(READS) as pool:
        try:
            for _ in pool.map(work, names):
                then()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def check_names(objects: object, names: Iterable[str]) -> None:
    """Refuses objects whose names are none of files below a folder.

    Raises:
        StoreError: There is one.
    """
    for name in names:
        if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
            what = f"{objects} holds objects of something else ({name!r})"
            raise StoreError(f"out: {what}; name an empty folder")


def check_room(folder: Path, size: int, what: str, advice: str) -> None:
    """Makes a folder, and refuses to fill its disk.

    Args:
        folder: The folder.
        size: Number of bytes that are written there.
        what: What is written, for the message.
        advice: What to do if it is too much.

    Raises:
        StoreError: There is too little space.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise StoreError(f"{what}: takes {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free; {advice}")
