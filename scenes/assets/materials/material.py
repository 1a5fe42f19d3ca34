"""The material maps of one tile: colour, slope and gloss."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

MAX_SLOPE = 2.0
"""Slopes of the height map are clipped to this value."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The maps of one square tile of a material; repeated tiles have no visible seams.

    Attributes:
        color: (n, n, 3) sRGB colours.
        slope: (n, n, 2) uint8 slopes of the height map along x (to the right) and y (down). The value v
            encodes the slope (v - 128) / 127 · `max_slope`.
        max_slope: Slope that the value 255 encodes.
        gloss: (n, n) uint8; 255 where the surface has the roughness of the material, 0 where it is matte.
        roughness: 0 is a mirror, 1 is matte.
        metallic: Whether the material is bare metal, which tints reflections with its colour.
    """

    color: Image
    slope: Image
    max_slope: float
    gloss: Image
    roughness: float
    metallic: bool


def material_from(
    color: Floats,
    height_m: Floats,
    tile_m: float,
    roughness: float,
    gloss: Floats | None = None,
    metallic: bool = False,
) -> Material:
    """Creates a material from a height map.

    Args:
        color: (n, n, 3) sRGB, 0..1.
        height_m: (n, n) height map in metres.
        tile_m: Typical side length of the tile in metres, from which the slopes are computed.
        roughness: 0 is a mirror, 1 is matte.
        gloss: (n, n) from 0 (matte) to 1; None is 1 everywhere.
        metallic: Whether the material is bare metal.
    """
    slope, max_slope = _slopes(height_m, tile_m)
    shiny = np.full(height_m.shape, 255, np.uint8) if gloss is None else _to_bytes(gloss)
    return Material(_to_bytes(color), slope, max_slope, shiny, roughness, metallic)


def _slopes(height_m: Floats, tile_m: float) -> tuple[Image, float]:
    """Computes `Material.slope` and `Material.max_slope` of a height map.

    Args:
        height_m: (n, n) heights in metres; the map repeats.
        tile_m: Side length of the map in metres.
    """
    padded = cv2.copyMakeBorder(height_m, 1, 1, 1, 1, cv2.BORDER_WRAP)
    pairs = (padded[1:-1, 2:], padded[1:-1, :-2]), (padded[2:, 1:-1], padded[:-2, 1:-1])
    scale = len(height_m) / (2 * tile_m)
    steepest = scale * max(cv2.norm(after, before, cv2.NORM_INF) for after, before in pairs)
    limit = min(max(steepest, 1e-3), MAX_SLOPE)
    step = 127 * scale / limit
    levels = [cv2.addWeighted(after, step, before, -step, 128.0, dtype=cv2.CV_8U) for after, before in pairs]
    return np.asarray(cv2.merge(levels), np.uint8), limit


def _to_bytes(values: Floats) -> Image:
    """Converts values in 0..1 to uint8, with rounding and clipping."""
    return np.asarray(cv2.addWeighted(values, 255.0, values, 0.0, 0.0, dtype=cv2.CV_8U), np.uint8)
