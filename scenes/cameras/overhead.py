"""The camera kind `overhead`: views from a drone, an aircraft or a mount above a table."""

from typing import Annotated, Literal

import numpy as np
from pydantic import model_validator

from scenes.cameras.camera import Array, CameraKind, ImageSettings
from scenes.geometry import Pose, Vec3, camera_axes, quaternion, vec3
from scenes.settings import Positive, Range, ShareRange, uniform, within
from scenes.shot import Camera
from scenes.spec import RejectedDraw

MIN_DESCENT = 0.1
"""Smallest downward component of a viewing ray in `ground_seen`. Flatter rays are replaced by rays with this
component, because they end very far away or never reach the ground."""


class Overhead(CameraKind):
    """Cameras above the ground that look straight down, or tilted, at a given altitude and ground resolution.

    The user gives two of altitude, lens, and size of the ground in the image; the third follows from them.
    """

    kind: Literal["overhead"] = "overhead"
    altitude_m: Positive | None = None
    """Height of the camera above the ground in metres; null computes it from lens and ground."""
    gsd_m: Positive | None = None
    """Ground sample distance, metres of ground for each pixel, in the middle of the image."""
    extent_m: Positive | None = None
    """Metres of ground along the longer side of the image, in place of gsd_m; null uses gsd_m."""
    fill: Annotated[Range, within(0.05, 10.0)] = (0.5, 1.0)
    """Diameter of the pile / longer image side; not used with altitude_m, gsd_m or extent_m."""
    tilt_deg: Annotated[Range, within(0.0, 60.0)] = (0.0, 0.0)
    """Angle between the viewing direction and straight down, in degrees."""
    azimuth_deg: Range = (0.0, 360.0)
    """Azimuth of the image's upward direction and of the tilt, in degrees, from +x towards +y; 90 is +y."""
    roll_deg: Range = (0.0, 0.0)
    """Rotation of the camera about its viewing direction in degrees; positive is clockwise."""
    look_at_jitter: ShareRange = (0.0, 0.0)
    """Distance of the aim point from its default, as a fraction of the objects' bounding radius."""

    @model_validator(mode="after")
    def _two_of_three(self) -> "Overhead":
        if self.gsd_m and self.extent_m:
            raise ValueError("give gsd_m or extent_m, not both")
        if self.altitude_m and self._has_ground and self.fx is not None:
            raise ValueError(
                "altitude_m with gsd_m or extent_m determines the focal length; "
                "remove fx and fy, or the calibration that sets them"
            )
        return self

    @property
    def _has_ground(self) -> bool:
        """Whether the ground resolution or ground size is given."""
        return self.gsd_m is not None or self.extent_m is not None

    @property
    def over_ground(self) -> bool:
        """Whether the views show a part of the floor that does not depend on the objects."""
        known = self.altitude_m is not None or self._has_ground
        return known and self.look_at_jitter[1] == 0

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Returns the camera position relative to the aim point, for a camera that looks straight down.

        If `altitude_m` is None, the longer side of the image shows a length of 2 * `radius_m` at the aim
        point. The arguments are described in `CameraKind.offset`.
        """
        altitude_m = uniform(rng, self.altitude_m or (0.0, 0.0))
        return np.array([0.0, 0.0, altitude_m if self.altitude_m else radius_m / tan_half])

    def aim(
        self, rng: np.random.Generator, view: int, image: ImageSettings, bounds: tuple[Vec3, float]
    ) -> Camera:
        """Samples the camera of one view.

        The camera is aimed at the world origin if the altitude, the ground resolution or the ground size is
        set. Otherwise, it is aimed at the centre of the objects, and `fill` refers to the height of this
        centre.

        Args:
            rng: Generator of this view.
            view: View index from 0.
            image: Size of the image.
            bounds: Centre and radius, in metres, of the objects' bounding sphere.
        """
        fx, fy, tan_half = self.focal(rng, image.width, image.height)
        if self.gsd_m and self.distortion.kind != "none":
            # The ground resolution is defined at the principal point, where distortion has no effect.
            tan_half = max(image.width / fx, image.height / fy) / 2
        extent_m = self._extent_m(rng, image, bounds[1])
        tilt, azimuth, roll = (
            np.radians(uniform(rng, degrees)) for degrees in (self.tilt_deg, self.azimuth_deg, self.roll_deg)
        )
        target = self._middle(bounds[0]) + self._jitter(rng, bounds[1]) * (1.0, 1.0, 0.0)
        distance_m = float(self.offset(rng, view, extent_m / 2, tan_half)[2])
        if self.altitude_m:
            distance_m /= np.cos(tilt)
            zoom = 2 * distance_m * tan_half / extent_m if self._has_ground else 1.0
            fx, fy = fx * zoom, fy * zoom
            if self.extent_m and self.distortion.kind != "none":
                fx, fy = self._focal_px(extent_m / 2 / distance_m, image.width, image.height)
        forward = np.array([np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), -np.cos(tilt)])
        right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
        pose = Pose(vec3(target - distance_m * forward), quaternion(camera_axes(forward, right, roll)))
        return self._camera(image, fx, fy, pose)

    def _middle(self, center: Vec3) -> Array:
        """The aim point (3,) without jitter: the origin if altitude or ground is given, else `center`."""
        return np.zeros(3) if self.altitude_m or self._has_ground else np.array(center)

    @property
    def narrowed_by(self) -> str:
        """Names the settings to change for a narrower angle of view, for an error message."""
        if self.altitude_m and self._has_ground:
            return f"a larger camera.altitude_m, or a smaller camera.{'gsd_m' if self.gsd_m else 'extent_m'}"
        return super().narrowed_by

    def _shortest_focal(self, width: int, height: int) -> tuple[float, float]:
        """The shortest focal lengths in pixels that a view may have, along x and y."""
        if not self.altitude_m or not self._has_ground:
            return super()._shortest_focal(width, height)
        distance_m = float(self.altitude_m[0] / np.cos(np.radians(self.tilt_deg[0])))
        if self.gsd_m:
            return distance_m / self.gsd_m[1], distance_m / self.gsd_m[1]
        assert self.extent_m is not None
        return self._focal_px(self.extent_m[1] / 2 / distance_m, width, height)

    def _extent_m(self, rng: np.random.Generator, image: ImageSettings, radius_m: float) -> float:
        """Samples the length, in metres, that the longer image side shows; consumes one random number."""
        if self.gsd_m:
            return uniform(rng, self.gsd_m) * max(image.width, image.height)
        return uniform(rng, self.extent_m) if self.extent_m else 2 * radius_m / uniform(rng, self.fill)

    def ground_seen(self, rng: np.random.Generator, view: int, image: ImageSettings) -> Array:
        """Corners (4, 2), in metres, of the floor area that a view shows.

        Must only be called if `over_ground` is true.

        Args:
            rng: Generator of this view, as for `aim`.
            view: View index from 0.
            image: Size of the image.

        Raises:
            RejectedDraw: `lens_folds` if the distortion folds over in the image.
        """
        camera = self.distorted(self.aim(rng, view, image, ((0.0, 0.0, 0.0), 1.0)))
        if camera.distortion is not None and camera.distortion.folds:
            raise RejectedDraw("lens_folds")
        corners = np.array([[0, 0], [image.width, 0], [image.width, image.height], [0, image.height]], float)
        rays = np.column_stack([camera.rays(corners), np.ones(4)]) @ camera.pose.rotation().T
        descent = np.maximum(-rays[:, 2], MIN_DESCENT * np.linalg.norm(rays, axis=1))
        position = np.array(camera.pose.position_m)
        return np.asarray(position[:2] + rays[:, :2] * (position[2] / descent)[:, None])
