"""The camera kind `handheld`: views at eye height, as from a person looking at the objects."""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from scenes.cameras.camera import ALL_ROUND, Array, CameraKind, Viewpoints
from scenes.settings import Positive, Range, uniform, within

NEAREST = 0.3
"""Smallest horizontal distance from the objects' centre, as a fraction of the camera height."""


class Handheld(CameraKind):
    """Handheld cameras at eye height around the objects: not level, and not quite centred."""

    kind: Literal["handheld"] = "handheld"
    from_ground: ClassVar[bool] = True
    fov_deg: Annotated[Range, within(5.0, 120.0)] = (45.0, 75.0)
    """Angle of view along the longer side of the image, in degrees; not used if fx and fy are set."""
    roll_deg: Range = (-5.0, 5.0)
    """Rotation of the camera about its viewing direction in degrees; positive is clockwise."""
    height_m: Positive = (1.1, 1.8)
    """Height of the camera above the floor in metres: 1.1 for a person who sits, 1.6 for one who stands."""
    azimuth_deg: Range | None = None
    """Azimuth in degrees, from +x towards +y; null is all round, or for shelf near its front (270)."""
    fill: Annotated[Range, within(0.05, 10.0)] = (0.3, 1.0)
    """Diameter of the pile / longer side of the image; less if height_m forces a larger distance."""
    distance_m: Positive | None = None
    """Horizontal distance from the centre of the objects in metres, in place of fill; null uses fill."""

    def seeing(self, viewpoints: Viewpoints) -> Self:
        """Returns these settings; if they have no azimuth range, with the azimuth range of `viewpoints`."""
        return self.model_copy(update={"azimuth_deg": self.azimuth_deg or viewpoints.azimuth_deg})

    def offset(self, rng: np.random.Generator, view: int, radius_m: float, tan_half: float) -> Array:
        """Samples a camera position (3,) at eye height, in metres.

        It is relative to the point of the floor below the centre of the objects.
        """
        height_m = uniform(rng, self.height_m)
        azimuth = np.radians(uniform(rng, self.azimuth_deg or ALL_ROUND.azimuth_deg))
        fill = uniform(rng, self.distance_m or self.fill)
        away_m = radius_m / np.sin(np.arctan(tan_half * fill))
        aside_m = max(float(np.sqrt(max(away_m**2 - height_m**2, 0.0))), NEAREST * height_m)
        aside_m = fill if self.distance_m else aside_m
        return np.array([aside_m * np.cos(azimuth), aside_m * np.sin(azimuth), height_m])
