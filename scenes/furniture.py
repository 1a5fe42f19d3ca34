"""Furniture: fixed bodies that objects fall onto, lie in or hide behind; none of it is labelled."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.images import Album
from scenes.geometry import Pose, Scale
from scenes.looks import LookSettings
from scenes.settings import Range, ShareRange, uniform, within
from scenes.spec import Body


class FurnitureSettings(LookSettings):
    """What a piece of furniture looks like, and how slippery it is."""

    roughness: ShareRange = (0.3, 0.9)
    """Roughness of its surface: 0 mirrors lights, 1 is dull."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of its surface."""

    def piece(
        self, rng: np.random.Generator, album: Album, asset: Asset, parts: Iterable[tuple[Scale, Pose]]
    ) -> tuple[Body, ...]:
        """The bodies of one piece of furniture, all of one look; always eight draws.

        Physics knows a body as its convex hull, so a table is a top and four legs, a bin a floor and four
        walls.

        Args:
            rng: Generator.
            album: What to choose pictures from.
            asset: The mesh of each part.
            parts: The scale and the pose of each part.
        """
        look, roughness = self.draw(rng, album), uniform(rng, self.roughness)
        friction = uniform(rng, self.friction)
        return tuple(
            Body(asset.key, None, scale, pose, look, friction, roughness, role="furniture", fixed=True)
            for scale, pose in parts
        )
