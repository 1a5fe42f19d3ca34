"""Pascal VOC masks: PNG images of class ids and of object ids, with VOC's colour palette."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.cropped import cropped_mask

MOST = 254
"""Highest id in a mask image; 255 is the ignore index."""


def voc_masks(info: DatasetInfo, image: LabelledImage) -> dict[str, bytes] | None:
    """Encodes the masks of an image as two PNG files: an image of classes and an image of objects.

    In the image of classes, a pixel is the category index of its label, plus 1. In the image of objects, it
    is the index of its label, plus 1. The background is 0.

    Returns:
        A dict from VOC's folder name to the PNG file. None if a label has no mask, masks overlap, or there
        are too many labels or categories.
    """
    if max(len(image.labels), len(info.categories)) > MOST:
        return None
    classes = np.zeros((image.height, image.width), np.uint8)
    objects = classes.copy()
    for number, label in enumerate(image.labels, 1):
        found = cropped_mask(image, label) if label.counts is not None else None
        if found is None:
            return None
        (x, y), mask = found
        place = np.s_[y : y + mask.shape[0], x : x + mask.shape[1]]
        if objects[place][mask > 0].any():
            return None
        classes[place][mask > 0], objects[place][mask > 0] = label.category + 1, number
    return {"SegmentationClass": _png(classes), "SegmentationObject": _png(objects)}


def label_map(info: DatasetInfo) -> bytes:
    """Returns the content of `labelmap.txt`, the file of categories and colours for Datumaro and CVAT."""
    rows = zip(("background", *info.categories), colours().tolist(), strict=False)
    lines = [f"{name}:{','.join(map(str, colour))}::\n" for name, colour in rows]
    return ("# label:color_rgb:parts:actions\n" + "".join(lines)).encode("utf-8", "replace")


def colours() -> NDArray[np.uint8]:
    """Returns VOC's palette: the RGB colour of each id, (256, 3)."""
    # Bits 0, 3 and 6 of the id are the highest bits of R; bits 1, 4 and 7 of G; bits 2 and 5 of B.
    number, bit = np.arange(256)[:, None, None], np.arange(8)
    bits = number >> (3 * bit + np.arange(3)[:, None]) & 1
    return np.asarray((bits << 7 - bit).sum(axis=2), np.uint8)


def _png(numbers: NDArray[np.uint8]) -> bytes:
    picture, content = Image.fromarray(numbers), BytesIO()
    picture.putpalette(colours().tobytes())
    picture.save(content, "PNG")
    return content.getvalue()
