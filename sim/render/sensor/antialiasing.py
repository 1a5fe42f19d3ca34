"""Antialiasing of the edges in a picture; masks keep hard edges."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.boxes import Box
from sim.render.raster.visibility import Visibility

Image = NDArray[np.uint8]


def antialiased(image: Image, seen: Visibility, creases: tuple[Box, NDArray[np.bool_]] | None) -> Image:
    """The picture (H, W, 3) with the pixels on both sides of each edge smoothed.

    Args:
        image: The picture.
        seen: What each pixel shows.
        creases: A box of the picture, and the creases of bodies in it (h, w); None without bodies.
    """
    edge = _outlines(seen)
    if creases is not None:
        (x0, y0, x1, y1), inside = creases
        edge[y0:y1, x0:x1] |= inside
    soft = cv2.GaussianBlur(image, (3, 3), 0.75)
    return np.asarray(cv2.copyTo(soft, edge, image), np.uint8)


def _outlines(seen: Visibility) -> NDArray[np.uint8]:
    """The pixels (H, W) beside which another body, wall, floor or background is seen."""
    what = seen.body if seen.is_floor is None else np.where(seen.is_floor, np.int16(-2), seen.body)
    if seen.wall is not None:
        what = np.where(seen.wall >= 0, -3 - seen.wall.astype(np.int16), what)
    edge = np.zeros(what.shape, np.uint8)
    across, down = what[:, 1:] != what[:, :-1], what[1:] != what[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge
