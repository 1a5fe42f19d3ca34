"""Random camera poses and intrinsics.

They are sampled after physics, so that cameras can be aimed at the final positions of the objects.
"""

from abc import abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from scenes.cameras.depthsensor import DepthSensorKind, StructuredLight
from scenes.cameras.intrinsics import Intrinsics
from scenes.cameras.sensor import SensorField, SensorSettings
from scenes.drift import bands_for
from scenes.geometry import Pose, Vec3, look_at, on_sphere, quaternion, vec3
from scenes.settings import (
    Kind,
    NonNegative,
    Positive,
    Range,
    Settings,
    ShareRange,
    as_tuple,
    one_of,
    uniform,
    within,
)
from scenes.shot import Camera, DepthSensor, Lens, Motion

Array = NDArray[np.float64]

Extra = Literal["depth", "depth_exr", "sensor_depth", "normals", "instance_ids", "semantic_ids"]
"""Names of the additional files per image, and of their folders."""

MIN_FOCUS_SHARE = 0.1
"""Smallest focus depth, as a fraction of the depth of the objects' centre."""


@dataclass(frozen=True, slots=True)
class Viewpoints:
    """Default viewpoints of a scene, which camera settings override.

    Attributes:
        azimuth_deg: Range of camera azimuths, from +x towards +y, in degrees.
        elevation_deg: Range of camera elevations above the horizontal, in degrees.
    """

    azimuth_deg: tuple[float, float] = (0.0, 360.0)
    elevation_deg: tuple[float, float] = (20.0, 75.0)


ALL_ROUND = Viewpoints()


class ImageSettings(Settings):
    """Size of the images, and the format of their files."""

    width: Annotated[int, Field(ge=16, le=8192)] = 640
    """Width of the image in pixels."""
    height: Annotated[int, Field(ge=16, le=8192)] = 480
    """Height of the image in pixels."""
    format: Literal["jpg", "png"] = "jpg"
    """File format: jpg makes small files, png is lossless."""
    jpeg_quality: Annotated[int, Field(ge=50, le=100)] = 92
    """JPEG quality, 50 to 100; not used with png."""
    extra: Annotated[tuple[Extra, ...], BeforeValidator(as_tuple)] = ()
    """Additional folders of files: depth, depth_exr, sensor_depth, normals, instance_ids, semantic_ids."""
    depth_scale_mm: Annotated[float, Field(ge=0.01, le=100)] = 1.0
    """Millimetres per unit in a 16-bit depth file; 0 means background, or farther than 65535 units."""
    normal_bits: Literal[8, 16] = 16
    """Bits per channel of the files in normals: 8 or 16."""
    depth_sensor: SerializeAsAny[Annotated[DepthSensorKind, one_of(DepthSensorKind)]] | None = None
    """Depth camera of sensor_depth, {kind: structured_light} or {kind: stereo}; null is structured_light."""

    @field_validator("extra")
    @classmethod
    def _each_once(cls, extra: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(extra)) < len(extra):
            raise ValueError("lists a file twice")
        if "depth_exr" in extra and find_spec("OpenEXR") is None:
            raise ValueError("depth_exr needs the package OpenEXR: pip install openexr, or write depth")
        return extra

    @model_validator(mode="after")
    def _measures_depth_that_is_asked_for(self) -> Self:
        if self.depth_sensor is not None and "sensor_depth" not in self.extra:
            raise ValueError("depth_sensor has no effect; add sensor_depth to extra, or set it to null")
        return self

    def draw_depth_sensor(self, rng: np.random.Generator) -> DepthSensor | None:
        """Samples the depth camera of one image; None if sensor depth is not requested.

        Args:
            rng: Generator of this image.
        """
        if "sensor_depth" not in self.extra:
            return None
        return (self.depth_sensor or StructuredLight()).draw(rng)


MAX_SKEW_PX = 64.0
"""Largest motion in pixels during a rolling-shutter readout, which takes 256 separately rendered bands."""


class CameraKind(Intrinsics, Kind):
    """Base class of camera kinds, which place cameras around the objects."""

    from_ground: ClassVar[bool] = False
    """Whether `offset` is relative to the floor below the objects' centre instead of the centre itself."""
    roll_deg: Range = (-10.0, 10.0)
    """Rotation of the camera about its viewing direction in degrees; positive is clockwise."""
    look_at_jitter: ShareRange = (0.0, 0.5)
    """Distance of the aim point from the centre of the objects, as a fraction of their bounding radius."""
    aperture_mm: NonNegative = (0.0, 0.0)
    """Lens diameter in mm: unfocused parts of the image are blurred, masks stay sharp; 0 is a pinhole."""
    focus: ShareRange = (0.3, 0.7)
    """Depth in focus: 0 is the near end of the objects, 1 the far end; not used if aperture_mm is 0."""
    motion_px: Annotated[Range, within(0.0, 64.0)] = (0.0, 0.0)
    """Image motion during the exposure in pixels, for motion blur; masks show mid-exposure; 0 is no blur."""
    sensor: SensorField = SensorSettings()
    """Effects of the camera's sensor and processing, such as noise; null switches all of them off."""

    @model_validator(mode="after")
    def _is_read_in_few_bands(self) -> Self:
        skew_px = self.motion_px[1] * self.sensor.readout[1]
        if skew_px > MAX_SKEW_PX:
            raise ValueError(
                f"motion_px times sensor.readout is {skew_px:g} px; the maximum is {MAX_SKEW_PX:g}, because "
                "the rows of an image would otherwise be rendered almost one by one; use smaller values"
            )
        return self

    def seeing(self, viewpoints: Viewpoints) -> Self:
        """Returns this camera with the defaults of `viewpoints` for settings that are None."""
        return self

    @abstractmethod
    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Returns the camera position (3,), in metres, relative to the centre of the objects.

        If `from_ground` is true, it is relative to the floor below this centre.

        Args:
            rng: Generator of this view.
            view: View index from 0.
            radius_m: Radius of the objects' bounding sphere, in metres.
            tan_half: Tangent of half the angle of view along the longer side of the image.
        """

    def aim(
        self, rng: np.random.Generator, view: int, image: ImageSettings, bounds: tuple[Vec3, float]
    ) -> Camera:
        """Samples the camera of one view: intrinsics, and a pose aimed near the centre of the objects.

        Settings in pixels, such as `fx`, must be single numbers: call `drawn` first if they are ranges.

        Args:
            rng: Generator of this view.
            view: View index from 0.
            image: Size of the image.
            bounds: Centre and radius, in metres, of the objects' bounding sphere.
        """
        fx, fy, tan_half = self.focal(rng, image.width, image.height)
        center, radius_m = np.array(bounds[0]), bounds[1]
        start = center * (1.0, 1.0, 0.0) if self.from_ground else center
        position = start + self.offset(rng, view, radius_m, tan_half)
        target = center + self._jitter(rng, radius_m)
        roll = np.radians(uniform(rng, self.roll_deg))
        pose = Pose(vec3(position), quaternion(look_at(position, target, roll)))
        return self._camera(image, fx, fy, pose)

    def of_scene(self, rng: np.random.Generator) -> Self:
        """Samples the values that all views of a scene share; the default returns this camera unchanged.

        Args:
            rng: Generator of the scene.
        """
        return self

    @property
    def over_ground(self) -> bool:
        """Whether each view shows the same part of the floor wherever the objects are."""
        return False

    def ground_seen(self, rng: np.random.Generator, view: int, image: ImageSettings) -> Array:
        """Corners (4, 2), in metres, of the floor area that a view shows, if `over_ground` is true.

        Args:
            rng: Generator of this view, as for `aim`.
            view: View index from 0.
            image: Size of the image.
        """
        raise NotImplementedError(f"what camera={self.kind} shows depends on the objects")

    def _jitter(self, rng: np.random.Generator, radius_m: float) -> Array:
        """Samples the offset (3,) of the aim point from the objects' centre. Consumes four random numbers."""
        jitter = np.array([rng.random() - 0.5, rng.random() - 0.5, rng.random() - 0.5])
        jitter *= uniform(rng, self.look_at_jitter) * radius_m / max(float(np.linalg.norm(jitter)), 1e-9)
        return jitter

    def _camera(self, image: ImageSettings, fx: float, fy: float, pose: Pose) -> Camera:
        """Returns the camera with the given pose and focal lengths in pixels."""
        cx, cy = self.principal_point(image.width, image.height)
        return Camera(image.width, image.height, fx, fy, cx, cy, pose)

    def lens(self, rng: np.random.Generator, camera: Camera, bounds: tuple[Vec3, float]) -> Lens | None:
        """Samples the lens of one view; None for a pinhole.

        Args:
            rng: Generator; always consumes two random numbers.
            camera: The view's camera.
            bounds: Centre and radius, in metres, of the objects' bounding sphere.
        """
        aperture_m = uniform(rng, self.aperture_mm) / 1000
        middle_m = _depth_of(camera, bounds[0])
        focus_m = middle_m + (2 * uniform(rng, self.focus) - 1) * bounds[1]
        return Lens(aperture_m, max(focus_m, MIN_FOCUS_SHARE * middle_m)) if aperture_m else None

    def motion(self, rng: np.random.Generator, camera: Camera, bounds: tuple[Vec3, float]) -> Motion | None:
        """Samples the motion of the camera during the exposure, a mix of rotation and translation.

        Returns None if the camera is at rest and has no rolling-shutter readout. A camera at rest with a
        readout has a motion too, because its readout matters if objects move.

        Args:
            rng: Generator; always consumes four random numbers.
            camera: The view's camera.
            bounds: Centre and radius, in metres, of the objects' bounding sphere.
        """
        length_px, angle, turning = uniform(rng, self.motion_px), 2 * np.pi * rng.random(), rng.random()
        readout = uniform(rng, self.sensor.readout)
        if not length_px and not readout:
            return None
        x, y = np.array([np.cos(angle) / camera.fx, np.sin(angle) / camera.fy]) * length_px
        shift = (1 - turning) * _depth_of(camera, bounds[0]) * np.array([-x, -y, 0.0])
        turn = turning * np.array([y, -x, 0.0])
        frames = 1 + 2 * max(int(np.ceil((length_px - 1) / 2)), 1)
        bands = bands_for(readout * length_px * _fastest(camera, bounds, turning))
        return Motion(vec3(shift), vec3(turn), frames, readout, min(max(bands, 1), camera.height))


class Shell(CameraKind):
    """Cameras at random points on part of a sphere around the objects."""

    kind: Literal["shell"] = "shell"
    elevation_deg: Annotated[Range, within(-90.0, 90.0)] | None = None
    """Elevation in degrees above the horizontal; null depends on scene.kind (20 to 75 for drop)."""
    azimuth_deg: Range | None = None
    """Azimuth in degrees, from +x towards +y; null is all round, or for shelf near its front (270)."""
    fill: Annotated[Range, within(0.05, 10.0)] = (0.5, 1.2)
    """Diameter of the pile as a fraction of the longer side of the image; determines the distance."""
    distance_m: Positive | None = None
    """Distance from the centre of the objects in metres, in place of fill; null uses fill."""

    def seeing(self, viewpoints: Viewpoints) -> Self:
        """Returns a copy with the defaults of `viewpoints` for an elevation or azimuth that is None."""
        open_to = {
            "elevation_deg": self.elevation_deg or viewpoints.elevation_deg,
            "azimuth_deg": self.azimuth_deg or viewpoints.azimuth_deg,
        }
        return self.model_copy(update=open_to)

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Samples a position: a distance, and a direction uniform on the sphere within the angle ranges."""
        low, high = np.sin(np.radians(self.elevation_deg or ALL_ROUND.elevation_deg))
        elevation = np.arcsin(np.clip(uniform(rng, (low, high)), -1.0, 1.0))
        azimuth = np.radians(uniform(rng, self.azimuth_deg or ALL_ROUND.azimuth_deg))
        fill = uniform(rng, self.distance_m or self.fill)
        distance_m = fill if self.distance_m else radius_m / np.sin(np.arctan(tan_half * fill))
        return on_sphere(float(azimuth), float(elevation)) * distance_m


class Grid(CameraKind):
    """Cameras evenly spaced on horizontal rings; the views go round the first ring, then the next."""

    kind: Literal["grid"] = "grid"
    heights_m: tuple[float, ...] = (0.3, 0.6, 0.9)
    """Heights of the rings above the centre of the objects, in metres."""
    ring_m: Annotated[float, Field(gt=0)] = 0.8
    """Radius of the rings in metres."""
    num_azimuths: Annotated[int, Field(ge=1, le=360)] = 8
    """Number of cameras on each ring."""

    @model_validator(mode="after")
    def _has_rings(self) -> "Grid":
        if not self.heights_m:
            raise ValueError("heights_m: give at least one height")
        return self

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Returns the grid point of a view; views beyond the last point start again at the first."""
        ring, step = divmod(view % (len(self.heights_m) * self.num_azimuths), self.num_azimuths)
        azimuth = 2 * np.pi * step / self.num_azimuths
        return np.array(
            [self.ring_m * np.cos(azimuth), self.ring_m * np.sin(azimuth), self.heights_m[ring]], np.float64
        )


def _depth_of(camera: Camera, point_m: Vec3) -> float:
    """Depth of a point in metres, clamped to at least 1 mm for points beside or behind the camera."""
    return max(float(camera.project(np.array([point_m]))[1][0]), 1e-3)


def _fastest(camera: Camera, bounds: tuple[Vec3, float], turning: float) -> float:
    """How many times faster the fastest point on the objects moves in the image than their centre.

    A translation moves near points faster; a rotation moves points in the image corners faster.

    Args:
        camera: The camera.
        bounds: Centre and radius, in metres, of the objects' bounding sphere.
        turning: The fraction of the motion that is rotation.
    """
    depth_m = _depth_of(camera, bounds[0])
    nearest_m = max(depth_m - bounds[1], MIN_FOCUS_SHARE * depth_m)
    x, y = max(camera.cx, camera.width - camera.cx), max(camera.cy, camera.height - camera.cy)
    corner = 1 + (x / camera.fx) ** 2 + (y / camera.fy) ** 2
    return float(turning * corner + (1 - turning) * depth_m / nearest_m)
