"""Where cameras stand, and what they look at; drawn after settling, so they can aim at the pile."""

from abc import abstractmethod
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scenes.geometry import Pose, Vec3, look_at, on_sphere, quaternion, vec3
from scenes.settings import Kind, NonNegative, Positive, Range, Settings, ShareRange, uniform, within
from scenes.shot import Camera, Lens, Motion

Array = NDArray[np.float64]

NEAREST = 0.1
"""A lens is in focus no nearer than at this share of the depth of the middle of the objects."""


class ImageSettings(Settings):
    """The size of a picture, and the format of its file."""

    width: Annotated[int, Field(ge=16, le=8192)] = 640
    """Pixels."""
    height: Annotated[int, Field(ge=16, le=8192)] = 480
    """Pixels."""
    format: Literal["jpg", "png"] = "jpg"
    """jpg is small; png loses nothing."""
    jpeg_quality: Annotated[int, Field(ge=50, le=100)] = 92
    """JPEG quality; unused with png."""


class CameraKind(Kind):
    """A way to place cameras around the objects."""

    fov_deg: Annotated[Range, within(5.0, 120.0)] = (40.0, 60.0)
    """Angle of view over the longer side of the image; unused where fx and fy are given."""
    fx: Annotated[float, Field(gt=0)] | None = None
    """Focal length in pixels, instead of fov_deg."""
    fy: Annotated[float, Field(gt=0)] | None = None
    """Focal length in pixels, instead of fov_deg."""
    cx: float | None = None
    """Principal point in pixels, edges at integers; null is the middle."""
    cy: float | None = None
    """Principal point in pixels, edges at integers; null is the middle."""
    roll_deg: Range = (-10.0, 10.0)
    """Turn about the viewing direction."""
    look_at_jitter: ShareRange = (0.0, 0.5)
    """How far beside the middle of the objects the camera aims, as a share of their radius."""
    aperture_mm: NonNegative = (0.0, 0.0)
    """Diameter of the lens: what is out of focus is blurred, never a mask; 0 is a pinhole, sharp all over."""
    focus: ShareRange = (0.3, 0.7)
    """What is in focus: 0 is the near end of the objects, 1 the far end; unused where aperture_mm is 0."""
    motion_px: Annotated[Range, within(0.0, 64.0)] = (0.0, 0.0)
    """How far objects move in the picture while it is taken; masks are those of the middle of that time."""

    @model_validator(mode="after")
    def _both_focal_lengths(self) -> "CameraKind":
        if (self.fx is None) != (self.fy is None):
            raise ValueError("give both fx and fy, or neither")
        return self

    @abstractmethod
    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Where the camera stands, (3,), seen from the middle of the objects.

        Args:
            rng: The view's own generator.
            view: View index from 0.
            radius_m: Radius of the sphere that holds the objects.
            tan_half: Tangent of half the angle of view over the longer side.
        """

    def aim(
        self, rng: np.random.Generator, view: int, image: ImageSettings, bounds: tuple[Vec3, float]
    ) -> Camera:
        """The camera of one view.

        Args:
            rng: The view's own generator.
            view: View index from 0.
            image: Size of the picture.
            bounds: Centre and radius, in metres, of the sphere that holds the objects.
        """
        fx, fy, tan_half = self._focal(rng, image)
        center, radius_m = np.array(bounds[0]), bounds[1]
        position = center + self.offset(rng, view, radius_m, tan_half)
        jitter = np.array([rng.random() - 0.5, rng.random() - 0.5, rng.random() - 0.5])
        jitter *= uniform(rng, self.look_at_jitter) * radius_m / max(float(np.linalg.norm(jitter)), 1e-9)
        roll = np.radians(uniform(rng, self.roll_deg))
        pose = Pose(vec3(position), quaternion(look_at(position, center + jitter, roll)))
        cx = image.width / 2 if self.cx is None else self.cx
        cy = image.height / 2 if self.cy is None else self.cy
        return Camera(image.width, image.height, fx, fy, cx, cy, pose)

    def lens(self, rng: np.random.Generator, camera: Camera, bounds: tuple[Vec3, float]) -> Lens | None:
        """The lens of one view; None for a pinhole. Always two draws.

        Args:
            rng: Generator.
            camera: The view's camera.
            bounds: Centre and radius, in metres, of the sphere that holds the objects.
        """
        aperture_m = uniform(rng, self.aperture_mm) / 1000
        middle_m = _depth_of(camera, bounds[0])
        focus_m = middle_m + (2 * uniform(rng, self.focus) - 1) * bounds[1]
        return Lens(aperture_m, max(focus_m, NEAREST * middle_m)) if aperture_m else None

    def motion(self, rng: np.random.Generator, camera: Camera, bounds: tuple[Vec3, float]) -> Motion | None:
        """How the camera moves while one view is taken, partly turning, partly shifting; None if it is still.

        Args:
            rng: Generator; always three draws.
            camera: The view's camera.
            bounds: Centre and radius, in metres, of the sphere that holds the objects.
        """
        length_px, angle, turning = uniform(rng, self.motion_px), 2 * np.pi * rng.random(), rng.random()
        if not length_px:
            return None
        x, y = np.array([np.cos(angle) / camera.fx, np.sin(angle) / camera.fy]) * length_px
        shift = (1 - turning) * _depth_of(camera, bounds[0]) * np.array([-x, -y, 0.0])
        turn = turning * np.array([y, -x, 0.0])
        return Motion(vec3(shift), vec3(turn), 1 + 2 * max(int(np.ceil((length_px - 1) / 2)), 1))

    def _focal(self, rng: np.random.Generator, image: ImageSettings) -> tuple[float, float, float]:
        """Focal lengths in pixels, and the tangent of half the angle of view over the longer side.

        An angle that is drawn does not depend on the image, so another image size moves no camera.
        """
        tan_half = float(np.tan(np.radians(uniform(rng, self.fov_deg)) / 2))
        if self.fx is not None and self.fy is not None:
            return self.fx, self.fy, max(image.width / self.fx, image.height / self.fy) / 2
        focal_px = max(image.width, image.height) / 2 / tan_half
        return focal_px, focal_px, tan_half


class Shell(CameraKind):
    """Cameras anywhere on a part of a sphere around the objects."""

    kind: Literal["shell"] = "shell"
    elevation_deg: Annotated[Range, within(-90.0, 90.0)] = (20.0, 75.0)
    """Angle above the horizon."""
    azimuth_deg: Range = (0.0, 360.0)
    """Compass angle, from +x towards +y."""
    fill: Annotated[Range, within(0.05, 10.0)] = (0.5, 1.2)
    """Diameter of the pile as a share of the longer side of the view; sets the distance."""
    distance_m: Positive | None = None
    """Distance from the middle of the objects, instead of fill."""

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """A point at a drawn distance, uniform over the part of the sphere."""
        low, high = np.sin(np.radians(self.elevation_deg))
        elevation = np.arcsin(np.clip(uniform(rng, (low, high)), -1.0, 1.0))
        azimuth = np.radians(uniform(rng, self.azimuth_deg))
        fill = uniform(rng, self.distance_m or self.fill)
        distance_m = fill if self.distance_m else radius_m / np.sin(np.arctan(tan_half * fill))
        return on_sphere(float(azimuth), float(elevation)) * distance_m


class Grid(CameraKind):
    """Cameras on rings: view after view goes round the lowest ring, then the next."""

    kind: Literal["grid"] = "grid"
    heights_m: tuple[float, ...] = (0.3, 0.6, 0.9)
    """Heights of the rings above the middle of the objects."""
    ring_m: Annotated[float, Field(gt=0)] = 0.8
    """Radius of the rings."""
    num_azimuths: Annotated[int, Field(ge=1, le=360)] = 8
    """Cameras on a ring."""

    @model_validator(mode="after")
    def _has_rings(self) -> "Grid":
        if not self.heights_m:
            raise ValueError("heights_m: give at least one height")
        return self

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """The grid point of a view; after the last one the first comes again."""
        ring, step = divmod(view % (len(self.heights_m) * self.num_azimuths), self.num_azimuths)
        azimuth = 2 * np.pi * step / self.num_azimuths
        return np.array(
            [self.ring_m * np.cos(azimuth), self.ring_m * np.sin(azimuth), self.heights_m[ring]], np.float64
        )


def _depth_of(camera: Camera, point_m: Vec3) -> float:
    """The depth of a point in metres, above 0 wherever it is."""
    return max(float(camera.project(np.array([point_m]))[1][0]), 1e-3)
