"""Ground materials: grass and soil."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.colors import Rgb, blended, picked, ramp, shaded
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import SIZE_PX, blurred, enlarged, fractal, uniforms
from scenes.assets.materials.stamps import SHIFT, discs, wrapped

Floats = NDArray[np.float32]

LAWNS: tuple[Rgb, ...] = ((96, 124, 52), (112, 132, 62), (82, 112, 46), (128, 138, 70), (88, 118, 64))
STRAW: Rgb = (172, 156, 100)
EARTHS: tuple[Rgb, ...] = ((104, 80, 58), (126, 100, 72), (86, 68, 52), (146, 120, 90), (112, 94, 78))
LAYERS = 30
"""Number of layers of blades. Each layer has one tone; upper layers are brighter and hide lower ones."""
BLADES = 130
"""Number of blades per layer."""


def grass(rng: np.random.Generator) -> Material:
    """A lawn: overlapping blades of 2 to 4 cm, some of them dry."""
    lawn, dead = picked(rng, LAWNS, 0.05), picked(rng, (STRAW,))
    turn, moved = int(rng.integers(0, 4)), rng.integers(0, SIZE_PX, 2)
    blades = np.roll(np.rot90(_blades(), turn), moved, axis=(0, 1)).astype(np.float32) * np.float32(1 / 255)
    tone, relief = (np.ascontiguousarray(blades[..., channel]) for channel in (0, 1))
    green = [lawn * (1 + np.float32(0.2) * uniforms(rng, 3)) for _ in range(int(rng.integers(4, 24)))]
    patches = fractal(rng, 2, 6) * np.float32(0.12)
    # Blades shaded by others are darker.
    light = (np.float32(0.3) + np.float32(0.8) * relief) * (1 + patches)
    color = shaded(ramp(tone, [*green, dead]), light)
    return material_from(color, blurred(relief, 0.8) * np.float32(2.5e-3), 0.5, 0.85)


@cache
def _blades() -> NDArray[np.uint8]:
    """Renders the tone and the height (n, n, 2) of the blades that all lawns share."""
    rng = np.random.Generator(np.random.PCG64(0))
    canvas = np.zeros((SIZE_PX, SIZE_PX, 2), np.uint8)
    for layer in range(LAYERS):
        ink = 255.0 * rng.random(), 255.0 * (layer + 1) / LAYERS
        _draw_layer(rng, canvas, ink, 3 if layer < 8 else 2)
    return canvas


def _draw_layer(
    rng: np.random.Generator, canvas: NDArray[np.uint8], ink: tuple[float, float], width_px: int
) -> None:
    """Paints one layer of blades of one tone and height (`ink`) into `canvas` (n, n, 2), in place."""
    places, numbers = rng.random((BLADES, 2)) * SIZE_PX, rng.random((BLADES, 3))
    angle = 2 * np.pi * numbers[:, 1]
    bend = angle + 0.9 * (numbers[:, 0] - 0.5)
    half = 7 + 12 * numbers[:, 2]
    middle = half[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    tip = middle + half[:, None] * np.stack([np.cos(bend), np.sin(bend)], axis=1)
    starts, which = wrapped(places, 42)
    points = np.stack([starts, starts + middle[which], starts + tip[which]], axis=1)
    curves = np.rint(points * (1 << SHIFT)).astype(np.int32)
    cv2.polylines(canvas, list(curves), False, ink, width_px, cv2.LINE_AA, SHIFT)


def soil(rng: np.random.Generator) -> Material:
    """Crumbly earth with small stones."""
    earth = picked(rng, EARTHS, 0.05)
    clods, crumbs = fractal(rng, 8, 6, 0.75), enlarged(uniforms(rng, 128, 128), SIZE_PX, SIZE_PX)
    fines = enlarged(uniforms(rng, 256, 256), SIZE_PX, SIZE_PX)
    stones = discs(rng, int(rng.integers(0, 140)), (1.0, 7.0))
    height = clods + crumbs * np.float32(0.7) + fines * np.float32(0.35)
    weight = np.clip(np.float32(0.5) + height * np.float32(0.36), 0, 1)
    light = np.minimum(earth * np.float32(1.3), 1)
    color = ramp(weight, [earth * np.float32(0.4), earth * np.float32(0.8), earth, light])
    pebble = shaded(
        picked(rng, ((150, 140, 126), (126, 122, 118), (168, 152, 130))), 1 + crumbs * np.float32(0.3)
    )
    color = blended(color, pebble, stones * np.float32(0.85))
    relief = height * np.float32(3.5e-3) + blurred(stones, 1.2) * np.float32(3e-3)
    return material_from(color, relief, 0.5, rng.uniform(0.85, 1.0))
