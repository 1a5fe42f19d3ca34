"""Masks of labels as arrays, cropped to their boxes."""

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.datasets.labelled import Label, LabelledImage


def cropped_mask(image: LabelledImage, label: Label) -> tuple[NDArray[np.int64], NDArray[np.uint8]] | None:
    """Returns the mask of a label, cropped to its box.

    A label without a mask gets the pixels that its box touches.

    Returns:
        Position x, y of the crop in the image, and the mask (h, w), zeros and ones; None for an empty mask.
    """
    if label.counts is None:
        x, y, width, height = label.bbox
        low = np.floor(np.clip([x, y], 0, [image.width, image.height])).astype(np.int64)
        high = np.ceil(np.clip([x + width, y + height], 0, [image.width, image.height])).astype(np.int64)
        return None if (high <= low).any() else (low, np.ones((high - low)[::-1], np.uint8))
    size, counts = [image.height, image.width], label.counts
    x0, y0, width, height = (int(side) for side in coco_mask.toBbox({"size": size, "counts": counts}))
    if not width:
        return None
    mask = coco_mask.decode({"size": size, "counts": counts})
    return np.array([x0, y0]), mask[y0 : y0 + height, x0 : x0 + width]
