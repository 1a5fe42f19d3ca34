"""Sheet materials: paper and brushed metal."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.colors import Rgb, picked, shaded
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import fractal, noise

Floats = NDArray[np.float32]

PAPERS: tuple[Rgb, ...] = (
    (240, 238, 232),  # white
    (232, 224, 206),  # cream
    (196, 164, 122),  # kraft
    (180, 148, 108),  # cardboard
    (206, 204, 200),  # grey
    (150, 176, 190),  # blue
    (226, 206, 150),  # yellow
)
METALS: tuple[Rgb, ...] = (
    (188, 190, 192),  # steel
    (200, 202, 206),  # aluminium
    (170, 172, 174),  # zinc
    (146, 146, 146),  # dark steel
    (206, 186, 138),  # brass
)
CASTS: tuple[Rgb, ...] = (*METALS[:3], (232, 234, 236), (206, 186, 138), (212, 160, 128), (230, 196, 120))
"""Colours of solid metal: sheet metal, chrome, brass, copper and gold."""


def paper(rng: np.random.Generator) -> Material:
    """Paper or cardboard: fine fibres, a few of them dark."""
    base = picked(rng, PAPERS)
    fibres = noise(rng, 256, 64) + noise(rng, 64, 256)
    cloudy, specks = fractal(rng, 8, 6, 0.7), noise(rng, 256, 256)
    flecks = np.clip(specks - np.float32(0.42), 0, None) * np.float32(rng.uniform(0, 4))
    strength = rng.uniform(0.02, 0.07)
    color = shaded(base, 1 + (fibres + cloudy) * np.float32(strength) - flecks)
    height = fibres * np.float32(4e-5) + fractal(rng, 2, 3) * np.float32(1e-3)
    return material_from(color, height, 0.38, rng.uniform(0.75, 0.95))


def metal_color(rng: np.random.Generator) -> tuple[float, float, float]:
    """Samples a colour of solid metal, sRGB, 0..1."""
    red, green, blue = picked(rng, CASTS, 0.03).tolist()
    return red, green, blue


def brushed_metal(rng: np.random.Generator) -> Material:
    """Metal brushed along x, slightly stained."""
    base = picked(rng, METALS, 0.03)
    lines = noise(rng, 512, 2) + noise(rng, 512, 8) * np.float32(0.7) + noise(rng, 128, 1) * np.float32(0.4)
    stains = fractal(rng, 2, 6, 0.6)
    color = shaded(base, 1 + lines * np.float32(rng.uniform(0.05, 0.16)) + stains * np.float32(0.03))
    gloss = np.clip(np.float32(0.9) - np.abs(stains) * np.float32(0.15) + lines * np.float32(0.1), 0, 1)
    height = lines * np.float32(4e-5)
    return material_from(color, height, 0.42, rng.uniform(0.2, 0.45), gloss, metallic=True)
