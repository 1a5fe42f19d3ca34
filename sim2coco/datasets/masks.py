"""Decodes COCO's compressed RLE to arrays cropped to the mask's box, never to the whole image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim2coco.check.masks import run_lengths


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A mask, cropped to its bounding box.

    Attributes:
        mask: (h, w), the cropped mask.
        left: Column of the crop in the image.
        top: Row of the crop in the image.
    """

    mask: NDArray[np.bool_]
    left: int
    top: int


def crop(counts: str, height: int) -> Crop:
    """Decodes a mask and crops it; an empty mask has shape (0, 0).

    Args:
        counts: Compressed RLE, which must be valid for the image.
        height: Image height in pixels.
    """
    edges = np.cumsum(run_lengths(counts))
    ends = edges[1::2]
    starts = edges[::2][: len(ends)]
    if not len(ends) or starts[0] == edges[-1]:
        return Crop(np.zeros((0, 0), np.bool_), 0, 0)
    starts, ends = starts[starts < ends], ends[starts < ends]
    left, right = int(starts[0] // height), int((ends[-1] - 1) // height) + 1
    (columns, rows), last_rows = np.divmod(starts, height), (ends - 1) % height
    crosses = bool((columns != (ends - 1) // height).any())
    top, bottom = (0, height) if crosses else (int(rows.min()), int(last_rows.max()) + 1)
    high = bottom - top
    steps = np.zeros((right - left) * high + 1, np.int8)
    first = (columns - left) * high + rows - top
    steps[first] += 1
    steps[first + (ends - starts)] -= 1
    flat = np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)
    return Crop(flat.reshape(right - left, high).T, left, top)
