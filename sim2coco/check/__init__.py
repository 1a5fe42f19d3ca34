"""Checks a data set and reports every fault.

The check is independent: it shares no code with the part that writes data sets, and it computes boxes, areas
and fractions from the run lengths of the masks.

A data set is treated as written by sim2coco (`ours`) if it has a `run.json` or records. Data sets of other
tools, which may have polygons and crowds, only have to follow the COCO format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim2coco.check.document import read_split
from sim2coco.check.faults import Fault
from sim2coco.check.folder import TEMPORARY, Folder
from sim2coco.check.labels import check_labels
from sim2coco.check.layout import EXPECTED, annotation_files
from sim2coco.check.pictures import check_images, find_stray_files
from sim2coco.check.progress import Progress, Show
from sim2coco.check.records import check_run
from sim2coco.check.sharing import Holding
from sim2coco.check.sources import check_sources
from sim2coco.check.splits import compare_splits, note_unused_categories

__all__ = ["CheckError", "Fault", "Report", "check"]


class CheckError(ValueError):
    """The folder is not a data set; the message is one line."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check.

    Attributes:
        images: Number of images in the annotation files.
        annotations: Number of annotations in them.
        faults: Everything that is wrong, at most `MAX_KEPT` faults of one kind.
        notes: What is worth knowing and no fault.
        holdings: Numbers of meshes and textures in each split, and of those that splits share; empty for
            data sets of other tools.
        counts: Number of faults of each kind, also of those that are not kept.
    """

    images: int
    annotations: int
    faults: tuple[Fault, ...]
    holdings: tuple[Holding, ...] = ()
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def check(root: Path, show: Show = lambda done, total: None) -> Report:
    """Checks a data set.

    Args:
        root: Its folder, with `annotations/instances_<split>.json` and `images/<split>/`. Data sets of other
            tools may have other layouts (`sim2coco.check.layout`).
        show: Called with the number of images that are checked so far, and the number of all.

    Returns:
        A report with every fault.

    Raises:
        CheckError: The folder is not a data set.
    """
    if not root.is_dir():
        raise CheckError(f"{root}: no such folder")
    folder = Folder(root, folder_is_ours(root), progress=Progress(show))
    with folder.files:
        return _check(folder)


def folder_is_ours(root: Path) -> bool:
    """Whether sim2coco wrote the data set in a folder."""
    return (root / "run.json").exists() or (root / "records").is_dir()


def _check(folder: Folder) -> Report:
    splits = annotation_files(folder)
    if not splits and not folder.ours:
        raise CheckError(f"{folder.root}: not a data set: {EXPECTED}")
    documents = {split: read_split(folder, name) for split, name in splits.items()}
    readable = {split: document for split, document in documents.items() if document is not None}
    folder.progress.images = sum(len(document.images) for document in readable.values())
    folder.progress.steps = 3 if folder.ours else 2
    for split, document in readable.items():
        check_labels(document)
        check_images(folder, split, document)
    compare_splits(readable)
    if not folder.ours and (note := note_unused_categories(readable)):  # a run tells of them itself
        folder.notes.append(note)
    if splits and folder.ours:  # otherwise the run is unfinished
        find_stray_files(folder, splits)
    holdings = check_run(folder, documents).holdings() if folder.ours else ()
    check_sources(folder, readable.values())
    _check_remaining_files(folder)
    images = sum(document.sizes["images"] for document in readable.values())
    annotations = sum(document.sizes["annotations"] for document in readable.values())
    faults = folder.faults
    return Report(images, annotations, tuple(faults), holdings, tuple(folder.notes), dict(faults.counts))


def _check_remaining_files(folder: Folder) -> None:
    """Reports leftover temporary files, and absolute paths in files that other checks have not read."""
    for name in folder.names() if folder.ours else ():
        if Path(name).name.startswith(TEMPORARY):
            folder.at(name).fault(
                "temporary", "a temporary file of an interrupted run; the next run removes it"
            )
        else:
            folder.scan(name)
