"""Copies a data set from an object store to a local folder, and uploads the changes made there."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from sim2coco.objects.connection import READS
from sim2coco.storage import StoreError
from sim2coco.store import LocalStore

LAST = "run.json"
"""The file that marks a run as finished."""
ROOM = 1.1
"""Disk space for a copy as a multiple of the data set's size; formats and plots are added to the copy."""

State = tuple[int, int, int]
"""Inode, modification time and size of a file; replacing a file changes its inode."""


class Transfers(Protocol):
    """The object store operations needed for copying."""

    def sizes(self) -> Mapping[str, int]:
        """Returns the size in bytes of each file in the data set."""

    def download(self, name: str, file: Path) -> None:
        """Copies an object to a local file."""

    def upload(self, file: Path, name: str) -> None:
        """Copies a local file to an object."""

    def delete(self, name: str) -> None:
        """Removes an object."""


def downloaded(objects: Transfers, near: LocalStore) -> dict[str, State]:
    """Copies all files of a data set from an object store to a local folder.

    Args:
        objects: The data set in the object store.
        near: The local folder.

    Returns:
        A dict from file name to the state of the local file, for `upload_changes`.

    Raises:
        StoreError: There is too little disk space, or an object has an invalid file name.
    """
    sizes = objects.sizes()
    copied = f"out: the temporary copy of {objects}"
    check_room(near.root, int(ROOM * sum(sizes.values())), copied, "set TMPDIR to a folder on a larger disk")
    check_names(objects, sizes)
    for name in sizes:
        near.path(name).parent.mkdir(parents=True, exist_ok=True)
    for_all(lambda name: objects.download(name, near.path(name)), sizes)
    return dict(_states(near))


def upload_changes(objects: Transfers, near: LocalStore, before: Mapping[str, State]) -> None:
    """Uploads new and changed files of a local copy, and deletes the objects of files that were removed.

    The file `run.json`, which marks a finished data set, is uploaded last.

    Args:
        objects: The data set in the object store.
        near: The local copy.
        before: The result of `downloaded`.
    """
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
    """Calls a function for each name in parallel threads; after an error, no further call is started.

    Args:
        work: The function, which is called in worker threads.
        names: The names.
        then: Called in this thread after each completed call.
    """
    with ThreadPoolExecutor(READS) as pool:
        try:
            for _ in pool.map(work, names):
                then()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def check_names(objects: object, names: Iterable[str]) -> None:
    """Refuses object names that are not valid relative file paths.

    Raises:
        StoreError: A name is invalid.
    """
    for name in names:
        if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
            what = f"{objects} contains other objects ({name!r})"
            raise StoreError(f"out: {what}; name an empty folder")


def check_room(folder: Path, size: int, what: str, advice: str) -> None:
    """Creates a folder, and checks that its disk has enough free space.

    Args:
        folder: The folder.
        size: Number of bytes to be written there.
        what: Description of the data, for the message.
        advice: Advice for the case of insufficient space, for the message.

    Raises:
        StoreError: There is too little disk space.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise StoreError(f"{what} needs {size / 1e9:.1f} GB, but only {free / 1e9:.1f} GB are free; {advice}")
