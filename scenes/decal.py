"""What lies on the surface of a body: defects and pictures that are projected onto it, and its regions."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from scenes.assets.images import Texture
from scenes.geometry import Pose, Vec3

DecalKind = Literal["scratch", "dent", "stain", "crack", "image"]
FACING = 0.2
"""Smallest cosine of the angle between a surface and the projector's axis at which a decal is on it."""


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """A named region of the mesh of a body.

    Attributes:
        category: Index in the list of all categories, from 0; those of regions come last.
        name: Its name in `Asset.regions`.
    """

    category: int
    name: str


@dataclass(frozen=True, slots=True)
class Decal:
    """A picture on a body, laid on by orthographic projection along the surface normal at one point.

    A point of the surface belongs to the decal if it faces the projector, is within `depth_m` of the plane
    z = 0 of `frame`, and lies where the picture covers at least half.

    Attributes:
        category: Index in the list of all categories, from 0; those of defects come after those of objects.
        kind: What is drawn.
        frame: Frame of the projection in the frame of the body's pose, after scaling: x and y are the right
            and upper side of the picture, z points out of the surface.
        size_m: Width and height of the picture.
        depth_m: Largest distance of the surface from the plane z = 0.
        color_rgb: Colour of the mark, 0..1; not used for dents and images.
        strength: Opacity of the mark, or depth of the dent, 0..1; images have an alpha channel instead.
        seed: Which scratch, dent, stain or crack it is.
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
