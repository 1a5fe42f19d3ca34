"""What one picture is taken with: camera, light, lens and motion, as plain values.

Camera: OpenCV axes (x right, y down, z forward). Pixel edges lie at integers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Pose, Vec3


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
