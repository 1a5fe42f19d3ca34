"""Writes the repaired copy: annotation files entry by entry, images as links."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sim2coco.check import CheckError, Report, check, folder_is_ours
from sim2coco.check.files import opened
from sim2coco.check.folder import Folder
from sim2coco.check.jsontext import NotJson
from sim2coco.check.layout import EXPECTED, annotation_files
from sim2coco.check.progress import Show
from sim2coco.check.stream import NotObject
from sim2coco.repair.categories import number_categories
from sim2coco.repair.changes import Changes
from sim2coco.repair.content import content
from sim2coco.repair.images import place_images
from sim2coco.repair.plan import Plan, Unrepairable, plan
from sim2coco.repair.progress import Progress
from sim2coco.store import LocalStore

LISTING = "changes.txt"


class RepairError(ValueError):
    """No copy can be written; the message is one line."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The result of a repair.

    Attributes:
        changes: Every change.
        report: The result of `check` on the copy.
        ours: Whether sim2coco wrote the original data set. In this case, its scene records are not copied.
    """

    changes: Changes
    report: Report
    ours: bool


def repair(root: Path, target: Path, show: Show = lambda done, total: None) -> Repaired:
    """Writes a repaired copy of a data set, and leaves the original unchanged.

    Args:
        root: The data set.
        target: The folder of the copy; it must be empty or absent.
        show: Called with the number of images that are done, and their total number.

    Raises:
        RepairError: The folder of the copy is in use, or nothing can be repaired.
        CheckError: The folder is not a data set.
    """
    _check_target(root, target)
    folder = Folder(root, ours=False)
    splits = annotation_files(folder)
    if not splits:
        raise CheckError(f"{root}: not a data set: {EXPECTED}")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        changes = Changes(file)
        progress = Progress(show)
        _write(folder, splits, LocalStore(target), changes, progress)
    return Repaired(changes, check(target, progress.checked), folder_is_ours(root))


def _write(
    folder: Folder, splits: Mapping[str, str], store: LocalStore, changes: Changes, progress: Progress
) -> None:
    plans = [found for name in splits.values() if (found := _plan(folder, name, changes))]
    number_categories(plans)
    progress.begin(sum(len(found.images) for found in plans), sum(found.annotations for found in plans))
    written = [_copy(folder, found, store, progress) for found in plans]
    if not any(written):
        why = next((str(change) for change in changes if change.kind == "left_out"), "it has no images")
        raise RepairError(f"{folder.root}: nothing can be repaired: {why}")
    store.put(LISTING, changes.lines())


def _check_target(root: Path, target: Path) -> None:
    if not root.is_dir():
        raise CheckError(f"{root}: no such folder")
    if target.resolve().is_relative_to(root.resolve()):
        raise RepairError(f"--fix: {target} is inside the data set; name a folder outside")
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise RepairError(f"--fix: {target} exists; name a new or empty folder")


def _plan(folder: Folder, name: str, changes: Changes) -> Plan | None:
    try:
        with opened(folder.root / name) as file:
            return plan(name, file, changes)
    except (Unrepairable, NotJson, NotObject) as error:
        why = str(error)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    changes.at(name, "").fault("left_out", f"the file is left out: {why}")
    return None


def _copy(folder: Folder, found: Plan, store: LocalStore, progress: Progress) -> bool:
    """Writes the copy of an annotation file and its images; returns False if no image is left."""
    place = place_images(folder, found, progress)
    if not found.images:
        found.changes.at(found.name, "").fault("left_out", "the file is left out: no images remain")
        return False
    for image in found.images.values():
        name = str(PurePosixPath(place, image["file_name"]))
        store.link(folder.root / name, name)
    with opened(folder.root / found.name) as file:
        store.put(found.name, content(found, file, progress))
    return True
