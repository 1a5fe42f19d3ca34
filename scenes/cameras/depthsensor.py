"""Depth cameras: errors and missing values of real sensors, sampled for each image."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenes.settings import Kind, NonNegative, Positive, Range, Share, ShareRange, uniform, within
from scenes.shot import DepthSensor


class DepthSensorKind(Kind):
    """Base class of depth cameras, which measure the disparity between two viewpoints side by side."""

    baseline_m: Positive = (0.075, 0.075)
    """Distance of the projector or the second camera, which is to the right of the camera, in metres."""
    noise_px: NonNegative = (0.05, 0.15)
    """Standard deviation of the measured disparity, in pixels; the error of depth grows with its square."""
    step_px: NonNegative = (0.125, 0.125)
    """Smallest difference of two disparities, in pixels, which makes depth come in steps; 0 for none."""
    edge_px: NonNegative = (0.3, 0.8)
    """Standard deviation of the shift, in pixels, that makes edges ragged."""
    grazing_deg: Annotated[Range, within(0.0, 90.0)] = (75.0, 85.0)
    """Angle between line of sight and surface normal beyond which depth is missing."""
    dark: ShareRange = (0.02, 0.06)
    """Brightness of the image, 0 to 1, below which depth is missing."""
    missing: Share = 0.002
    """Fraction of single pixels without depth."""
    near_m: NonNegative = (0.1, 0.1)
    """Smallest depth that is measured, in metres."""
    far_m: Positive = (8.0, 8.0)
    """Largest depth that is measured, in metres."""

    def draw(self, rng: np.random.Generator) -> DepthSensor:
        """Samples the errors of one image.

        Args:
            rng: Generator of this image; always consumes ten random numbers.
        """
        names = ("baseline_m", "noise_px", "step_px", "edge_px", "grazing_deg", "dark", "near_m", "far_m")
        drawn = {name: uniform(rng, getattr(self, name)) for name in names}
        contrast, seed = uniform(rng, self.least_contrast), int(rng.integers(2**31))
        return DepthSensor(**drawn, missing=self.missing, contrast=contrast, window_px=self.window, seed=seed)

    @property
    def least_contrast(self) -> tuple[float, float]:
        """Range of the contrast threshold: depth is missing where the image contrast is lower."""
        return 0.0, 0.0

    @property
    def window(self) -> int:
        """Width in pixels of the neighbourhood in which errors are correlated."""
        return 3


class StructuredLight(DepthSensorKind):
    """A pattern projector and a camera, like the first Kinect."""

    kind: Literal["structured_light"] = "structured_light"


class Stereo(DepthSensorKind):
    """Two cameras; surfaces without texture have no depth."""

    kind: Literal["stereo"] = "stereo"
    baseline_m: Positive = (0.05, 0.05)
    """Distance of the second camera, which is to the right of the camera, in metres."""
    step_px: NonNegative = (0.03125, 0.03125)
    """Smallest difference of two disparities, in pixels, which makes depth come in steps; 0 for none."""
    contrast: ShareRange = (0.004, 0.012)
    """Standard deviation of the brightness, 0 to 1, in the window below which depth is missing."""
    window_px: Annotated[int, Field(ge=3, le=41)] = 9
    """Width of the window that is compared in both images, in pixels."""

    @property
    def least_contrast(self) -> tuple[float, float]:
        """Range of the contrast threshold: depth is missing where the image contrast is lower."""
        return self.contrast

    @property
    def window(self) -> int:
        """Width in pixels of the neighbourhood in which errors are correlated."""
        return self.window_px
