"""Procedural textures that tile seamlessly in both directions.

Each texture is a function of a random generator and a size. Patterns are periodic functions of the pixel
centres in [0, 1).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2))
"""Wave vectors: numbers of periods along x and y, which must be integers for a wave to tile."""


def texture(kind: str, rng: np.random.Generator, size_px: int = 256) -> Image:
    """Generates a tileable texture, (size_px, size_px, 3) RGB.

    Args:
        kind: One of `TEXTURES`.
        rng: Generator of colours and pattern.
        size_px: Side length in pixels, at least 1.

    Raises:
        ValueError: The kind is unknown, or the size is not positive.
    """
    if kind not in TEXTURES:
        raise ValueError(f"unknown texture kind {kind!r}; allowed: {', '.join(TEXTURES)}")
    if size_px < 1:
        raise ValueError(f"a texture's size_px must be at least 1, not {size_px}")
    return TEXTURES[kind](rng, size_px)


def plain(rng: np.random.Generator, size_px: int) -> Image:
    """A single random colour."""
    return np.full((size_px, size_px, 3), np.rint(255 * rng.random(3)).astype(np.uint8))


def noise(rng: np.random.Generator, size_px: int) -> Image:
    """Clouds of two colours."""
    return _two_tone(rng, _normalized(_fractal_noise(rng, size_px, cells=int(rng.integers(3, 9)))))


def checker(rng: np.random.Generator, size_px: int) -> Image:
    """A checkerboard with 2 to 16 squares per side."""
    fields = 2 * int(rng.integers(1, 9))
    x, y = _grid(size_px)
    return _two_tone(rng, (_floor(x * fields) + _floor(y * fields)) % 2)


def stripes(rng: np.random.Generator, size_px: int) -> Image:
    """Straight stripes in two colours; each colour fills 30 to 70 % of the period."""
    phase = _wave_phase(rng, size_px, count=int(rng.integers(2, 9)))
    return _two_tone(rng, phase % 1.0 < rng.uniform(0.3, 0.7))


def gradient(rng: np.random.Generator, size_px: int) -> Image:
    """One period of a cosine from one colour to another and back."""
    return _two_tone(rng, _cosine(_wave_phase(rng, size_px)))


def speckle(rng: np.random.Generator, size_px: int) -> Image:
    """Small specks that cover 10 to 30 % of a uniform background."""
    grains = _value_noise(rng, size_px, (int(rng.integers(32, 65)),) * 2)
    return _two_tone(rng, grains > np.quantile(grains, rng.uniform(0.7, 0.9)))


def bricks(rng: np.random.Generator, size_px: int) -> Image:
    """Bricks in running bond, each with a random shade."""
    rows, columns = 2 * int(rng.integers(2, 7)), int(rng.integers(2, 7))
    joint = rng.uniform(0.06, 0.16)
    x, y = _grid(size_px)
    row = _floor(y * rows)
    along = x * columns + row % 2 / 2
    is_joint = (y * rows % 1 < joint) | (along % 1 < joint * columns / rows)
    shade = rng.uniform(0.7, 1.0, (rows, columns))[row, _floor(along) % columns]
    return _two_tone(rng, np.where(is_joint, 0.0, shade))


def wood(rng: np.random.Generator, size_px: int) -> Image:
    """Wavy rings and fine fibres, with the grain along x or y."""
    rings, along = int(rng.integers(3, 9)), int(rng.integers(1, 3))
    x, _ = _grid(size_px)
    bend = _value_noise(rng, size_px, (along, 3)) + 0.3 * _value_noise(rng, size_px, (4 * along, 12))
    fibres = _value_noise(rng, size_px, (4 * along, 96))
    grain = 0.7 * _cosine(x * rings + rng.uniform(1.0, 2.0) * bend) + 0.3 * fibres
    return _two_tone(rng, _normalized(grain if rng.random() < 0.5 else grain.T))


def marble(rng: np.random.Generator, size_px: int) -> Image:
    """Thin veins, distorted by noise."""
    phase = _wave_phase(rng, size_px, count=int(rng.integers(1, 4)))
    bent = phase + rng.uniform(1.0, 2.5) * _fractal_noise(rng, size_px, cells=3)
    veins = 1 - np.abs(2 * (bent % 1.0) - 1)
    return _two_tone(rng, _normalized(veins ** rng.uniform(2.0, 5.0)))


def dots(rng: np.random.Generator, size_px: int) -> Image:
    """Round dots of one size in rows; in half of the textures, every other row is shifted by half a step."""
    across, shift = 2 * int(rng.integers(1, 7)), 0.5 * int(rng.integers(0, 2))
    radius = rng.uniform(0.2, 0.4)
    x, y = _grid(size_px)
    row = _floor(y * across)
    to_middle = np.hypot((x * across + shift * (row % 2)) % 1 - 0.5, y * across % 1 - 0.5)
    return _two_tone(rng, to_middle < radius)


TEXTURES: Mapping[str, Callable[[np.random.Generator, int], Image]] = MappingProxyType(
    {
        draw.__name__: draw
        for draw in (plain, noise, checker, stripes, gradient, speckle, bricks, wood, marble, dots)
    }
)
"""Maps each texture kind to its function of a generator and a size in pixels."""


def _grid(size_px: int) -> tuple[Floats, Floats]:
    """X (1, size) and y (size, 1) of the pixel centres, as fractions of the size."""
    centres = (np.arange(size_px) + 0.5) / size_px
    return centres[None, :], centres[:, None]


def _floor(values: Floats) -> NDArray[np.int64]:
    return np.floor(values).astype(np.int64)


def _wave_phase(rng: np.random.Generator, size_px: int, count: int = 1) -> Floats:
    """Phase in periods, (size, size), of a tileable plane wave in a random direction."""
    along_x, along_y = DIRECTIONS[int(rng.integers(len(DIRECTIONS)))]
    x, y = _grid(size_px)
    return np.asarray(count * (along_x * x + along_y * y) + rng.random(), np.float64)


def _cosine(phase: Floats) -> Floats:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * phase), np.float64)


def _value_noise(rng: np.random.Generator, size_px: int, cells_yx: tuple[int, int]) -> Floats:
    """Value noise in [0, 1], (size, size): random values on a periodic grid, smoothly interpolated."""
    grid = rng.random(cells_yx)
    return _interpolated(_interpolated(grid, size_px).T, size_px).T


def _interpolated(rows: Floats, size_px: int) -> Floats:
    """Interpolates periodic rows (n, k) to (size, k) with smoothstep."""
    at = (np.arange(size_px) + 0.5) * len(rows) / size_px
    before = _floor(at)
    share = (at - before)[:, None]
    share = share * share * (3 - 2 * share)
    return np.asarray((1 - share) * rows[before] + share * rows[(before + 1) % len(rows)], np.float64)


def _fractal_noise(rng: np.random.Generator, size_px: int, cells: int, octaves: int = 5) -> Floats:
    """Fractal noise in [0, 1]: from each octave to the next, cell size and weight are halved."""
    layers = [_value_noise(rng, size_px, (cells << k, cells << k)) / 2 ** (k + 1) for k in range(octaves)]
    return np.asarray(sum(layers) / (1 - 0.5**octaves), np.float64)


def _normalized(values: Floats) -> Floats:
    """Rescales values to the range [0, 1]."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low if high > low else 1.0)


def _two_tone(rng: np.random.Generator, weight: Floats | NDArray[np.int64] | NDArray[np.bool_]) -> Image:
    """Blends two random colours, which differ by at least 0.3 in each channel, with a weight in 0..1."""
    first = rng.random(3)
    second = (first + rng.uniform(0.3, 0.7, 3)) % 1.0
    mixed = np.rint(np.linspace(255 * first, 255 * second, 256)).astype(np.uint8)
    return mixed[np.rint(255 * np.asarray(weight, np.float64)).astype(np.intp)]
