"""The camera kind `orbit`: a sequence of views on a circle around the objects."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from scenes.cameras.camera import ALL_ROUND, Array, CameraKind, Viewpoints
from scenes.geometry import on_sphere
from scenes.settings import Positive, Range, ShareRange, uniform, within

OF_SCENE = ("fov_deg", "elevation_deg", "fill", "distance_m")
"""Settings that are sampled once per scene."""
FULL_DEG = 360.0
ROUNDING_DEG = 1e-6
"""An arc counts as a full circle if it is at most this much shorter than 360 degrees."""


class Orbit(CameraKind):
    """Cameras evenly spaced on a circle around the objects; all views of a scene have one lens and height."""

    kind: Literal["orbit"] = "orbit"
    roll_deg: Range = (0.0, 0.0)
    """Rotation of the camera about its viewing direction in degrees; positive is clockwise."""
    look_at_jitter: ShareRange = (0.0, 0.0)
    """Distance of the aim point from the centre of the objects, as a fraction of their bounding radius."""
    num_azimuths: Annotated[int, Field(ge=1, le=360)] = 12
    """Number of camera positions on the circle; a scene uses all of them if views is as large."""
    elevation_deg: Annotated[Range, within(-90.0, 90.0)] | None = None
    """Elevation of the circle in degrees, sampled once per scene; null depends on scene.kind."""
    azimuth_deg: Range | None = None
    """Arc in degrees, from +x towards +y; 360 starts anywhere; null is 360, or for shelf its front."""
    fill: Annotated[Range, within(0.05, 10.0)] = (0.6, 1.0)
    """Diameter of the pile as a fraction of the longer side of the image; sampled once per scene."""
    distance_m: Positive | None = None
    """Distance from the centre of the objects in metres, in place of fill; null uses fill."""

    def seeing(self, viewpoints: Viewpoints) -> Self:
        """Returns a copy with the defaults of `viewpoints` for an elevation or azimuth that is None."""
        elevation_deg = self.elevation_deg or viewpoints.elevation_deg
        azimuth_deg = self.azimuth_deg or viewpoints.azimuth_deg
        return self.model_copy(update={"elevation_deg": elevation_deg, "azimuth_deg": azimuth_deg})

    def of_scene(self, rng: np.random.Generator) -> Self:
        """Samples the circle of one scene; a full circle begins at a random azimuth.

        Args:
            rng: Generator of the scene.
        """
        given = self.seeing(ALL_ROUND)
        drawn = {name: uniform(rng, getattr(given, name) or (0.0, 0.0)) for name in OF_SCENE}
        kept = {name: (value, value) for name, value in drawn.items() if getattr(given, name) is not None}
        start, (low, high) = FULL_DEG * rng.random(), given.azimuth_deg or ALL_ROUND.azimuth_deg
        arc = (low + start, high + start) if high - low >= FULL_DEG - ROUNDING_DEG else (low, high)
        return given.drawn(rng).model_copy(update={**kept, "azimuth_deg": arc})

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Returns the position of a view; views beyond the last position start again at the first."""
        low, high = self.azimuth_deg or ALL_ROUND.azimuth_deg
        whole = high - low >= FULL_DEG - ROUNDING_DEG
        steps = self.num_azimuths if whole else max(self.num_azimuths - 1, 1)
        span_deg = FULL_DEG if whole else high - low
        azimuth = np.radians(low + span_deg * (view % self.num_azimuths) / steps)
        elevation = np.radians(uniform(rng, self.elevation_deg or ALL_ROUND.elevation_deg))
        fill = uniform(rng, self.distance_m or self.fill)
        distance_m = fill if self.distance_m else radius_m / np.sin(np.arctan(tan_half * fill))
        return on_sphere(float(azimuth), float(elevation)) * distance_m
