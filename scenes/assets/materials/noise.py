"""Periodic noise, the basis of all materials."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIZE_PX = 512
"""Side length of a material tile in pixels."""
PAD = 2
"""Number of cells repeated around a grid, so that the interpolation is periodic."""


def uniforms(rng: np.random.Generator, *shape: int) -> Floats:
    """Random numbers in [-0.5, 0.5)."""
    return rng.random(shape, np.float32) - np.float32(0.5)


def noise(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """Smooth noise with mean 0, (SIZE_PX, SIZE_PX): random numbers on a periodic grid, interpolated.

    Args:
        rng: Generator of the numbers.
        rows: Cells along y, a divisor of `SIZE_PX`.
        columns: Cells along x, a divisor of `SIZE_PX`.
    """
    return enlarged(uniforms(rng, rows, columns), SIZE_PX, SIZE_PX)


def enlarged(grid: Floats, height: int, width: int) -> Floats:
    """Interpolates a periodic grid (k, m) to (height, width), which are multiples of k and m."""
    wide = grid if grid.shape[1] == width else _stretched(grid.T, width).T
    return np.ascontiguousarray(wide if len(wide) == height else _stretched(wide, height))


def _stretched(grid: Floats, height: int) -> Floats:
    """Interpolates a periodic grid (k, m) along its first axis to (height, m)."""
    rows, columns = grid.shape
    factor = height // rows
    padded = np.concatenate(
        [grid.take(range(-PAD, 0), axis=0, mode="wrap"), grid, grid.take(range(PAD), axis=0, mode="wrap")]
    )
    size = columns, (rows + 2 * PAD) * factor
    tall = cv2.resize(padded, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(tall[PAD * factor : PAD * factor + height], np.float32)


def fractal(rng: np.random.Generator, cells: int, octaves: int, gain: float = 0.5) -> Floats:
    """Fractal noise with mean 0 and a range of about ±1, (SIZE_PX, SIZE_PX).

    Args:
        rng: Generator of the numbers.
        cells: Cells per side in the coarsest octave, a power of two.
        octaves: Number of octaves; each has twice the cells of the previous one.
        gain: Weight of an octave relative to the previous one.
    """
    side, weight, total = cells, 1.0, uniforms(rng, cells, cells)
    for _ in range(octaves - 1):
        side, weight = 2 * side, weight * gain
        total = enlarged(total, side, side) + uniforms(rng, side, side) * np.float32(weight)
    return enlarged(total, SIZE_PX, SIZE_PX)


def blurred(values: Floats, sigma_px: float) -> Floats:
    """Applies a periodic Gaussian blur to values (SIZE_PX, SIZE_PX)."""
    pad = int(np.ceil(3 * sigma_px))
    padded = cv2.copyMakeBorder(values, pad, pad, pad, pad, cv2.BORDER_WRAP)
    return np.ascontiguousarray(cv2.GaussianBlur(padded, (0, 0), sigma_px)[pad:-pad, pad:-pad])


def centres() -> tuple[Floats, Floats]:
    """Coordinates x (1, SIZE_PX) and y (SIZE_PX, 1) of the pixel centres, as fractions of the tile."""
    along = (np.arange(SIZE_PX, dtype=np.float32) + np.float32(0.5)) / np.float32(SIZE_PX)
    return along[None, :], along[:, None]
