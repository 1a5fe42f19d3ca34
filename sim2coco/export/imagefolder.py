"""Hugging Face's `imagefolder`: one folder of images per split, with labels in `metadata.jsonl`."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.format import Add, Format
from sim2coco.export.objects import compact, labelled_object
from sim2coco.export.spool import open_spool
from sim2coco.storage import Store

FOLDER = "imagefolder"
COLUMNS = ("category", "category_id", "bbox", "area", "iscrowd", "segmentation")

log = logging.getLogger("sim2coco")


class ImageFolder(Format):
    """Hugging Face's imagefolder: `imagefolder/<split>/metadata.jsonl` beside the images of each split."""

    kind: Literal["imagefolder"] = "imagefolder"
    folders: ClassVar[tuple[str, ...]] = (FOLDER,)

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Links the images into `imagefolder/`, and writes the metadata after the last image.

        A split without objects gets no metadata, because its column types would be unknown and Hugging Face
        refuses such a data set.
        """
        images, objects = Counter[str](), Counter[str]()
        with open_spool() as spool:

            def add(image: LabelledImage) -> None:
                target.link(image.file, f"{FOLDER}/{image.split}/{image.name}")
                images[image.split] += 1
                row = _row(info, image, images[image.split], objects[image.split])
                objects[image.split] += len(image.labels)
                spool.add(image.split, compact(row) + b"\n")

            yield add
            for split in images:
                name = f"{FOLDER}/{split}/metadata.jsonl"
                if objects[split]:
                    target.put(name, (row for other, row in spool if other == split))
                else:
                    target.delete(name)
                    log.warning("imagefolder: split %r has no objects, so it gets no metadata.jsonl", split)


def _row(info: DatasetInfo, image: LabelledImage, image_id: int, before: int) -> dict[str, Any]:
    """Returns a line of `metadata.jsonl` as a dict; ids count from 1 in each split, as in the COCO file.

    All values of a column have the same type: areas are floats, and a label without a mask gets an empty RLE.

    Args:
        info: Metadata of the data set.
        image: The image.
        image_id: The id of the image.
        before: Number of labels in earlier images of the split.
    """
    objects = [labelled_object(info, image, label) for label in image.labels]
    for entry in objects:
        entry["area"] = float(entry["area"])
        entry["segmentation"] = entry["segmentation"] or {"size": [image.height, image.width], "counts": ""}
    columns: dict[str, list[Any]] = {"id": list(range(before + 1, before + 1 + len(objects)))}
    columns |= {name: [entry[name] for entry in objects] for name in COLUMNS}
    about = {"file_name": image.name, "image_id": image_id, "width": image.width, "height": image.height}
    return about | {"objects": columns}
