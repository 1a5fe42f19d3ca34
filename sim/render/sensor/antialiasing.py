"""Antialiasing of the edges in an image; masks keep hard edges."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.boxes import Box
from sim.render.raster.visibility import Visibility

Value = TypeVar("Value", np.uint8, np.float32)


def antialiased(
    image: NDArray[Value], visibility: Visibility, creases: tuple[Box, NDArray[np.bool_]] | None
) -> NDArray[Value]:
    """The image (H, W, 3) with the pixels on both sides of each edge smoothed.

    Args:
        image: The image, tone-mapped or linear.
        visibility: The visible body, floor or wall in each pixel.
        creases: A box of the image, and a mask (h, w) of the pixels in that box at which the surface of a
            body has a crease; None if no body is visible.
    """
    edge = _outlines(visibility)
    if creases is not None:
        (x0, y0, x1, y1), inside = creases
        edge[y0:y1, x0:x1] |= inside
    soft = cv2.GaussianBlur(image, (3, 3), 0.75)
    return np.asarray(cv2.copyTo(soft, edge, image), image.dtype)


def _outlines(visibility: Visibility) -> NDArray[np.uint8]:
    """Mask (H, W) of pixels with a neighbour in which another body, wall, floor or background is visible."""
    what = (
        visibility.body
        if visibility.is_floor is None
        else np.where(visibility.is_floor, np.int16(-2), visibility.body)
    )
    if visibility.wall is not None:
        what = np.where(visibility.wall >= 0, -3 - visibility.wall.astype(np.int16), what)
    edge = np.zeros(what.shape, np.uint8)
    across, down = what[:, 1:] != what[:, :-1], what[1:] != what[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge
