"""Camera, light, lens and motion of one image, as plain values.

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
"""ISO sensitivity at which a sensor uses the full well capacity of its pixels."""

Bayer = Literal["rggb", "bggr", "grbg", "gbrg"]
"""Colour filters of the 2x2 Bayer pattern, row by row."""
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
        """Rays through pixel coordinates (..., 2): x and y (..., 2) at depth 1 in the camera frame."""
        points = (pixels - (self.cx, self.cy)) / (self.fx, self.fy)
        return points if self.distortion is None else self.distortion.undistort(points)


@dataclass(frozen=True, slots=True)
class Lamp:
    """A directional light in addition to the sun; `Light` describes the attributes."""

    direction: Vec3
    color_rgb: Vec3
    diffuse: float
    shadow: float
    softness: float


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment map and its use.

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
        warmth: White balance: the gain is 1 + warmth on red and 1 - warmth on blue.
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

        The first element is this light itself, including its sky. One `Light` per lamp follows, in which the
        lamp replaces the sun and `ambient` is 0.
        """
        others = (replace(self, ambient=0.0, lamps=(), **asdict(lamp)) for lamp in self.lamps)
        return self, *others

    @property
    def white_balance(self) -> Vec3:
        """The camera's gain on red, green and blue."""
        return 1 + self.warmth, 1.0, 1 - self.warmth


@dataclass(frozen=True, slots=True)
class Lens:
    """A thin lens with diameter `aperture_m`, focused at depth `focus_m`."""

    aperture_m: float
    focus_m: float


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of the camera during the exposure, in the camera frame.

    `Camera.pose` is the pose at the middle of the exposure.

    Attributes:
        shift_m: Translation from the start to the end of the exposure.
        turn_rad: Rotation vector (axis times angle) from the start to the end of the exposure.
        frames: Number of instants of the exposure over which the image is averaged; an odd number.
        readout: Time from the exposure of the first row to the exposure of the last row, divided by the
            exposure time. The middle row is exposed at `Camera.pose`. 0 exposes all rows at once.
        bands: Number of row bands of equal height; the rows of a band are exposed at once.
    """

    shift_m: Vec3
    turn_rad: Vec3
    frames: int
    readout: Annotated[float, Field(exclude_if=lambda readout: not readout)] = 0.0
    bands: Annotated[int, Field(exclude_if=lambda bands: bands == 1)] = 1


@dataclass(frozen=True, slots=True)
class Sensor:
    """Sensor and image signal processing of the camera; with the defaults, the image is unchanged.

    Attributes:
        noise_seed: Seed of the noise of this image.
        vignetting: Light falls off as cos(angle to the optical axis) ** (4 * vignetting).
        red_shift_px: Shift of red outwards, and of blue inwards, in the farthest corner, in pixels.
        iso: ISO sensitivity, at least `BASE_ISO`; 0 is a sensor without noise.
        full_well_e: Full well capacity of a pixel, in electrons.
        read_noise_e: Standard deviation of the read noise of a pixel, in electrons.
        bits: Bit depth of a raw value.
        bayer: Bayer pattern; None if each pixel measures all three colours.
        demosaicing: Demosaicing method.
        white_balance: Errors of the white balance, as gains on red, green and blue.
        denoising: Strength of the noise reduction, 0 to 1.
        sharpening: Strength of the unsharp mask.
        jpeg_quality: Quality of the in-camera JPEG; None for no JPEG.
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
    """A depth camera at the pose of the colour camera, and its errors in one image.

    Attributes:
        baseline_m: Distance of the projector or the second camera along the camera's x axis.
        noise_px: Standard deviation of the disparity noise.
        step_px: Quantization step of the disparity; 0 for none.
        edge_px: Standard deviation of the random shift that makes edges ragged.
        grazing_deg: Angle between line of sight and surface normal beyond which depth is missing.
        dark: Depth is missing where the mean brightness in a window, 0 to 1, is lower than this.
        near_m, far_m: Smallest and largest measured depth.
        missing: Fraction of pixels, at random places, without depth.
        contrast: Depth is missing where the standard deviation of the brightness in a window is lower than
            this.
        window_px: Width of the window that `dark` and `contrast` use. Errors of pixels within this distance
            are correlated.
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

    If `lens` is None, the camera is a pinhole; if `motion` is None, nothing moves during the exposure; if
    `sensor` is None, the sensor is ideal; if `depth_sensor` is None, the image has no sensor depth file.
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
