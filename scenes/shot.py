"""A shot: the camera, light, lens and motion of one image, as plain values.

Camera axes are OpenCV's (x right, y down, z forward). Pixel edges, not centres, are at integer coordinates.
"""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scenes.distortion import Distortion
from scenes.geometry import Pose, Vec3

BASE_ISO = 100.0
"""The ISO sensitivity at which a sensor can hold as many electrons as fit into its pixels."""

Bayer = Literal["rggb", "bggr", "grbg", "gbrg"]
"""Colours of the filters of the first two pixels of the first row, and then of the second row."""
Demosaicing = Literal["edge_aware", "bilinear"]


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera. `fx, fy, cx, cy` are in pixels; `pose` maps from the camera to the world frame.

    If `distortion` is None, it is a pinhole camera.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    pose: Pose
    distortion: Annotated[Distortion | None, Field(exclude_if=lambda lens: lens is None)] = None

    def project(self, points_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Projects world points (n, 3) to pixel coordinates (n, 2) and depths (n,) in metres."""
        local = self.pose.apply_inverse(points_m)
        depth_m = local[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            points = local[:, :2] / depth_m[:, None]
            if self.distortion is not None:
                points = self.distortion.distort(points)
            pixels = points * (self.fx, self.fy) + (self.cx, self.cy)
        return pixels, depth_m

    def rays(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rays through pixel coordinates (..., 2): x and y (..., 2), in the camera frame, at depth 1."""
        points = (pixels - (self.cx, self.cy)) / (self.fx, self.fy)
        return points if self.distortion is None else self.distortion.undistort(points)


@dataclass(frozen=True, slots=True)
class Lamp:
    """A directional light in addition to the sun; `Light` describes the attributes of the same names."""

    direction: Vec3
    color_rgb: Vec3
    diffuse: float
    shadow: float
    softness: float


@dataclass(frozen=True, slots=True)
class Environment:
    """The choice of an environment map, and how it is used.

    Attributes:
        source: `name@hash` of an image file, or kind and variant of a procedural map, such as `clear:7`.
        turn_rad: Rotation about the vertical axis, from +x towards +y.
        sun: Whether the brightest spot of the map replaces the sun.
        seen: Whether the map is visible as the background of the image.
    """

    source: str
    turn_rad: float
    sun: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Light:
    """Sun, sky and lamps, and the camera's exposure and white balance.

    Attributes:
        direction: Unit vector towards the sun.
        color_rgb: Colour of the sun.
        ambient: Irradiance of a horizontal, unoccluded floor by the sky.
        diffuse: Irradiance of a surface that faces the sun.
        specular: Strength of specular highlights.
        shadow: Fraction of the sun's light that a shadow removes.
        softness: Half width of a shadow's penumbra, divided by the distance to the occluder.
        sky_rgb: Colour of the sky.
        horizon: Brightness of the sky at the horizon, relative to the zenith.
        sky_tilt: How much brighter the sky is towards `sky_azimuth_rad` than on the opposite side, 0 to 1.
        sky_azimuth_rad: Azimuth of the brighter side of the sky, from +x towards +y.
        bounce: Strength of the light reflected by floor and walls, relative to ideal diffuse reflectors.
        exposure_ev: Exposure compensation in stops.
        warmth: White balance: the gain on red is 1 + warmth, that on blue 1 - warmth.
        lamps: Directional lights in addition to the sun.
        environment: The environment map that replaces the sky; None keeps the sky.
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

    @property
    def suns(self) -> tuple["Light", ...]:
        """The sun and the lamps, each as the sun of a separate `Light`.

        The first element is this light itself, including its sky. One light for each lamp follows, in which
        the lamp replaces the sun and `ambient` is 0.
        """
        others = (replace(self, ambient=0.0, lamps=(), **asdict(lamp)) for lamp in self.lamps)
        return self, *others

    @property
    def white_balance(self) -> Vec3:
        """The camera's gain on red, green and blue."""
        return 1 + self.warmth, 1.0, 1 - self.warmth


@dataclass(frozen=True, slots=True)
class Lens:
    """A thin lens with the diameter `aperture_m`, focused at the depth `focus_m`."""

    aperture_m: float
    focus_m: float


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of the camera during the exposure, in the camera frame.

    The pose of the `Camera` is its pose at the middle of the exposure.

    Attributes:
        shift_m: Translation from the start to the end of the exposure.
        turn_rad: Rotation vector (axis times angle) from the start to the end of the exposure.
        frames: Number of instants of the exposure over which the image is averaged; an odd number.
        readout: Time from the exposure of the first row to that of the last one, divided by the exposure
            time; the middle row is exposed with the pose of the `Camera`. 0 exposes all rows at once.
        bands: Number of bands of rows of equal height; the rows of a band are exposed at once.
    """

    shift_m: Vec3
    turn_rad: Vec3
    frames: int
    readout: Annotated[float, Field(exclude_if=lambda readout: not readout)] = 0.0
    bands: Annotated[int, Field(exclude_if=lambda bands: bands == 1)] = 1


@dataclass(frozen=True, slots=True)
class Sensor:
    """How the camera measures the light and makes an image of it; the defaults change nothing.

    Attributes:
        noise_seed: Seed of the noise of this image.
        vignetting: Light falls off as the cosine of the angle of view to the power of four times this.
        red_shift_px: Pixels by which red is moved outwards, and blue inwards, in the farthest corner.
        iso: Sensitivity, from `BASE_ISO`; 0 is a sensor without noise.
        full_well_e: Electrons that a pixel holds at `BASE_ISO`.
        read_noise_e: Standard deviation of the noise of reading a pixel, in electrons.
        bits: Bits of a raw value.
        bayer: Colours of the filters; None if each pixel measures all three colours.
        demosaicing: How the colours between the filters are found.
        white_balance: Gains on red, green and blue by which the white balance is off.
        denoising: Strength of the noise reduction, 0 to 1.
        sharpening: Strength of the unsharp mask.
        jpeg_quality: Quality of the camera's own JPEG; None without.
    """

    noise_seed: int
    vignetting: float = 0.0
    red_shift_px: float = 0.0
    iso: float = 0.0
    full_well_e: float = 10000.0
    read_noise_e: float = 2.5
    bits: int = 12
    bayer: Bayer | None = None
    demosaicing: Demosaicing = "edge_aware"
    white_balance: Vec3 = (1.0, 1.0, 1.0)
    denoising: float = 0.0
    sharpening: float = 0.0
    jpeg_quality: int | None = None


@dataclass(frozen=True, slots=True)
class DepthSensor:
    """A depth camera at the place of the camera, and the errors of one image of it.

    Attributes:
        baseline_m: Distance, along the camera's x axis, of the projector or the second camera.
        noise_px: Standard deviation of the disparity.
        step_px: Smallest difference of two disparities; 0 for none.
        edge_px: Standard deviation of the shift by which edges are ragged.
        grazing_deg: Angle between line of sight and surface normal beyond which depth is missing.
        dark: Brightness of the image, 0 to 1, below which depth is missing.
        near_m, far_m: Limits of the depth that is measured.
        missing: Fraction of single pixels without depth.
        contrast: Standard deviation of the brightness in a window, below which depth is missing.
        window_px: Width of that window, in which errors are alike.
        seed: Seed of the noise.
    """

    baseline_m: float
    noise_px: float
    step_px: float
    edge_px: float
    grazing_deg: float
    dark: float
    near_m: float
    far_m: float
    missing: float
    contrast: float
    window_px: int
    seed: int


@dataclass(frozen=True, slots=True)
class Shot:
    """Camera and light of one image of a settled scene.

    If `lens` is None, the camera is a pinhole; if `motion` is None, it does not move during the exposure; if
    `sensor` is None, it measures the light without any fault; if `depth_sensor` is None, no file of measured
    depth belongs to the image.
    """

    scene: int
    view: int
    lighting: int
    camera: Camera
    light: Light
    lens: Lens | None = None
    motion: Motion | None = None
    sensor: Annotated[Sensor | None, Field(exclude_if=lambda sensor: sensor is None)] = None
    depth_sensor: Annotated[DepthSensor | None, Field(exclude_if=lambda sensor: sensor is None)] = None
