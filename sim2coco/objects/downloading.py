"""Downloads a data set from an object store to a local folder, and resumes interrupted downloads."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import uuid4

from sim2coco.objects.copying import LAST, check_names, check_room, for_all
from sim2coco.objects.store import ObjectStore
from sim2coco.storage import TEMPORARY, StoreError, is_own
from sim2coco.store import LocalStore


@dataclass(frozen=True, slots=True)
class Download:
    """A planned download.

    Attributes:
        objects: The data set in the object store.
        folder: The local folder.
        sizes: Size in bytes of each file in the data set.
        times: Modification time of each file in seconds; 0 if unknown.
        missing: The files that are missing or outdated in the folder.
    """

    objects: ObjectStore
    folder: LocalStore
    sizes: Mapping[str, int]
    times: Mapping[str, float]
    missing: tuple[str, ...]

    def run(self, show: Callable[[int], None]) -> None:
        """Downloads the missing files; `run.json`, which marks the run as finished, is downloaded last.

        Args:
            show: Called with the number of files in the folder so far.
        """
        done = count(len(self.sizes) - len(self.missing))
        show(next(done))
        for names in (self._missing(last=False), self._missing(last=True)):
            for_all(self._fetch, names, lambda: show(next(done)))

    def _missing(self, last: bool) -> Iterable[str]:
        return (name for name in self.missing if (name == LAST) is last)

    def _fetch(self, name: str) -> None:
        place, temporary = self.folder.path(name), self.folder.path(f"{TEMPORARY}{uuid4().hex}")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.objects.download(name, temporary)
            if time := self.times[name]:
                os.utime(temporary, (time, time))
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)


def planned(objects: ObjectStore, root: Path) -> Download:
    """Compares sizes and times to find the files of a data set that are missing or outdated in a folder.

    Args:
        objects: The data set in the object store.
        root: The local folder: new, empty, or an incomplete or outdated copy.

    Raises:
        StoreError: There is no data set, the folder contains something else, or there is too little space.
    """
    sizes, folder = objects.sizes(), LocalStore(root)
    if not sizes:
        raise StoreError(f"{objects}: contains no files")
    check_names(objects, sizes)
    _check_folder(objects, folder, sizes)
    times = dict.fromkeys(sizes, 0.0) | dict(objects.times("."))
    missing = [name for name in sizes if not _has(folder.path(name), sizes[name], times[name])]
    size = sum(sizes[name] for name in missing)
    check_room(root, size, f"--out: a copy of {objects} in {root}", "name a folder on a larger disk")
    return Download(objects, folder, sizes, times, tuple(missing))


def _check_folder(objects: ObjectStore, folder: LocalStore, sizes: Mapping[str, int]) -> None:
    if folder.exists(LAST):
        if LAST not in sizes or _identity(folder.get(LAST)) != _identity(objects.get(LAST)):
            raise StoreError(
                f"--out: {folder} contains a different data set than {objects}; name another folder"
            )
    elif strangers := [name for name in folder.list(".") if name not in sizes and not is_own(name)]:
        what = f"{folder} contains other files ({strangers[0]})"
        raise StoreError(f"--out: {what}; name an empty folder")


def _identity(run: bytes) -> object:
    """Returns the entry `identity` of `run.json`, which identifies the data set.

    Returns `run` itself if it cannot be parsed.
    """
    try:
        return json.loads(run)["identity"]
    except (ValueError, LookupError, TypeError):
        return run


def _has(path: Path, size: int, time: float) -> bool:
    """Whether a file exists with this size and modification time; 0 stands for an unknown time."""
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_size == size and (not time or abs(found.st_mtime - time) < 1)
