"""Many small shapes at random positions, wrapped around the tile borders."""

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.noise import SIZE_PX

Floats = NDArray[np.float32]
Places = NDArray[np.float64]

SHIFT = 4
"""Fractional bits of pixel coordinates in OpenCV's drawing functions (`shift`)."""


def wrapped(places: Places, reach_px: float) -> tuple[Places, NDArray[np.intp]]:
    """Positions (m, 2) of shapes and their wrapped copies, and the shape index (m,) of each position.

    Each copy follows its original, so that shapes overlap in the same order at opposite borders.

    Args:
        places: (n, 2) x and y in pixels, within the tile.
        reach_px: Largest extent of a shape from its position.
    """
    steps = np.array(list(product((0, -SIZE_PX, SIZE_PX), repeat=2)), np.float64)
    copies = (places[:, None] + steps).reshape(-1, 2)
    near = np.flatnonzero(((copies > -reach_px) & (copies < SIZE_PX + reach_px)).all(axis=1))
    return copies[near], near // len(steps)


def discs(rng: np.random.Generator, count: int, radius_px: tuple[float, float]) -> Floats:
    """Paints small filled discs into a square array: 1 inside the discs, 0 outside.

    Args:
        rng: Random number generator for positions and radii.
        count: Number of discs.
        radius_px: Smallest and largest radius in pixels; small radii are more frequent.
    """
    canvas = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    low, high = radius_px
    drawn = rng.random((count, 3))
    places, which = wrapped(drawn[:, :2] * SIZE_PX, high + 1)
    radii = low + (high - low) * drawn[which, 2] ** 3
    numbers = np.rint(np.column_stack([places, radii]) * (1 << SHIFT)).astype(int)
    for x, y, radius in numbers.tolist():
        cv2.circle(canvas, (x, y), radius, 255, -1, cv2.LINE_AA, SHIFT)
    return canvas.astype(np.float32) * np.float32(1 / 255)
