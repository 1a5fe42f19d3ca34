"""COCO data sets as other tools write them, for tests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from sim2coco.png import png

Entry = dict[str, Any]
WIDTH, HEIGHT = 40, 30


@dataclass
class CocoFile:
    """A COCO file that a test changes before it is written."""

    images: list[Entry] = field(default_factory=list)
    annotations: list[Entry] = field(default_factory=list)
    categories: list[Entry] = field(default_factory=list)
    licenses: list[Entry] = field(default_factory=list)
    info: Entry = field(default_factory=dict)

    def write(self, path: Path, folder: Path) -> None:
        """Writes the file, and an image file for each entry into a folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(vars(self)))
        for image in self.images:
            file = folder / image["file_name"]
            file.parent.mkdir(parents=True, exist_ok=True)
            shade = np.full(
                (image["height"], image["width"], 3), sum(image["file_name"].encode()) % 200, np.uint8
            )
            file.write_bytes(png(shade))


def rectangle(x: int, y: int, width: int, height: int) -> Entry:
    """Mask, box and area of a rectangle, as uncompressed run lengths."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[y : y + height, x : x + width] = 1
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=0))
    counts = np.diff(edges, prepend=0, append=flat.size).tolist()
    segmentation = {"size": [HEIGHT, WIDTH], "counts": counts}
    return {"segmentation": segmentation, "bbox": [x, y, width, height], "area": width * height}


def compressed(segmentation: Entry) -> Entry:
    """The same mask as compressed run lengths."""
    counts = coco_mask.frPyObjects(segmentation, *segmentation["size"])["counts"]  # type: ignore[call-overload]  # a size of any list
    return segmentation | {"counts": counts if isinstance(counts, str) else counts.decode()}


def polygon(x: int, y: int, width: int, height: int) -> Entry:
    """Polygon, box and area of a rectangle."""
    corners = [x, y, x + width, y, x + width, y + height, x, y + height]
    return {"segmentation": [corners], "bbox": [x, y, width, height], "area": width * height}


def small(
    names: Sequence[str] = ("cat", "dog"), images: int = 3, prefix: str = "img", first: int = 1
) -> CocoFile:
    """A file with a polygon, plain and compressed run lengths in each image, listed in no order.

    Args:
        names: The categories.
        images: Number of images.
        prefix: Beginning of their names.
        first: The first id of each kind.
    """
    labels = []
    for image in range(images):
        for rank, shape in enumerate((polygon, rectangle, rectangle)):
            label = shape(2 + image % 8, 3 + 8 * rank, 5 + image % 9, 4)
            if rank == 2:
                label["segmentation"] = compressed(label["segmentation"])
            owner = {
                "image_id": first + image,
                "category_id": first + rank % len(names),
                "iscrowd": int(rank == 1),
            }
            labels.append({"id": first + 3 * image + rank, **owner, **label})
    return CocoFile(
        images=[
            {"id": first + rank, "file_name": f"{prefix}{rank}.png", "width": WIDTH, "height": HEIGHT}
            for rank in range(images)
        ],
        annotations=labels[::2] + labels[1::2],
        categories=[
            {"id": first + rank, "name": name, "supercategory": "animal"} for rank, name in enumerate(names)
        ],
        licenses=[{"id": 4, "name": "CC BY 4.0", "url": "https://example.org/by"}],
        info={"description": "A small set", "year": 2024},
    )
