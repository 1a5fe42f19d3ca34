"""The values that `scenes/` draws: plain numbers and names, so that a record can hold them.

World: metres, z up. Camera: OpenCV axes (x right, y down, z forward). Pixel edges lie at integers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Texture
from scenes.geometry import Pose, Vec3


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
    """One object: `category` is its place in the category list from 0, None for a distractor.

    `roughness`: 0 mirrors lights, 1 is dull.
    """

    asset: str
    category: int | None
    scale: float
    pose: Pose
    look: Look
    friction: float
    roughness: float = 0.5


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
