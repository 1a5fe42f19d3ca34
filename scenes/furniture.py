"""Furniture: fixed, unlabelled bodies. Objects fall onto or into them, or are occluded by them."""

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
    """Appearance and friction of a piece of furniture."""

    roughness: ShareRange = (0.3, 0.9)
    """Roughness of its surface: 0 has sharp highlights, 1 is matte."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of its surface."""

    def piece(
        self, rng: np.random.Generator, album: Album, asset: Asset, parts: Iterable[tuple[Scale, Pose]]
    ) -> tuple[Body, ...]:
        """The bodies of one piece of furniture, all with the same appearance.

        The physics engine uses the convex hull of each body as its collision shape. Concave furniture
        therefore consists of several bodies: a table of a top and four legs, a bin of a floor and four walls.

        Args:
            rng: Generator; eight random numbers are always drawn.
            album: Images and texture variants to choose from.
            asset: Asset whose mesh is used for all parts.
            parts: Scale and pose of each part.
        """
        look, roughness = self.draw(rng, album), uniform(rng, self.roughness)
        friction = uniform(rng, self.friction)
        return tuple(
            Body(asset.key, None, scale, pose, look, friction, roughness, role="furniture", fixed=True)
            for scale, pose in parts
        )
