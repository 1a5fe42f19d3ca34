"""Opens a data set from the path of its folder or of one of its annotation files."""

from pathlib import Path

from sim2coco.check.folder import Folder
from sim2coco.check.layout import annotation_files
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset, open_coco, open_dataset


def open_reference(path: Path) -> tuple[Dataset, str | None]:
    """Opens the data set at a path; also returns the split if the path is an annotation file, else None.

    Raises:
        DataSetError: There is no such data set, or `check` does not support its layout.
    """
    if not path.is_file():
        return open_dataset(path), None
    own = path.resolve()
    for root in own.parents[:2]:
        for split, name in annotation_files(Folder(root, ours=False)).items():
            if (root / name).resolve() == own:
                return open_coco(root), split
    where = "annotations/instances_<split>.json beside images/, or <split>/_annotations.coco.json"
    raise DataSetError(f"{path}: no images found for it; expected {where}")
