"""Registry of material kinds, and the usual materials of each surface type."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from scenes.assets.materials.ground import grass, soil
from scenes.assets.materials.masonry import brickwork, tiles
from scenes.assets.materials.material import Material
from scenes.assets.materials.mineral import asphalt, concrete, plaster
from scenes.assets.materials.sheet import brushed_metal, paper
from scenes.assets.materials.textile import carpet, fabric
from scenes.assets.materials.wood import planks, veneer

Draw = Callable[[np.random.Generator], Material]


class Kind(NamedTuple):
    """A kind of material.

    Attributes:
        draw: Function that generates one variant.
        tile_m: Range of the natural side length of a tile in metres.
        metallic: Whether the material is bare metal.
    """

    draw: Draw
    tile_m: tuple[float, float]
    metallic: bool = False


MATERIALS: Mapping[str, Kind] = MappingProxyType(
    {
        "planks": Kind(planks, (0.5, 0.9)),
        "veneer": Kind(veneer, (0.5, 0.9)),
        "tiles": Kind(tiles, (0.5, 1.2)),
        "brickwork": Kind(brickwork, (0.7, 0.8)),
        "concrete": Kind(concrete, (0.7, 1.0)),
        "plaster": Kind(plaster, (0.5, 0.8)),
        "asphalt": Kind(asphalt, (0.4, 0.6)),
        "fabric": Kind(fabric, (0.08, 0.2)),
        "carpet": Kind(carpet, (0.3, 0.45)),
        "grass": Kind(grass, (0.4, 0.6)),
        "soil": Kind(soil, (0.4, 0.6)),
        "paper": Kind(paper, (0.3, 0.45)),
        "brushed_metal": Kind(brushed_metal, (0.35, 0.5), metallic=True),
    }
)
"""Material kinds by name."""

NATURAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "floor": tuple(name for name in MATERIALS if name not in ("brickwork", "plaster")),
        "wall": (
            *("plaster", "plaster", "brickwork", "concrete", "tiles"),
            *("veneer", "planks", "fabric", "paper"),
        ),
        "furniture": ("veneer", "veneer", "planks", "plaster", "brushed_metal", "concrete"),
        "background": ("plaster", "plaster", "concrete", "paper", "veneer"),
    }
)
"""The usual materials of each surface type; a name listed twice is sampled twice as often."""


def material(kind: str, rng: np.random.Generator) -> Material:
    """Generates one variant of a material kind, determined by the generator."""
    return MATERIALS[kind].draw(rng)
