"""Opens a data set that is named by its folder or by one of its annotation files."""

from pathlib import Path

from sim2coco.check.folder import Folder
from sim2coco.check.layout import annotation_files
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset, open_coco, open_dataset


def open_reference(path: Path) -> tuple[Dataset, str | None]:
    """A data set, and the split whose annotation file was named; None if the folder was.

    Raises:
        DataSetError: There is no such data set, or it is not laid out as `check` expects.
    """
    if not path.is_file():
        return open_dataset(path), None
    own = path.resolve()
    for root in own.parents[:2]:
        for split, name in annotation_files(Folder(root, ours=False)).items():
            if (root / name).resolve() == own:
                return open_coco(root), split
    where = "annotations/instances_<split>.json beside images/, or <split>/_annotations.coco.json"
    raise DataSetError(f"{path}: no images are found for it; expected is {where}")
