"""Checks the files of a data set, one after another."""

from pathlib import Path

from sim2coco.check.document import read_split
from sim2coco.check.folder import TEMPORARY, Folder
from sim2coco.check.labels import check_labels
from sim2coco.check.layout import EXPECTED, annotation_files
from sim2coco.check.pictures import check_images, find_stray_files
from sim2coco.check.records import check_run
from sim2coco.check.report import CheckError, Report
from sim2coco.check.sources import check_sources
from sim2coco.check.splits import compare_splits, note_unused_categories


def checked(folder: Folder) -> Report:
    """Checks all files of a data set.

    Raises:
        CheckError: The folder is not a data set.
    """
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
    if not folder.ours and (note := note_unused_categories(readable)):  # a run reports them itself
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
    """Reports leftover temporary files, and absolute paths in files that no other check has read."""
    for name in folder.names() if folder.ours else ():
        if Path(name).name.startswith(TEMPORARY):
            folder.at(name).fault(
                "temporary", "a temporary file of an interrupted run; the next run removes it"
            )
        else:
            folder.scan(name)
