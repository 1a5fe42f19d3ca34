"""Stickers, the images of decals: coverage, colour, opacity and slope over the decal's rectangle.

A decal's mask and its appearance are derived from the same coverage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.decal import Decal

Floats = NDArray[np.float32]
Array = NDArray[np.float64]

CACHED = 32
"""Number of procedural stickers that are cached for the views of one scene, at most 4 MiB each."""
CACHED_IMAGES = 2
"""Number of images that are cached as stickers, at most 28 MiB each."""
LONGEST_PX = 384
"""Longer side of a procedural sticker in texels."""
SHIFT = 4
"""OpenCV draws polygons with coordinates in steps of 1 / 2^SHIFT texels."""
DENT_DEPTH = 0.12
"""Depth of the deepest dent, and of the deepest groove, as a fraction of the length of its decal."""
GROOVE_DEPTH = 0.012


@dataclass(frozen=True, slots=True, eq=False)
class Sticker:
    """The image of a decal, top row first, with square texels.

    Attributes:
        coverage: (h, w) 0..1; the decal's mask is where the coverage is at least 0.5.
        color: (h, w, 3) sRGB, 0..255.
        opacity: (h, w) 0..1, fraction of the surface colour that a fully covering decal replaces.
        slope: (h, w, 2) slope of the surface along x and y of the decal's frame; zeros for a flat decal.
    """

    coverage: Floats
    color: Floats
    opacity: Floats
    slope: Floats

    def resized(self, width: int, height: int) -> "Sticker":
        """Returns the sticker downsampled to `width` by `height` texels, by averaging."""
        return Sticker(
            *(
                np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), np.float32)
                for plane in (self.coverage, self.color, self.opacity, self.slope)
            )
        )


class Stickers:
    """Creates the stickers of decals. Decals with the same image share one sticker.

    Args:
        pictures: Loads the images of decals.
    """

    def __init__(self, pictures: Pictures) -> None:
        """Starts with empty caches."""
        self._drawn = lru_cache(CACHED)(_drawn)
        self._image = lru_cache(CACHED_IMAGES)(lambda texture: _of_image(pictures.cutout(texture)))

    def __call__(self, decal: Decal) -> Sticker:
        """The sticker of a decal."""
        if decal.picture is not None:
            return self._image(decal.picture)
        return self._drawn(decal)


def _drawn(decal: Decal) -> Sticker:
    width_m, height_m = decal.size_m
    width, height = (max(round(LONGEST_PX * side / decal.length_m), 8) for side in (width_m, height_m))
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(decal.seed)))
    return DRAWN[decal.kind](decal, width, height, rng)


def _of_image(pixels: NDArray[np.uint8]) -> Sticker:
    """The sticker of an image (h, w, 4) with an alpha channel."""
    alpha = pixels[..., 3].astype(np.float32) / np.float32(255)
    flat = np.zeros((*alpha.shape, 2), np.float32)
    return Sticker(alpha, pixels[..., :3].astype(np.float32), np.ones_like(alpha), flat)


def _scratch(decal: Decal, width: int, height: int, rng: np.random.Generator) -> Sticker:
    """A stroke with some finer strokes beside it: bright where the surface is bare, with darker rims."""
    coverage = np.zeros((height, width), np.uint8)
    along = np.linspace(0.0, 1.0, 48)
    bend, tilt = rng.uniform(-0.3, 0.3), rng.uniform(-0.15, 0.15)
    for stroke in range(2 + int(rng.random() * 4)):
        start, end = (0.03, 0.97) if not stroke else np.sort(rng.uniform(0.08, 0.92, 2))
        middle = 0.5 if not stroke else rng.uniform(0.3, 0.7)
        place = start + (end - start) * along
        across = middle + bend * (place - place**2 - 0.125) * 2 + tilt * (place - 0.5)
        across += 0.012 * _wobble(rng, 48)
        taper = np.minimum(np.minimum(along * 9, (1 - along) * 3), 1) ** 0.7
        thick = taper * (0.08 if not stroke else rng.uniform(0.03, 0.05)) * (1 + 0.3 * _wobble(rng, 48))
        points = np.stack([place * width, across * height], axis=1)
        _fill(coverage, _ribbon(points, np.maximum(thick, 0.02) * height))
    rim = np.clip(_depth_inside(coverage) / max(0.04 * height, 1.0), 0, 1)
    streaks = 1 + 0.15 * cv2.resize(_grain(rng, 9, 96), (width, height), interpolation=cv2.INTER_LINEAR)
    tone = (0.45 + 0.55 * rim) * streaks
    return _marked(decal, coverage, tone, np.ones_like(tone), -GROOVE_DEPTH * decal.strength * rim)


def _crack(decal: Decal, width: int, height: int, rng: np.random.Generator) -> Sticker:
    """A jagged line that gets thinner towards its ends, with branches."""
    coverage = np.zeros((height, width), np.uint8)
    trunk = _jagged(rng, np.array([0.03, 0.5]), np.array([0.97, 0.5]), 0.16, 40) * (width, height)
    thick = (
        0.017 * width * (0.45 + np.minimum(np.linspace(0, 5, 40), np.linspace(5, 0, 40)).clip(0, 1) * 0.55)
    )
    _fill(coverage, _ribbon(trunk, thick * (1 + 0.3 * _wobble(rng, 40))))
    for _ in range(2 + int(rng.random() * 4)):
        start = trunk[int(rng.integers(5, 35))] / (width, height)
        side = np.array([rng.uniform(0.08, 0.25), rng.uniform(0.25, 0.5) * rng.choice([-1.0, 1.0])])
        branch = _jagged(rng, start, np.clip(start + side, 0.04, 0.96), 0.1, 20) * (width, height)
        _fill(coverage, _ribbon(branch, np.linspace(0.012, 0.006, 20) * width))
    inner = np.clip(_depth_inside(coverage) / max(0.008 * width, 1.0), 0, 1)
    return _marked(
        decal, coverage, np.ones_like(inner), np.ones_like(inner), -GROOVE_DEPTH * decal.strength * inner
    )


def _stain(decal: Decal, width: int, height: int, rng: np.random.Generator) -> Sticker:
    """A blot with a darker rim, uneven inside, and some drops around it."""
    coverage = np.zeros((height, width), np.uint8)
    half, smallest = np.array([width, height]) / 2, min(width, height)
    _fill(coverage, half + _around(_blob(rng, 0.1)) * half * 0.84)
    for _ in range(int(rng.random() * 6)):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.82, 0.92)
        center = half * (1 + reach * np.array([np.cos(angle), np.sin(angle)]))
        _fill(coverage, center + _around(_blob(rng, 0.1)) * rng.uniform(0.02, 0.06) * smallest)
    rim = np.exp(-_depth_inside(coverage) / (0.03 * smallest))
    uneven = np.zeros((height, width), np.float32)
    for cells in (3, 7, 15):
        uneven += (
            cv2.resize(_grain(rng, cells, cells), (width, height), interpolation=cv2.INTER_CUBIC) / cells
        )
    opacity = np.clip(0.6 + 0.35 * uneven + 0.5 * rim, 0.35, 1)
    return _marked(decal, coverage, 1 - 0.35 * rim, opacity, np.zeros_like(rim))


def _dent(decal: Decal, width: int, height: int, rng: np.random.Generator) -> Sticker:
    """A shallow bowl with a crisp rim, visible by its slope and by a slight darkening."""
    coverage, radius = np.zeros((height, width), np.uint8), 0.94 * _blob(rng, 0.025)
    _fill(coverage, np.array([width, height]) / 2 * (1 + _around(radius)))
    x, y = np.meshgrid(2 * (np.arange(width) + 0.5) / width - 1, 2 * (np.arange(height) + 0.5) / height - 1)
    at = np.interp(
        np.arctan2(y, x), np.linspace(0, 2 * np.pi, len(radius) + 1)[:-1], radius, period=2 * np.pi
    )
    inward = np.clip(1 - (np.hypot(x, y) / at) ** 2, 0, 1)
    bowl = np.asarray(cv2.GaussianBlur(inward**0.9, (0, 0), 0.02 * min(width, height)), np.float64)
    return _marked(decal, coverage, np.zeros_like(bowl), 0.12 * inward, -DENT_DEPTH * decal.strength * bowl)


DRAWN: Mapping[str, Callable[[Decal, int, int, np.random.Generator], Sticker]] = {
    "scratch": _scratch,
    "crack": _crack,
    "stain": _stain,
    "dent": _dent,
}


def _marked(decal: Decal, filled: NDArray[np.uint8], tone: Array, opacity: Array, relief: Array) -> Sticker:
    """Builds the sticker of a scratch, dent, stain or crack.

    Args:
        decal: The decal, which gives the colour and the strength.
        filled: (h, w) coverage, 0..255.
        tone: (h, w) factor on the colour of the decal.
        opacity: (h, w) opacity, 0..1; for all decals but dents, it is multiplied by `decal.strength`.
        relief: (h, w) height above the surface, as a fraction of the longer side of the decal.
    """
    color = np.clip(255 * np.array(decal.color_rgb) * tone[..., None], 0, 255)
    texels = max(filled.shape)
    down, right = np.gradient(cv2.GaussianBlur(relief.astype(np.float32), (0, 0), 1.0) * texels)
    opaque = opacity if decal.kind == "dent" else opacity * decal.strength
    planes = (filled / 255.0, color, opaque, np.stack([right, -down], axis=-1))
    return Sticker(*(np.ascontiguousarray(plane, np.float32) for plane in planes))


def _fill(coverage: NDArray[np.uint8], points: Array) -> None:
    """Draws a filled polygon with antialiased edges into `coverage`, in place.

    Args:
        coverage: (h, w) coverage, 0..255.
        points: (n, 2) vertices in texels; the edges of texels have integer coordinates.
    """
    fixed = np.rint((points - 0.5) * (1 << SHIFT)).astype(np.int32)
    cv2.fillPoly(coverage, [fixed], (255.0,), cv2.LINE_AA, SHIFT)


def _ribbon(points: Array, half_widths: Array) -> Array:
    """Returns the outline of a line whose width varies.

    Args:
        points: (n, 2) points of the line, in texels.
        half_widths: (n,) half width of the line at each point, in texels.

    Returns:
        (2 n, 2) vertices of the outline.
    """
    ahead = np.gradient(points, axis=0)
    aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.linalg.norm(ahead, axis=1, keepdims=True)
    step = aside * np.maximum(half_widths, 0.5)[:, None]
    return np.concatenate([points + step, (points - step)[::-1]])


def _jagged(rng: np.random.Generator, start: Array, end: Array, spread: float, number: int) -> Array:
    """A jagged line (number, 2) between two points, as in a crack."""
    along = np.linspace(0, 1, number)
    walk = np.cumsum(rng.standard_normal(number))
    bridge = walk - walk[0] - along * (walk[-1] - walk[0])
    largest = max(float(np.abs(bridge).max()), 1e-9)
    points = start + along[:, None] * (end - start)
    points[:, 1] += spread * bridge / largest
    points[:, 0] += 0.25 / number * rng.standard_normal(number) * np.minimum(along, 1 - along)
    return np.clip(points, 0.02, 0.98)


def _blob(rng: np.random.Generator, unevenness: float) -> Array:
    """Radii (n,) of an uneven closed curve at evenly spaced angles, with a maximum of 1."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    radius: Array = np.ones_like(angle)
    for waves in range(2, 8):
        radius += unevenness * 2 / waves * rng.standard_normal() * np.cos(waves * angle + rng.uniform(0, 6.3))
    return np.asarray(np.clip(radius / radius.max(), 0.4, 1.0))


def _around(radius: Array) -> Array:
    """Points (n, 2) of a closed curve about the origin, from its radii (n,) at evenly spaced angles."""
    angle = np.linspace(0, 2 * np.pi, len(radius), endpoint=False)
    return np.asarray(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _wobble(rng: np.random.Generator, number: int) -> Array:
    """Smooth random values (number,) of about unit amplitude."""
    coarse = rng.standard_normal((1, 9)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (number, 1), interpolation=cv2.INTER_CUBIC)[0], np.float64)


def _grain(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return rng.standard_normal((rows, columns)).astype(np.float32)


def _depth_inside(coverage: NDArray[np.uint8]) -> Array:
    """Distance (h, w) in texels of each covered texel from the outline."""
    padded = np.pad(np.where(coverage >= 128, np.uint8(1), np.uint8(0)), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float64)
