"""COCO panoptic: every pixel belongs to an object, to the background or to void."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, count
from math import ceil, floor
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.datasets.masks import crop
from sim2coco.export.coco import about
from sim2coco.export.cocofile import categories, coco_file
from sim2coco.export.format import Add, Format
from sim2coco.export.names import stem
from sim2coco.png import png
from sim2coco.storage import Store


class Panoptic(Format):
    """COCO panoptic: a PNG of segment ids for each image, and `panoptic/panoptic_<split>.json`.

    The background (floor, walls and everything unlabelled) is a single stuff segment. Unlabelled pixels in
    the box of a visible object without a label are void, because it is unknown which of them show the object.
    Defects are left out, because a pixel belongs to only one segment: the segment of the defect's object.
    """

    kind: Literal["panoptic"] = "panoptic"
    folders: ClassVar[tuple[str, ...]] = ("panoptic",)
    by_stem: ClassVar[bool] = True

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes a JSON file and a folder of PNG files for every split with images."""
        listed = [*({**entry, "isthing": 1} for entry in categories(info)), _background(info)]
        with ExitStack() as stack:
            files = {split: stack.enter_context(coco_file(info)) for split in info.splits}

            def add(labelled: LabelledImage) -> None:
                image = labelled.objects_only()
                target.link(image.file, image.path)
                ids = _segment_ids(image)
                name = f"{stem(image)}.png"
                target.put(f"panoptic/panoptic_{image.split}/{name}", png(_colors(ids)), sync=False)
                file = files[image.split]
                file.add_image(image)
                segments = _segments(image, ids, [category["id"] for category in listed])
                entry = {"image_id": file.images, "file_name": name, "segments_info": segments}
                file.spool("annotations", entry)

            yield add
            for split, file in files.items():
                name = f"panoptic/panoptic_{split}.json"
                if file.images:
                    target.put(name, file.content(about(info, split, "panoptic"), listed))
                else:
                    target.delete(name)


def _background(info: DatasetInfo) -> dict[str, Any]:
    """The background category, with a unique id and name."""
    names = chain(["background"], (f"background {number}" for number in count(2)))
    name = next(name for name in names if name not in info.categories)
    number = max(info.category_ids, default=0) + 1
    return {"id": number, "name": name, "supercategory": "background", "isthing": 0}


def _segment_ids(image: LabelledImage) -> NDArray[np.int32]:
    """The segment id of each pixel, (H, W): 1 to n for n labels, n + 1 for the background, 0 for void.

    Where masks overlap, the smaller mask is on top.

    Raises:
        DataSetError: A label has no mask.
    """
    ids = np.zeros((image.height, image.width), np.int32)
    for number, label in sorted(enumerate(image.labels, 1), key=lambda numbered: -numbered[1].area):
        if label.counts is None:
            raise DataSetError(f"panoptic: {image.path} has a label without a mask, which this format needs")
        found = crop(label.counts, image.height)
        height, width = found.mask.shape
        ids[found.top : found.top + height, found.left : found.left + width][found.mask] = number
    known = np.ones(ids.shape, np.bool_)
    for x, y, width, height in (ignored.bbox for ignored in image.ignored or ()):
        known[max(floor(y), 0) : ceil(y + height), max(floor(x), 0) : ceil(x + width)] = False
    ids[(ids == 0) & known] = len(image.labels) + 1
    return ids


def _segments(image: LabelledImage, ids: NDArray[np.int32], category_ids: list[int]) -> list[dict[str, Any]]:
    """Builds COCO's `segments_info`.

    Args:
        image: The image.
        ids: (H, W), the segment id of each pixel.
        category_ids: COCO's id of each category, followed by the background's id.
    """
    from scipy.ndimage import find_objects  # imported here, because SciPy is slow to import

    background = len(image.labels) + 1
    areas = np.bincount(ids.ravel(), minlength=background + 1).tolist()
    kinds = [(category_ids[label.category], int(label.crowd)) for label in image.labels]
    kinds.append((category_ids[-1], 0))
    segments = []
    for number, (box, (category_id, crowd)) in enumerate(
        zip(find_objects(ids, background), kinds, strict=True), 1
    ):
        if box is not None:
            (y0, y1), (x0, x1) = ((side.start, side.stop) for side in box)
            entry = {"id": number, "category_id": category_id, "iscrowd": crowd, "area": areas[number]}
            segments.append(entry | {"bbox": [x0, y0, x1 - x0, y1 - y0]})
    return segments


def _colors(ids: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Encodes ids as RGB colours (H, W, 3) like COCO: red is the lowest byte."""
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)
