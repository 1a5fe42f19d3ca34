"""Masonry materials: ceramic tiles and bricks."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.colors import Rgb, blended, picked, ramp, shaded
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import SIZE_PX, centres, enlarged, fractal, noise, uniforms

Floats = NDArray[np.float32]

GLAZES: tuple[Rgb, ...] = (
    (232, 230, 224),  # white
    (206, 198, 184),  # beige
    (168, 166, 162),  # grey
    (120, 120, 122),  # dark grey
    (72, 74, 78),  # slate
    (176, 104, 74),  # terracotta
    (196, 178, 150),  # sand
    (122, 146, 158),  # blue grey
    (132, 150, 128),  # sage
)
GROUTS: tuple[Rgb, ...] = ((196, 192, 184), (150, 147, 142), (104, 102, 100), (222, 220, 214))
CLAYS: tuple[Rgb, ...] = ((150, 82, 62), (168, 98, 72), (124, 70, 56), (186, 132, 98), (206, 188, 160))


def tiles(rng: np.random.Generator) -> Material:
    """Square glazed ceramic tiles of 13 to 60 cm, with grout joints."""
    across = int(rng.integers(2, 5))
    tile_m = 0.85
    inside, which = _courses(across, across, rng.uniform(0.002, 0.005) / tile_m, shifted=rng.random() < 0.2)
    shade = _of_each(rng, (across, across), which) * np.float32(rng.uniform(0.02, 0.1))
    glaze = picked(rng, GLAZES)
    veined = np.abs(fractal(rng, 4, 6)) if rng.random() < 0.5 else fractal(rng, 16, 5, 0.7) + np.float32(0.5)
    other = np.clip(glaze * np.float32(rng.uniform(0.82, 1.1)), 0, 1)
    color = ramp(np.clip(veined * np.float32(1.2), 0, 1), [other, glaze, glaze])
    if rng.random() < 0.2 and across % 2 == 0:
        second = picked(rng, GLAZES)
        chosen = np.add.outer(np.arange(across), np.arange(across)).ravel() % 2
        share = chosen.astype(np.float32).take(which)
        color = np.asarray(color + cv2.merge([share * part for part in second - glaze]), np.float32)
    color = shaded(color, 1 + shade)
    return _jointed(rng, color, inside, which, (across, across), tile_m, (0.06, 0.45), 0.0012)


def brickwork(rng: np.random.Generator) -> Material:
    """Bricks of 24 by 7 cm in running bond, with mortar joints."""
    rows, columns = 8, 3
    tile_m = 0.75
    inside, which = _courses(rows, columns, rng.uniform(0.008, 0.012) / tile_m, shifted=True)
    tone = _of_each(rng, (rows, columns), which)
    clay = picked(rng, CLAYS)
    mottled = fractal(rng, 16, 6, 0.75) * np.float32(0.35) + tone * np.float32(0.7) + np.float32(0.5)
    light, dark = np.minimum(clay * np.float32(1.2), 1), clay * np.float32(0.62)
    color = ramp(np.clip(mottled, 0, 1), [dark, clay, light])
    return _jointed(rng, color, inside, which, (rows, columns), tile_m, (0.8, 0.95), 0.005)


def _courses(rows: int, columns: int, joint: float, shifted: bool) -> tuple[Floats, NDArray[np.int32]]:
    """Lays out rows of stones of equal size.

    Args:
        rows: Stones along y.
        columns: Stones along x.
        joint: Width of the joints as a fraction of the texture tile.
        shifted: Whether every other row is shifted by half a stone; ignored for an odd number of rows.

    Returns:
        inside: (n, n) distance of each pixel from the nearest joint, in pixels; negative inside joints.
        which: (n, n) index of the stone at each pixel.
    """
    x, y = centres()
    row = np.floor(y * np.float32(rows)).astype(np.int32)
    move = (row % 2 if shifted and rows % 2 == 0 else 0 * row).astype(np.float32) * np.float32(0.5)
    along = x * np.float32(columns) + move
    left = np.floor(along)
    from_side = np.float32(0.5) - np.abs(along - left - np.float32(0.5))
    from_end = np.float32(0.5) - np.abs(y * np.float32(rows) - row.astype(np.float32) - np.float32(0.5))
    nearest = np.minimum(from_side / np.float32(columns), from_end / np.float32(rows))
    inside = (nearest - np.float32(joint / 2)) * np.float32(SIZE_PX)
    return np.asarray(inside, np.float32), row * np.int32(columns) + left.astype(np.int32) % np.int32(columns)


def _of_each(rng: np.random.Generator, shape: tuple[int, int], which: NDArray[np.int32]) -> Floats:
    """Samples a value in [-0.5, 0.5) for each stone.

    Args:
        rng: Generator.
        shape: Rows and columns of stones.
        which: (n, n) index of the stone at each pixel.

    Returns:
        (n, n) value of the stone at each pixel.
    """
    return uniforms(rng, shape[0] * shape[1]).take(which)


def _jointed(
    rng: np.random.Generator,
    color: Floats,
    inside: Floats,
    which: NDArray[np.int32],
    shape: tuple[int, int],
    tile_m: float,
    roughness: tuple[float, float],
    depth_m: float,
) -> Material:
    """Creates a material of stones and joints.

    The stones are higher than the joints, differ slightly in height, and have bevelled edges.

    Args:
        rng: Generator.
        color: (n, n, 3) colours of the stones.
        inside: (n, n) distance of each pixel from the nearest joint, in pixels; negative inside joints.
        which: (n, n) index of the stone at each pixel.
        shape: Rows and columns of stones.
        tile_m: Side length of the texture tile in metres.
        roughness: Range of the roughness of the stones.
        depth_m: Depth of the joints in metres.
    """
    rough = rng.uniform(*roughness)
    worn = inside + noise(rng, 64, 64) * np.float32(4 * depth_m / 0.005)
    stone = np.clip(worn + np.float32(0.5), 0, 1)
    grout = picked(rng, GROUTS)
    mortar = shaded(grout, 1 + fractal(rng, 64, 4, 0.8) * np.float32(0.12))
    mixed = blended(mortar, color, stone)
    bevel = np.clip(worn / np.float32(5), 0, 1)
    # Dirt gathers along the joints.
    clean = np.asarray(np.clip(inside / 12, 0, 1), np.float32)
    mixed = shaded(mixed, np.float32(0.93) + np.float32(0.07) * clean)
    height = bevel * np.float32(depth_m) + _of_each(rng, shape, which) * stone * np.float32(0.3 * depth_m)
    height += enlarged(uniforms(rng, 256, 256), SIZE_PX, SIZE_PX) * np.float32(
        3e-5 + 0.1 * depth_m * (rough > 0.6)
    )
    return material_from(mixed, np.asarray(height, np.float32), tile_m, rough, stone)
