"""Axis-aligned boxes with integer pixel edges."""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""Pixel edges x0, y0, x1, y1; a box may extend beyond the image."""
Scalar = TypeVar("Scalar", bound=np.generic)


def bounding_box(mask: NDArray[np.bool_] | NDArray[np.uint8] | NDArray[np.uint16]) -> Box | None:
    """Bounding box of the nonzero pixels; None if there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def boxes_of(ids: NDArray[np.uint8] | NDArray[np.uint16], number: int) -> list[Box | None]:
    """Returns a list with one entry per id from 1 to `number`: the bounding box of its pixels.

    The entry is None if no pixel has this id.
    """
    # Imported here because SciPy is slow to import, and many modules need only the types of this one.
    from scipy.ndimage import find_objects

    x, y, *edges = bounding_box(ids) or (0, 0, 1, 1)
    found = find_objects(ids[y : edges[1], x : edges[0]], max_label=max(number, 1))
    return [
        None if part is None else (part[1].start + x, part[0].start + y, part[1].stop + x, part[0].stop + y)
        for part in found
    ]


def size(box: Box) -> tuple[int, int]:
    """Width and height of a box."""
    return box[2] - box[0], box[3] - box[1]


def slices(box: Box) -> tuple[slice, slice]:
    """Returns the slices of the rows and of the columns that cut a box out of an image (H, W, ...).

    The edges of the box must not be negative.
    """
    return slice(box[1], box[3]), slice(box[0], box[2])


def clip(box: Box, width: int, height: int) -> Box | None:
    """The part of a box inside an image; None if the box lies outside the image."""
    x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box that contains all given boxes."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def overlap(first: Box, second: Box) -> bool:
    """Whether two boxes share a pixel."""
    across = first[0] < second[2] and second[0] < first[2]
    return across and first[1] < second[3] and second[1] < first[3]


def crop(values: NDArray[Scalar], box: Box, part: Box) -> NDArray[Scalar]:
    """View of the values inside `part`.

    Args:
        values: (h, w, ...) values of the pixels in `box`.
        box: Box that the values span.
        part: Box inside `box`.
    """
    return values[part[1] - box[1] : part[3] - box[1], part[0] - box[0] : part[2] - box[0]]


def tight_box(box: Box, mask: NDArray[np.bool_]) -> Box:
    """Bounding box of the nonzero pixels of a mask, in pixel edges of the image.

    Args:
        box: The part of the image that the mask covers.
        mask: The mask; at least one pixel is nonzero.
    """
    found = bounding_box(mask)
    assert found is not None
    x0, y0 = box[:2]
    return x0 + found[0], y0 + found[1], x0 + found[2], y0 + found[3]
