"""Surface labels on a body: projected decals (defects and images) and mesh regions."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from scenes.assets.images import Texture
from scenes.geometry import Pose, Vec3

DecalKind = Literal["scratch", "dent", "stain", "crack", "image"]
FACING = 0.2
"""A surface receives a decal if the cosine of the angle between its normal and the projector axis exceeds
this."""


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """A named region of a body's mesh.

    Attributes:
        category: Index in the list of all categories, from 0; region categories come last.
        name: Name of the region in `Asset.regions`.
    """

    category: int
    name: str


@dataclass(frozen=True, slots=True)
class Decal:
    """A decal on a body, projected orthographically along the surface normal at one point.

    A surface point belongs to the decal if it faces the projector, lies within `depth_m` of the plane z = 0
    of `frame`, and the coverage of the decal there is at least 0.5.

    Attributes:
        category: Index in the list of all categories, from 0; defect categories come after object categories.
        kind: What the decal shows.
        frame: Projection frame relative to the body's pose, after scaling: x points right and y up in the
            decal, z points out of the surface.
        size_m: Width and height of the decal.
        depth_m: Largest distance from the plane z = 0 at which a surface point belongs to the decal.
        color_rgb: Colour of the mark, 0..1; not used for dents and images.
        strength: Opacity of the mark, or depth of the dent, 0..1; images have an alpha channel instead.
        seed: Seed of the procedural scratch, dent, stain or crack.
        picture: The image file; None for other kinds.
    """

    category: int
    kind: DecalKind
    frame: Pose
    size_m: tuple[float, float]
    depth_m: float
    color_rgb: Vec3
    strength: float
    seed: int
    picture: Annotated[Texture | None, Field(exclude_if=lambda picture: picture is None)] = None

    @property
    def length_m(self) -> float:
        """Length of the longer side."""
        return max(self.size_m)
