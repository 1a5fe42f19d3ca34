"""The floor of a scene: its colours and textures."""

import numpy as np

from scenes.assets.images import Album
from scenes.looks import LookSettings
from scenes.settings import Positive, uniform
from scenes.spec import Surface


class FloorSettings(LookSettings):
    """Colours and textures of the floor."""

    tile: Positive = (1.0, 8.0)
    """Side length of one texture tile, in multiples of the typical object size."""

    def surface(self, rng: np.random.Generator, unit_m: float, album: Album) -> Surface:
        """Draws the floor.

        Args:
            rng: Generator; eight random numbers are always drawn.
            unit_m: The typical object size in metres.
            album: Images and texture variants to choose from.
        """
        look, tile_m = self.draw(rng, album), unit_m * uniform(rng, self.tile)
        return Surface(look, tile_m, float(rng.random() * 2 * np.pi))
