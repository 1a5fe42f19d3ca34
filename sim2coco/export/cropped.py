"""Label masks as cropped arrays, including labels that have only a box."""

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.labelled import Label, LabelledImage
from sim2coco.datasets.masks import crop


def cropped_mask(image: LabelledImage, label: Label) -> tuple[NDArray[np.int64], NDArray[np.uint8]] | None:
    """Returns the mask of a label, cropped to the label.

    If the label has only a box, its mask consists of all pixels that the box touches.

    Returns:
        x and y of the crop in the image, and the cropped mask (h, w) of zeros and ones. None if the mask is
        empty.
    """
    if label.counts is not None:
        found = crop(label.counts, image.height)
        mask = np.ascontiguousarray(found.mask, np.uint8)
        return (np.array([found.left, found.top]), mask) if mask.size else None
    x, y, width, height = label.bbox
    low, high = np.clip([(x, y), (x + width, y + height)], 0, (image.width, image.height))
    low, high = np.floor(low).astype(np.int64), np.ceil(high).astype(np.int64)
    return None if (high <= low).any() else (low, np.ones((high - low)[::-1], np.uint8))
