"""Depth cameras: errors and missing values of real sensors, sampled for each image."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenes.settings import Kind, NonNegative, Positive, Range, Share, ShareRange, uniform, within
from scenes.shot import DepthSensor


class DepthSensorKind(Kind):
    """Base class of depth cameras, which measure the disparity between two viewpoints side by side."""

    baseline_m: Positive = (0.075, 0.075)
    """Distance in metres of the projector or second camera, which is to the right of the camera."""
    noise_px: NonNegative = (0.05, 0.15)
    """Standard deviation of the disparity noise in pixels; depth noise grows with the squared depth."""
    step_px: NonNegative = (0.125, 0.125)
    """Quantization step of the disparity, in pixels; a larger step makes coarser depth; 0 is continuous."""
    edge_px: NonNegative = (0.3, 0.8)
    """Standard deviation of random shifts in pixels that make depth edges ragged; 0 keeps edges exact."""
    grazing_deg: Annotated[Range, within(0.0, 90.0)] = (75.0, 85.0)
    """Angle between line of sight and surface normal beyond which depth is missing."""
    dark: ShareRange = (0.02, 0.06)
    """Brightness of the image, 0 to 1, below which depth is missing."""
    missing: Share = 0.002
    """Fraction of pixels that lose their depth at random."""
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
    """Distance in metres of the second camera, which is to the right of the first."""
    step_px: NonNegative = (0.03125, 0.03125)
    """Quantization step of the disparity, in pixels; a larger step makes coarser depth; 0 is continuous."""
    contrast: ShareRange = (0.004, 0.012)
    """Contrast below which depth is missing: standard deviation of the brightness, 0 to 1, in the window."""
    window_px: Annotated[int, Field(ge=3, le=41)] = 9
    """Width in pixels of the window that is matched between the two images."""

    @property
    def least_contrast(self) -> tuple[float, float]:
        """Range of the contrast threshold: depth is missing where the image contrast is lower."""
        return self.contrast

    @property
    def window(self) -> int:
        """Width in pixels of the neighbourhood in which errors are correlated."""
        return self.window_px
