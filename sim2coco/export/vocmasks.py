"""Masks of Pascal VOC: images of classes and of objects, as PNG files with VOC's colours."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.cropped import cropped_mask

MOST = 254
"""Highest number in an image of masks; 255 is for pixels that are left out of an evaluation."""


def voc_masks(info: DatasetInfo, image: LabelledImage) -> dict[str, bytes] | None:
    """Returns the PNG files of an image by their folders; pixels are category + 1, or label + 1, or 0.

    Returns:
        The files; None if they cannot show the labels: one has no mask, two overlap, or they are too many.
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
    """The content of `labelmap.txt`, from which Datumaro and CVAT take the categories and their colours."""
    rows = zip(("background", *info.categories), colours().tolist(), strict=False)
    lines = [f"{name}:{','.join(map(str, colour))}::\n" for name, colour in rows]
    return ("# label:color_rgb:parts:actions\n" + "".join(lines)).encode("utf-8", "replace")


def colours() -> NDArray[np.uint8]:
    """VOC's colours (256, 3), red, green, blue: the bits of a number, spread over the highest bits."""
    number, bit = np.arange(256)[:, None, None], np.arange(8)
    bits = number >> (3 * bit + np.arange(3)[:, None]) & 1
    return np.asarray((bits << 7 - bit).sum(axis=2), np.uint8)


def _png(numbers: NDArray[np.uint8]) -> bytes:
    picture, content = Image.fromarray(numbers), BytesIO()
    picture.putpalette(colours().tobytes())
    picture.save(content, "PNG")
    return content.getvalue()
