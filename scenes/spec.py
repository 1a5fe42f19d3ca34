"""The values that `scenes/` draws: plain numbers and names, so that a record can hold them.

World: metres, z up. Camera: OpenCV axes (x right, y down, z forward). Pixel edges lie at integers.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scenes.assets.images import Texture
from scenes.geometry import Pose, Scale, Vec3, per_axis

Role = Literal["object", "distractor", "furniture"]
"""Objects are labelled, distractors and furniture are not; cameras aim at all but furniture."""


class RejectedDraw(Exception):
    """An unlucky draw: the scene is drawn again under the next attempt.

    Attributes:
        reason: A short name that is counted: `no_place`, `unsettled`, `penetrating`, ...
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Look:
    """What a surface looks like: colour (0..1, multiplies the texture) and texture; None keeps its own."""

    color_rgb: Vec3 | None = None
    texture: Texture | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A mesh in a scene.

    Attributes:
        asset: Key of the asset, `name@hash`.
        category: Place in the category list, from 0; None of all but objects.
        scale: Factor on the mesh.
        pose: Of the mesh frame.
        look: Colour and texture.
        friction: Friction coefficient.
        roughness: 0 mirrors lights, 1 is dull.
        role: What it is in the scene. Where records name none, a body without a category is a distractor.
        fixed: Whether it stays where it is, whatever hits it or rests on it.

    Raises:
        ValueError: An object has no category, something else has one, or a scale is not positive.
    """

    asset: str
    category: int | None
    scale: Scale
    pose: Pose
    look: Look
    friction: float
    roughness: float = 0.5
    role: Annotated[Role, Field(exclude_if=lambda role: role != "furniture")] = "object"
    fixed: Annotated[bool, Field(exclude_if=lambda fixed: not fixed)] = False

    def __post_init__(self) -> None:
        """Checks the values."""
        if self.category is None and self.role == "object":
            object.__setattr__(self, "role", "distractor")
        if self.category is not None and self.role != "object":
            raise ValueError(f"a body whose role is {self.role} has no category (got {self.category})")
        if min(self.axes) <= 0:
            raise ValueError(f"the scale of a body must be positive (got {self.scale})")

    @property
    def labelled(self) -> bool:
        """Whether masks and boxes are made of it."""
        return self.role == "object"

    @property
    def axes(self) -> Vec3:
        """The scale along each axis of the mesh."""
        return per_axis(self.scale)

    @property
    def largest_scale(self) -> float:
        """The scale along the axis that has the largest."""
        return max(self.axes)

    @property
    def proportions(self) -> Vec3:
        """The scale along each axis over the largest: (1, 1, 1) where it is the same along all."""
        x, y, z = self.axes
        largest = max(x, y, z)
        return x / largest, y / largest, z / largest

    @property
    def volume_scale(self) -> float:
        """Its volume over that of the mesh."""
        x, y, z = self.axes
        return x * y * z if isinstance(self.scale, tuple) else self.scale**3

    def apply(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 3) of the mesh, in the world."""
        return self.pose.apply(points_m * np.array(self.axes))


@dataclass(frozen=True, slots=True)
class Surface:
    """The floor, a wall or the background: `tile_m` is the side of one texture tile on floor and walls."""

    look: Look
    tile_m: float
    turn_rad: float


@dataclass(frozen=True, slots=True)
class WallPlan:
    """Walls as drawn, each a quarter turn after the one before.

    Attributes:
        surface: Of all of them.
        turn_rad: Where the first one is, seen from the middle: from +x towards +y.
        height_m: Of all of them.
        gaps_m: Free space between the bodies at rest and each wall.
    """

    surface: Surface
    turn_rad: float
    height_m: float
    gaps_m: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """An upright rectangle on the floor, to be seen from the world's origin's side only.

    Attributes:
        surface: What it is like.
        azimuth_rad: Its direction from the origin, from +x towards +y.
        distance_m: Of its plane from the origin.
        low_m, high_m: Where it begins and ends, along its direction turned left by a quarter.
        height_m: From the floor up.
    """

    surface: Surface
    azimuth_rad: float
    distance_m: float
    low_m: float
    high_m: float
    height_m: float

    def outward(self) -> NDArray[np.float64]:
        """The unit vector (3,) from the origin to its plane."""
        return np.array([np.cos(self.azimuth_rad), np.sin(self.azimuth_rad), 0.0])

    def sideways(self) -> NDArray[np.float64]:
        """The level unit vector (3,) along it, from its low end to its high end."""
        return np.array([-np.sin(self.azimuth_rad), np.cos(self.azimuth_rad), 0.0])


@dataclass(frozen=True, slots=True)
class Physics:
    """How a scene is settled; SI units."""

    gravity_m_s2: float
    time_step_s: float
    max_seconds: float
    bounds_m: float


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One drawn scene; its bodies fall when it has `physics`, and stay where they are otherwise."""

    scene: int
    split: str
    attempt: int
    bodies: tuple[Body, ...]
    floor: Surface | None
    background: Surface
    physics: Physics | None
    room: WallPlan | None = None
