"""The values that `scenes/` draws: plain numbers and names, so that a record can hold them.

World: metres, z up. Camera: OpenCV axes (x right, y down, z forward). Pixel edges lie at integers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vec3 = tuple[float, float, float]
Quat = tuple[float, float, float, float]


class RejectedDraw(Exception):
    """An unlucky draw: the scene is drawn again under the next attempt.

    Attributes:
        reason: A short name that is counted: `no_place`, `unsettled`, `penetrating`, ...
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def rotation(quat_xyzw: Quat) -> NDArray[np.float64]:
    """The (3, 3) rotation matrix of a unit quaternion."""
    x, y, z, w = quat_xyzw
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion(matrix: NDArray[np.float64]) -> Quat:
    """The unit quaternion (x, y, z, w) of a (3, 3) rotation matrix, with w >= 0.

    Shepperd's method: divides by the largest of the four components only.
    """
    m = matrix
    squares = np.array(
        [
            1 + m[0, 0] - m[1, 1] - m[2, 2],
            1 - m[0, 0] + m[1, 1] - m[2, 2],
            1 - m[0, 0] - m[1, 1] + m[2, 2],
            1 + m[0, 0] + m[1, 1] + m[2, 2],
        ]
    )
    products = np.array(
        [
            [squares[0], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], squares[1], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[2], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], squares[3]],
        ]
    )
    quat = products[int(np.argmax(squares))]
    quat = quat / np.linalg.norm(quat) * (1.0 if quat[3] >= 0 else -1.0)
    return tuple(float(component) for component in quat)  # type: ignore[return-value]


def vec3(values: NDArray[np.float64]) -> Vec3:
    """Three plain floats."""
    return float(values[0]), float(values[1]), float(values[2])


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a frame is: rotation `quat_xyzw`, then shift `position_m`, into the outer frame."""

    position_m: Vec3
    quat_xyzw: Quat

    @staticmethod
    def putting(point_m: NDArray[np.float64], at_m: NDArray[np.float64], quat_xyzw: Quat) -> "Pose":
        """The pose of a given rotation that puts a point (3,) of the inner frame at a place (3,)."""
        return Pose(vec3(at_m - rotation(quat_xyzw) @ point_m), quat_xyzw)

    def rotation(self) -> NDArray[np.float64]:
        """The (3, 3) rotation matrix."""
        return rotation(self.quat_xyzw)

    def apply(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 3) of the inner frame, in the outer frame."""
        return np.asarray(points_m @ self.rotation().T + np.array(self.position_m))

    def unapply(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 3) of the outer frame, in the inner frame."""
        return np.asarray((points_m - np.array(self.position_m)) @ self.rotation())

    def inside(self, outer: "Pose") -> "Pose":
        """This pose as seen from another one: both given in the same frame."""
        position = outer.unapply(np.array([self.position_m]))[0]
        return Pose(vec3(position), quaternion(outer.rotation().T @ self.rotation()))


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture to put on a surface: member `index` of the pool of a procedural `kind`.

    Of the kind `image`: number `index` of a folder, and in `source` its name and content, `name@hash`.
    """

    kind: str
    index: int
    source: str = ""


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
class Room:
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
    room: Room | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera: `fx, fy, cx, cy` in pixels, pixel edges at integers; `pose` is world from camera."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    pose: Pose

    def project(self, points_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixel coordinates (n, 2) and depths (n,) in metres of world points (n, 3)."""
        local = self.pose.unapply(points_m)
        depth_m = local[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = local[:, :2] / depth_m[:, None] * (self.fx, self.fy) + (self.cx, self.cy)
        return pixels, depth_m


@dataclass(frozen=True, slots=True)
class Lamp:
    """A further light from far away; what its values mean is said at `Light`."""

    direction: Vec3
    color_rgb: Vec3
    diffuse: float
    shadow: float
    softness: float


@dataclass(frozen=True, slots=True)
class Environment:
    """A picture of all around in place of the sky.

    Attributes:
        source: Its name and content, `name@hash`; of a procedural one its kind and number, `clear:7`.
        turn_rad: How far it is turned, from +x towards +y.
        sun: Whether its brightest spot is the sun.
        seen: Whether it is seen behind everything.
    """

    source: str
    turn_rad: float
    sun: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Light:
    """A sun, a sky, and how the camera takes them.

    Attributes:
        direction: Towards the sun (unit length).
        color_rgb: Of the sun.
        ambient: Light that a level floor gets from the sky.
        diffuse: Light that a surface that faces it gets from the sun.
        specular: Strength of highlights.
        shadow: Share of the sun that a shadow takes away.
        softness: Half width of a shadow's edge, over the distance to what casts it.
        sky_rgb: Colour of the sky.
        horizon: Brightness of the sky at the horizon, over that at the zenith.
        sky_tilt: How much brighter the sky is towards `sky_azimuth_rad`.
        sky_azimuth_rad: From +x towards +y.
        bounce: Light that the floor throws back, over that of a dull floor.
        exposure_ev: Exposure beside what a meter would say, in powers of two.
        warmth: Red is stronger by this share, blue weaker.
        lamps: Beside the sun.
        environment: What is there in place of the sky; None keeps it.
    """

    direction: Vec3
    color_rgb: Vec3
    ambient: float
    diffuse: float
    specular: float
    shadow: float
    softness: float
    sky_rgb: Vec3 = (1.0, 1.0, 1.0)
    horizon: float = 1.0
    sky_tilt: float = 0.0
    sky_azimuth_rad: float = 0.0
    bounce: float = 1.0
    exposure_ev: float = 0.0
    warmth: float = 0.0
    lamps: tuple[Lamp, ...] = ()
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens of a diameter `aperture_m`; what lies at a depth `focus_m` is sharp."""

    aperture_m: float
    focus_m: float


@dataclass(frozen=True, slots=True)
class Motion:
    """How the camera moves while its shutter is open, along and about its own axes.

    Attributes:
        shift_m: From the beginning to the end; the camera is where its pose says in the middle.
        turn_rad: The same, about an axis by the length of it.
        frames: How many instants stand for all; odd.
    """

    shift_m: Vec3
    turn_rad: Vec3
    frames: int


@dataclass(frozen=True, slots=True)
class Shot:
    """One camera and one light on a settled scene; a pinhole without a `lens`, still without `motion`."""

    scene: int
    view: int
    lighting: int
    camera: Camera
    light: Light
    lens: Lens | None = None
    motion: Motion | None = None
