"""Mineral materials: concrete, plaster and asphalt."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.colors import Rgb, picked, ramp, shaded
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import SIZE_PX, blurred, enlarged, fractal, uniforms
from scenes.assets.materials.stamps import discs

Floats = NDArray[np.float32]

CONCRETES: tuple[Rgb, ...] = (
    (156, 153, 147),
    (176, 173, 166),
    (132, 131, 128),
    (146, 140, 130),
    (190, 187, 180),
)
PAINTS: tuple[Rgb, ...] = (
    (236, 233, 226),  # white
    (228, 222, 206),  # cream
    (212, 208, 202),  # light grey
    (216, 200, 172),  # sand
    (178, 188, 196),  # pale blue
    (186, 198, 180),  # pale green
    (222, 190, 164),  # apricot
    (148, 156, 164),  # blue grey
    (226, 206, 120),  # yellow
    (150, 90, 76),  # brick red
)
ASPHALTS: tuple[Rgb, ...] = ((82, 82, 84), (100, 99, 98), (64, 65, 68), (116, 113, 110))


def concrete(rng: np.random.Generator) -> Material:
    """Smoothed or polished concrete with stains and pores."""
    stains = fractal(rng, 4, 6, rng.uniform(0.6, 0.8))
    sand = enlarged(uniforms(rng, 256, 256), SIZE_PX, SIZE_PX)
    pores = discs(rng, int(rng.integers(20, 160)), (0.6, 2.6))
    base = picked(rng, CONCRETES, 0.03)
    strength = rng.uniform(0.12, 0.3)
    weight = np.clip(np.float32(0.5) + stains * np.float32(0.42) + sand * np.float32(0.22), 0, 1)
    light, dark = np.minimum(base * np.float32(1 + strength), 1), base * np.float32(1 - strength)
    color = shaded(ramp(weight, [dark, base, light]), 1 - np.float32(0.45) * pores)
    polished = rng.random() < 0.35
    height = stains * np.float32(3e-4) + sand * np.float32(4e-5 if polished else 2.5e-4)
    height -= blurred(pores, 0.7) * np.float32(1.2e-3)
    roughness = rng.uniform(0.25, 0.5) if polished else rng.uniform(0.65, 0.95)
    gloss = np.clip(np.float32(0.85) + stains * np.float32(0.5) - pores, 0, 1)
    return material_from(color, height, 0.85, roughness, gloss)


def plaster(rng: np.random.Generator) -> Material:
    """Painted plaster: one colour, with the bumps of a roller or a trowel."""
    paint = picked(rng, PAINTS)
    rolled = rng.random() < 0.6
    fine = fractal(rng, 64, 3, 0.6) if rolled else fractal(rng, 8, 5, rng.uniform(0.5, 0.8))
    broad = fractal(rng, 2, 4)
    color = shaded(paint, 1 + broad * np.float32(0.03) + fine * np.float32(0.025))
    height = fine * np.float32(rng.uniform(1.5e-4, 6e-4)) + broad * np.float32(1e-3)
    return material_from(color, height, 0.65, rng.uniform(0.6, 0.95))


def asphalt(rng: np.random.Generator) -> Material:
    """Stone grains of a few millimetres in bitumen."""
    base = picked(rng, ASPHALTS, 0.03)
    grains = enlarged(uniforms(rng, 128, 128), SIZE_PX, SIZE_PX)
    fines = enlarged(uniforms(rng, 256, 256), SIZE_PX, SIZE_PX)
    wear = fractal(rng, 2, 5)
    stones = np.clip((grains * np.float32(0.8) + fines * np.float32(0.6)) * 3, -1, 1)
    bright = np.clip((fines - np.float32(0.36)) * 8, 0, 1) * np.float32(rng.uniform(0.2, 0.7))
    factor = 1 + stones * np.float32(0.24) + wear * np.float32(0.14) + bright
    color = shaded(base, factor)
    height = stones * np.float32(5e-4) + fines * np.float32(3e-4)
    return material_from(color, height, 0.5, rng.uniform(0.75, 0.95))
