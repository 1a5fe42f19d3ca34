"""Masks of labels as small arrays, also of labels that have only a box."""

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.labelled import Label, LabelledImage
from sim2coco.datasets.masks import crop


def cropped_mask(image: LabelledImage, label: Label) -> tuple[NDArray[np.int64], NDArray[np.uint8]] | None:
    """Returns a part of the image that contains the mask of a label.

    The mask of a label that has only a box are the pixels that the box touches.

    Returns:
        Position x, y of the part in the image, and the mask (h, w), zeros and ones; None for an empty mask.
    """
    if label.counts is not None:
        found = crop(label.counts, image.height)
        mask = np.ascontiguousarray(found.mask, np.uint8)
        return (np.array([found.left, found.top]), mask) if mask.size else None
    x, y, width, height = label.bbox
    low, high = np.clip([(x, y), (x + width, y + height)], 0, (image.width, image.height))
    low, high = np.floor(low).astype(np.int64), np.ceil(high).astype(np.int64)
    return None if (high <= low).any() else (low, np.ones((high - low)[::-1], np.uint8))
