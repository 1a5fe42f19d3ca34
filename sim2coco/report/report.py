"""Writes the report into a data set, or into a file."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim2coco.card.card import is_edited, signed_text, unsigned
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset
from sim2coco.report.gathering import Gathering, gathered
from sim2coco.report.making import making
from sim2coco.report.page import page
from sim2coco.report.validated import Validation, placed, replaced, section_of, state_of
from sim2coco.storage import Store, StoreError
from sim2coco.store import LocalStore

NAME = "report.html"
HEAD = b"<!DOCTYPE html>"
"""The first bytes of a report."""

log = logging.getLogger("sim2coco")


@dataclass(frozen=True, slots=True)
class Compared:
    """A data set for comparison, and its name on the page."""

    data: Dataset
    name: str


def write_report(
    data: Dataset,
    target: Path,
    against: Compared | None = None,
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Writes the report of a data set.

    Args:
        data: The data set.
        target: The file; an unedited report is replaced.
        against: Another data set to compare the data set with.
        workers: Number of threads.
        force: Whether an existing file of any other kind is replaced, too.
        progress: Called with the number of images read so far, of both data sets.

    Returns:
        The size of the page in bytes.

    Raises:
        DataSetError: A data set cannot be read, or the file exists and is not an unedited report.
        StoreError: The file cannot be written.
    """
    store = LocalStore(target.parent)
    _check_free(store, target, force)
    found = gathered(data, workers, progress)
    done = found.contents.images.total()
    others = gathered(against.data, workers, lambda n: progress(done + n)) if against else None
    text = page(found, making(data.root, data.info), others, against.name if against else "", workers)
    state = state_of(data.identity, sum(size.images for size in data.sizes().values()))
    content = signed_text(placed(text, _validated(store, target.name, state)).encode())
    try:
        store.put(target.name, content)
    except OSError as error:
        raise StoreError(f"--out: cannot write {target}: {error.strerror}") from error
    return len(content)


def _check_free(store: LocalStore, target: Path, force: bool) -> None:
    if target.is_dir():
        raise DataSetError(f"--out: {target} is a folder; name a file, such as {target / NAME}")
    if not force and _is_other(store, target.name):
        what = "is not an unedited report of sim2coco"
        raise DataSetError(f"--out: {target} {what}; name another file, or add --force to replace it")


def _is_other(store: Store, name: str) -> bool:
    """Whether a file or folder called `name` exists and is not an unedited report."""
    if store.path(name).is_dir():
        return True
    return store.exists(name) and (is_edited(store, name) or not store.get(name).startswith(HEAD))


def report_of_run(store: Store, root: Path, found: Gathering, workers: int, run: Mapping[str, Any]) -> None:
    """Writes the report of a finished run; a `report.html` that was edited stays.

    Errors in making the report are logged and do not stop the run.

    Args:
        store: The data set.
        root: The folder of the data set.
        found: Statistics of the data set's images.
        workers: Number of threads.
        run: The future content of `run.json`.

    Raises:
        OSError: The file cannot be written.
    """
    if found.problems:
        told = f"{len(found.problems)} images cannot be measured, the first: {found.problems[0]}"
        log.warning("%s/%s is not written: %s", store, NAME, told)
        return
    if _is_other(store, NAME):
        log.warning("%s/%s was edited and stays as it is; delete it to have it written again", store, NAME)
        return
    try:
        text = page(found, making(root, found.contents.info, run), None, "", workers)
    except Exception:
        log.warning("%s/%s is not written, because of an error in sim2coco", store, NAME, exc_info=True)
        return
    section = _validated(store, NAME, state_of(str(run["identity"]), found.contents.images.total()))
    store.put(NAME, signed_text(placed(text, section).encode()))


def add_validation(data: Dataset, found: Validation) -> bool:
    """Adds the results of `validate` to the report of a data set; returns whether there is a report.

    The results are kept when the report is written again, as long as the images are the same.

    Raises:
        OSError: The report cannot be written.
    """
    store = LocalStore(data.root)
    if not store.exists(NAME) or _is_other(store, NAME):
        return False
    state = state_of(data.identity, sum(size.images for size in data.sizes().values()))
    text = replaced(unsigned(store.get(NAME)).decode(), state, found)
    store.put(NAME, signed_text(text.encode()))
    return True


def _validated(store: Store, name: str, state: str) -> str:
    """The `validate` section of the existing report; "" if missing, or if its fingerprint is not `state`."""
    return section_of(store.get(name), state) if store.exists(name) else ""
