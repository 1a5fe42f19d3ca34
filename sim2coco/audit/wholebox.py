"""Compares the box of a whole body in a label with the ray-cast box; both may exceed the image."""

import numpy as np

from sim2coco.audit.comparing import MAX_PROBED, Probe
from sim2coco.audit.geometry import Array, Box, pixel_centres

MAX_PX = 1
"""Largest distance in pixels between corresponding sides of two boxes."""
STEP_PX = 1 / 256
"""Distance between the points at which thin parts are searched."""


def worst_side(told: Box, found: Box, on_body: Probe) -> int:
    """Returns the largest distance in px between corresponding sides of two boxes.

    A side is left out if the part of the body between both boxes is thinner than a pixel, because it depends
    on rounding whether a pixel centre hits such a part.

    Args:
        told: The label's box.
        found: The box from rays through pixel centres.
        on_body: Returns whether the body is at given image points.
    """
    off = [abs(one - other) for one, other in zip(told, found, strict=True)]
    left = [px for side, px in enumerate(off) if px <= MAX_PX or not _is_thin(told, found, side, on_body)]
    return max(left, default=0)


def _is_thin(told: Box, found: Box, side: int, on_body: Probe) -> bool:
    """Whether the part of the body between corresponding sides of two boxes is thinner than a pixel.

    Args:
        told: The label's box.
        found: The ray-cast box.
        side: Index of the side in both boxes.
        on_body: Returns whether the body is at given image points.
    """
    outward = -1 if side < 2 else 1
    if (told[side] - found[side]) * outward > 0:
        line = _strip(told, found, side, told[side] - outward, told[side])
        return bool(on_body(_close_points(line, side % 2)).any())
    beyond = _strip(told, found, side, told[side] + outward, found[side])
    centres = pixel_centres(beyond).reshape(-1, 2)
    centres = centres[on_body(centres)]
    beside = np.zeros((1, 9, 2))
    beside[..., 1 - side % 2] = np.linspace(-1.0, 1.0, 9)
    near = on_body((centres[:, None] + beside).reshape(-1, 2)).reshape(-1, 9)
    return len(centres) <= MAX_PROBED and not near.all(axis=1).any()


def _strip(told: Box, found: Box, side: int, start: int, stop: int) -> Box:
    """Returns a strip across two boxes.

    It lies between `start` and `stop` on the axis to which `side` belongs: x for sides 0 and 2, y for 1 and
    3. Along the other axis, it spans both boxes.
    """
    low, high = np.minimum(told, found), np.maximum(told, found)
    box = [*low[:2].tolist(), *high[2:].tolist()]
    box[side % 2], box[side % 2 + 2] = min(start, stop), max(start, stop)
    return box[0], box[1], box[2], box[3]


def _close_points(line: Box, axis: int) -> Array:
    """Returns densely spaced points (n, 2) in a row or column of pixels.

    The points lie on five lines, at most one pixel from the pixel centres. On each line, they are `STEP_PX`
    apart.

    Args:
        line: The row or column of pixels.
        axis: The coordinate that is the same for all pixel centres of the line.
    """
    across = line[axis] + np.linspace(-0.5, 1.5, 5)
    along = np.arange(line[1 - axis] - 0.5, line[3 - axis] + 0.5, STEP_PX)
    points = np.stack(np.meshgrid(across, along), axis=-1).reshape(-1, 2)
    return np.asarray(points if axis == 0 else points[:, ::-1])
