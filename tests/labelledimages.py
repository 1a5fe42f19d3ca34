"""Labelled images for tests of formats: from id maps, and a small data set with every kind of label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.datasets.labelled import Amodal, DatasetInfo, Label, LabelledImage, Xywh
from sim2coco.export.format import Format, write_formats
from sim2coco.png import png
from sim2coco.store import LocalStore

INFO = DatasetInfo(("train", "val"), ("cup", "small gear", "nut"), ("thing", "part", "part"), amodal=True)


def counts_of(mask: NDArray[np.bool_]) -> str:
    """A mask as compressed run lengths."""
    counts = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    assert isinstance(counts, bytes)
    return counts.decode("ascii")


def box_of(mask: NDArray[np.bool_]) -> Xywh:
    """The box of a mask."""
    rows, columns = np.nonzero(mask)
    left, top = float(columns.min()), float(rows.min())
    return left, top, columns.max() + 1 - left, rows.max() + 1 - top


def labels_of(ids: NDArray[np.integer]) -> tuple[Label, ...]:
    """A label for each id of a map, 0 aside; their amodal masks are higher by a row."""
    labels = []
    for number in np.unique(ids[ids > 0]).tolist():
        mask = ids == number
        whole = mask | np.roll(mask, 1, axis=0)
        labels.append(
            Label(
                category=number % len(INFO.categories),
                bbox=box_of(mask),
                area=int(mask.sum()),
                counts=counts_of(mask),
                amodal=Amodal(counts_of(whole), int(whole.sum()), box_of(whole)),
                attributes={"instance": number},
            )
        )
    return tuple(labels)


def image_of(
    ids: NDArray[np.integer], folder: Path, name: str = "a.png", split: str = "train"
) -> LabelledImage:
    """An image whose labels are an id map; writes its file."""
    height, width = ids.shape
    file = folder / split / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(png(np.full((height, width, 3), len(name), np.uint8)))
    return LabelledImage(split, name, file, width, height, labels_of(ids), ignored=())


def write(
    formats: Sequence[Format], images: Sequence[LabelledImage], target: Path, info: DatasetInfo = INFO
) -> None:
    """Writes images in several formats to a folder."""
    write_formats(formats, LocalStore(target), info, images)
