"""Colours and textures of the floor."""

from typing import ClassVar

import numpy as np

from scenes.assets.images import Album
from scenes.looks import LookSettings
from scenes.settings import Positive, Share, ShareRange
from scenes.spec import Surface


class FloorSettings(LookSettings):
    """Colours and textures of the floor."""

    surface_kind: ClassVar[str] = "floor"
    saturation: ShareRange = (0.0, 0.4)
    """Saturation of the colour: 0 is grey."""
    textured: Share = 0.9
    """Fraction of surfaces with a texture; the others have one colour."""
    tile: Positive = (1.0, 8.0)
    """Side of a tile in typical object sizes; materials: natural size, clamped to 0.5 to 3 times this."""
    tile_m: Positive | None = None
    """Side length of a tile in metres, also of materials, in place of tile; null uses tile."""
    roughness: ShareRange | None = None
    """Roughness of the floor: 0 is a mirror, 1 is matte; null uses its material's value, or else is matte."""

    def surface(self, rng: np.random.Generator, unit_m: float, album: Album) -> Surface:
        """Samples the floor.

        Args:
            rng: Generator, from which nine random numbers are always taken.
            unit_m: The typical object size in metres.
            album: Images and texture variants to choose from.
        """
        look = self.draw(rng, album)
        tile_m = self.tile_side_m(look, rng.random(), unit_m, self.tile, self.tile_m)
        turn_rad, drawn = float(rng.random() * 2 * np.pi), rng.random()
        if self.roughness is None:
            return Surface(look, tile_m, turn_rad)
        low, high = self.roughness
        return Surface(look, tile_m, turn_rad, low + (high - low) * drawn)
