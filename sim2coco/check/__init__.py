"""Is a data set right? Every fault named.

It trusts nothing and no one: it shares no code with what writes data sets, and derives boxes, areas and
fractions anew from the run lengths.

Data sets of others (no records; polygons, crowds) are held only to what COCO asks of them; a data set is ours
when it has a `run.json` or records.
"""

from dataclasses import dataclass
from pathlib import Path

from sim2coco.check.document import Document, compare_splits, read_split
from sim2coco.check.folder import TEMPORARY, Fault, Folder
from sim2coco.check.labels import look_at_labels
from sim2coco.check.pictures import look_at_pictures, look_for_strangers
from sim2coco.check.records import look_at_run
from sim2coco.check.sharing import Holding

__all__ = ["CheckError", "Fault", "Report", "check"]


class CheckError(ValueError):
    """A folder that is no data set, in one line."""


@dataclass(frozen=True, slots=True)
class Report:
    """How much was looked at, every fault, and what the splits of one of ours have and share."""

    images: int
    annotations: int
    faults: tuple[Fault, ...]
    holdings: tuple[Holding, ...] = ()


def check(root: Path) -> Report:
    """Everything that is wrong with a data set.

    Args:
        root: Its folder, with `annotations/instances_<split>.json` and `images/<split>/`.

    Raises:
        CheckError: The folder is no data set.
    """
    if not root.is_dir():
        raise CheckError(f"{root}: no such folder")
    folder = Folder(root, ours=(root / "run.json").exists() or (root / "records").is_dir())
    splits = folder.splits("instances")
    if not splits and not folder.ours:
        raise CheckError(f"{root}: no data set (it has no annotations/instances_<split>.json)")
    documents = {split: _document(folder, split) for split in splits}
    readable = {split: document for split, document in documents.items() if document is not None}
    compare_splits(readable)
    if splits:  # otherwise the run has not come to its end
        look_for_strangers(folder, splits)
    holdings = look_at_run(folder, documents).holdings() if folder.ours else ()
    _look_at_the_rest(folder)
    images = sum(document.num_images for document in readable.values())
    annotations = sum(document.num_annotations for document in readable.values())
    return Report(images, annotations, tuple(folder.faults), holdings)


def _document(folder: Folder, split: str) -> Document | None:
    """The annotation file of a split, with all that belongs to it looked at."""
    document = read_split(folder, split)
    if document is not None:
        look_at_labels(document)
        look_at_pictures(folder, split, document)
    return document


def _look_at_the_rest(folder: Folder) -> None:
    """What writers that died have left, and paths of a machine in the files not looked at yet."""
    for name in folder.names():
        if Path(name).name.startswith(TEMPORARY):
            folder.at(name).fault("a temporary file that a writer has left; the next run removes it")
        elif folder.ours:
            folder.scan(name)
