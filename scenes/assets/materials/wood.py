"""Wood materials: floor boards, and a sheet of veneer."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.colors import Rgb, picked, ramp, shaded
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import SIZE_PX, blurred, centres, noise

Floats = NDArray[np.float32]

WOODS: tuple[Rgb, ...] = (
    (196, 158, 110),  # oak
    (214, 178, 128),  # pine
    (205, 164, 124),  # beech
    (170, 122, 80),  # teak
    (112, 78, 54),  # walnut
    (142, 82, 52),  # cherry
    (168, 152, 134),  # weathered
    (222, 206, 182),  # maple
    (84, 62, 48),  # smoked oak
)
TILE_M = 0.7
"""Typical side length of a tile in metres."""
JOINT_PX = 1.2
"""Half the width of the gap between boards, in pixels."""


def planks(rng: np.random.Generator) -> Material:
    """Boards with open joints, 7 to 22 cm wide, with their length along x."""
    rows = int(rng.integers(4, 8))
    weight, color = _grain(rng, rings=(4, 10)), _colors(rng)
    grain, tone, joint = _boards(rng, weight, rows)
    lit = shaded(ramp(grain, color), tone * (1 - np.float32(0.75) * joint))
    height = grain * np.float32(1e-4) - blurred(joint, 0.8) * np.float32(2e-3 * rng.uniform(0.4, 1.0))
    gloss = np.clip(1 - joint * 2 - np.float32(0.25) * (1 - grain), 0, 1)
    return material_from(lit, height, TILE_M, rng.uniform(0.25, 0.8), gloss)


def veneer(rng: np.random.Generator) -> Material:
    """A sheet of wood without joints, as on tables and cupboards, with its grain along x."""
    weight = _grain(rng, rings=(3, 9))
    height = weight * np.float32(rng.uniform(0.2, 1.0) * 1e-4)
    gloss = 1 - np.float32(0.25) * (1 - weight)
    return material_from(ramp(weight, _colors(rng)), height, TILE_M, rng.uniform(0.2, 0.7), gloss)


def _colors(rng: np.random.Generator) -> list[Floats]:
    """Samples five grain colours (3,), from dark to light."""
    light = picked(rng, WOODS)
    dark = light * np.array([0.62, 0.56, 0.5], np.float32) * np.float32(rng.uniform(0.85, 1.2))
    return [dark * np.float32(0.72), dark, (dark + light) / 2, light, np.minimum(light * np.float32(1.08), 1)]


def _grain(rng: np.random.Generator, rings: tuple[int, int]) -> Floats:
    """Samples wood grain along x, with annual rings, fibres and pores.

    Args:
        rng: Generator.
        rings: Smallest and largest number of annual rings across the texture.

    Returns:
        (n, n), from 0 (dark) to 1 (light).
    """
    _, y = centres()
    bend = noise(rng, 4, 1) * np.float32(1.6) + noise(rng, 8, 4) * np.float32(0.5)
    bend += noise(rng, 64, 8) * np.float32(0.08)
    phase = y * np.float32(rng.integers(*rings, endpoint=True)) + bend * np.float32(rng.uniform(1.0, 2.6))
    phase -= np.floor(phase)
    late = np.asarray(cv2.pow(np.abs(2 * phase - 1), rng.uniform(1.5, 4.0)), np.float32)
    fibres = noise(rng, 256, 8) + noise(rng, 512, 32) * np.float32(0.6)
    pores = np.clip(noise(rng, 512, 64) - np.float32(0.22), 0, None) * np.float32(rng.uniform(0.3, 1.2))
    weight = np.float32(0.78) - late * np.float32(rng.uniform(0.25, 0.55)) + fibres * np.float32(0.28) - pores
    weight += noise(rng, 8, 2) * np.float32(0.15)
    return np.asarray(np.clip(weight, 0, 1), np.float32)


def _boards(rng: np.random.Generator, weight: Floats, rows: int) -> Floats:
    """Lays out boards along x.

    Args:
        rng: Generator.
        weight: (n, n) wood grain; each board shows a random part.
        rows: Number of rows of boards, one above the other along y.

    Returns:
        (3, n, n): grain, brightness of the board, and joints (1 in a joint, 0 on a board).
    """
    planes = np.empty((3, SIZE_PX, SIZE_PX), np.float32)
    edges = np.rint(np.linspace(0, SIZE_PX, rows + 1)).astype(int).tolist()
    ends = np.linspace(0, SIZE_PX, int(rng.integers(1, 3)) + 1).astype(int).tolist()
    contrast = rng.uniform(0.04, 0.16)
    for top, bottom in pairwise(edges):
        row = planes[:, top:bottom]
        for left, right in pairwise(ends):
            y, x = np.arange(bottom - top), np.arange(right - left)
            moved_y, moved_x = rng.integers(0, SIZE_PX, 2)
            part = weight.take(y + moved_y, axis=0, mode="wrap")
            row[0, :, left:right] = part.take(x + moved_x, axis=1, mode="wrap")
            row[1, :, left:right] = 1 - contrast * 2 * (rng.random() - 0.4)
            inside = np.minimum(_from_ends(len(y))[:, None], _from_ends(len(x)))
            row[2, :, left:right] = np.clip(JOINT_PX + 0.5 - inside, 0, 1)
        row[:] = np.roll(row, int(rng.integers(0, SIZE_PX)), axis=2)
    return planes


def _from_ends(count: int) -> Floats:
    """Returns (count,): the distance of each pixel in a row from the nearer end of the row, in pixels."""
    place = np.arange(count, dtype=np.float32) + np.float32(0.5)
    return np.asarray(np.minimum(place, np.float32(count) - place), np.float32)
