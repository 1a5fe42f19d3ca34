"""Furniture: fixed, unlabelled bodies on which or in which objects lie, or which occlude objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.images import Album
from scenes.assets.materials.kinds import MATERIALS
from scenes.assets.mesh import Mesh
from scenes.assets.shapes import box
from scenes.geometry import Pose, Scale, Vec3, per_axis, vec3
from scenes.looks import LookSettings
from scenes.settings import Range, ShareRange, uniform, within
from scenes.spec import Body, Look

Part = tuple[str, Scale, Pose]
"""Mesh name, scale and pose of a part of a piece of furniture."""
CUBE = "cube"
"""Name of the cube in `cubes()`."""
MAX_TILES = 6
"""Largest number of material tiles along the shorter side of a piece's largest part."""
UPRIGHT = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def cubes() -> dict[str, Mesh]:
    """The furniture meshes of scenes that use only cuboids: a cube with sides of 1 m, named `CUBE`."""
    return {CUBE: box(1.0, 1.0, 1.0)}


def cuboid(low_m: Vec3, high_m: Vec3, frame: Pose = UPRIGHT) -> tuple[Scale, Pose]:
    """Returns the scale and pose that turn a cube with sides of 1 m into a cuboid.

    Args:
        low_m: Lowest coordinates of the cuboid along the axes of the frame.
        high_m: Highest coordinates.
        frame: Pose of the frame in the world.
    """
    low, high = np.array(low_m), np.array(high_m)
    return vec3(high - low), Pose(vec3(frame.apply((low + high)[None] / 2)[0]), frame.quat_xyzw)


def tile_side_m(look: Look, parts_m: Sequence[Vec3]) -> float:
    """Side length in metres of a texture tile on a piece of furniture; 0 without a texture.

    A material has its natural size, limited so that between one and `MAX_TILES` tiles fit along the shorter
    side of the largest part. A texture that is not a material is as large as that side.

    Args:
        look: Appearance of the piece.
        parts_m: Sides of each part in metres.
    """
    if look.texture is None or not parts_m:
        return 0.0
    side_m = max(sorted(part)[1] for part in parts_m)
    kind = MATERIALS.get(look.texture.kind)
    return side_m if kind is None else min(max(sum(kind.tile_m) / 2, side_m / MAX_TILES), side_m)


class FurnitureSettings(LookSettings):
    """Appearance and friction of a piece of furniture."""

    surface_kind: ClassVar[str] = "furniture"
    roughness: ShareRange = (0.3, 0.9)
    """Roughness of its surface: 0 has sharp highlights, 1 is matte."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of its surface."""

    def piece(
        self, rng: np.random.Generator, album: Album, asset: Asset, parts: Iterable[tuple[Scale, Pose]]
    ) -> tuple[Body, ...]:
        """Returns the bodies of one piece of furniture, all with the same appearance.

        The physics engine uses the convex hull of each body as its collision shape. Concave furniture
        therefore consists of several bodies: a table of a top and four legs, a bin of a floor and four walls.

        Args:
            rng: Generator; always consumes eight random numbers.
            album: Images and texture variants to choose from.
            asset: Asset whose mesh is used for all parts.
            parts: Scale and pose of each part.
        """
        look, roughness = self.draw(rng, album), uniform(rng, self.roughness)
        friction = uniform(rng, self.friction)
        material = None if look.texture is None else MATERIALS.get(look.texture.kind)
        metallic = material is not None and material.metallic
        listed = list(parts)
        tile_m = tile_side_m(look, [vec3(np.array(asset.extents_m) * per_axis(scale)) for scale, _ in listed])
        return tuple(
            Body(
                asset.key,
                None,
                scale,
                pose,
                look,
                friction,
                roughness,
                role="furniture",
                fixed=True,
                metallic=metallic,
                tile_m=tile_m,
            )
            for scale, pose in listed
        )

    def pieces(
        self, rng: np.random.Generator, album: Album, furniture: Mapping[str, Asset], parts: Iterable[Part]
    ) -> tuple[Body, ...]:
        """Like `piece`, for a piece of furniture whose parts have different meshes.

        Args:
            rng: Generator; always consumes eight random numbers.
            album: Images and texture variants to choose from.
            furniture: Furniture assets by name.
            parts: Mesh name, scale and pose of each part.
        """
        listed = list(parts)
        first = furniture[listed[0][0]]
        bodies = self.piece(rng, album, first, [(scale, pose) for _, scale, pose in listed])
        return tuple(
            replace(body, asset=furniture[name].key) for body, (name, *_) in zip(bodies, listed, strict=True)
        )
