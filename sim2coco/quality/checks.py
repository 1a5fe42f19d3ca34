"""The checks: one class each, configured by one entry in conf/quality."""

from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from scenes.settings import Share
from sim.sample import Instance, Measures
from sim2coco.quality.judge import Check, Judged

MARGIN_PX = 3
"""Margin in pixels around labels: two for the dilation of the labels, one for the Laplacian's kernel."""
MAX_LAPLACIAN = 4 * 255
"""Largest possible absolute value of the Laplacian of 8-bit values."""
Grey = Annotated[float, Field(ge=0, le=255)]


class Visible(Check):
    """Drops labels of barely visible objects; rejects images in which an object without label is large."""

    kind: Literal["visible"] = "visible"
    min_px: Annotated[int, Field(ge=1)] = 16
    """Minimum number of visible pixels of a label."""
    min_fraction: Share = 0.05
    """Minimum visible fraction of an object with a label."""
    max_ignored: Share = 0.005
    """Images are rejected if an instance with a dropped label covers a larger fraction of them than this."""

    def drops(self, instance: Instance, measures: Measures) -> bool:
        """Whether too little of the instance is visible."""
        return measures.visible_px < self.min_px or measures.visible_fraction < self.min_fraction

    def rejects(self, judged: Judged) -> bool:
        """Whether any instance with a dropped label covers a larger image fraction than `max_ignored`."""
        limit = self.max_ignored * judged.sample.ids.size
        pairs = zip(judged.sample.instances, judged.measures, strict=True)
        return any(
            measures.visible_px > limit for instance, measures in pairs if instance.id in judged.dropped
        )


class Truncated(Check):
    """Drops labels of objects that lie mostly outside the image."""

    kind: Literal["truncated"] = "truncated"
    max_truncation: Share = 0.9
    """Maximum fraction of the object outside the image."""

    def drops(self, instance: Instance, measures: Measures) -> bool:
        """Whether too much of the instance is outside the image."""
        return instance.truncation > self.max_truncation


class Instances(Check):
    """Rejects images with too few or too many labels; scenes that are empty on purpose need none."""

    kind: Literal["instances"] = "instances"
    minimum: Annotated[int, Field(ge=0)] = 1
    """Minimum number of labels."""
    maximum: Annotated[int, Field(ge=0)] | None = None
    """Maximum number of labels; null for no limit."""

    def rejects(self, judged: Judged) -> bool:
        """Whether the number of labels is out of range."""
        labels = len(judged.measures) - len(judged.dropped)
        too_few = labels < self.minimum and not judged.empty_on_purpose
        return too_few or (self.maximum is not None and labels > self.maximum)


class TooDark(Check):
    """Rejects images without bright pixels."""

    kind: Literal["too_dark"] = "too_dark"
    min_grey: Grey = 20.0
    """Minimum of the 95th percentile of the brightness, 0..255."""

    def rejects(self, judged: Judged) -> bool:
        """Whether the 95th percentile of the brightness is below `min_grey`."""
        return judged.brightness(0.95) < self.min_grey


class TooBright(Check):
    """Rejects overexposed images."""

    kind: Literal["too_bright"] = "too_bright"
    max_grey: Grey = 235.0
    """Maximum of the 5th percentile of the brightness, 0..255."""

    def rejects(self, judged: Judged) -> bool:
        """Whether the 5th percentile of the brightness is above `max_grey`."""
        return judged.brightness(0.05) > self.max_grey


class LowContrast(Check):
    """Rejects images of nearly uniform brightness."""

    kind: Literal["low_contrast"] = "low_contrast"
    min_std: Grey = 4.0
    """Minimum standard deviation of the brightness, 0..255."""

    def rejects(self, judged: Judged) -> bool:
        """Whether the standard deviation of the brightness is below `min_std`."""
        _, deviation = cv2.meanStdDev(judged.grey)
        return bool(deviation[0, 0] < self.min_std)


class Blurred(Check):
    """Rejects images whose objects have no sharp edges; accepts images without labels."""

    kind: Literal["blurred"] = "blurred"
    min_laplacian: Annotated[float, Field(ge=0)] = 6.0
    """Minimum of the 99th percentile of the absolute Laplacian, in grey levels, on and around labels."""

    def rejects(self, judged: Judged) -> bool:
        """Whether the 99th percentile of |Laplacian| on and around labels is below `min_laplacian`."""
        boxes = np.array([measures.box_xyxy for measures in judged.measures if measures.box_xyxy])
        if not len(boxes):
            return False
        x0, y0 = np.maximum(boxes[:, :2].min(axis=0) - MARGIN_PX, 0)
        x1, y1 = boxes[:, 2:].max(axis=0) + MARGIN_PX
        part = np.s_[y0:y1, x0:x1]
        labels = (judged.sample.ids[part] > 0).astype(np.uint8)
        around = cv2.dilate(labels, np.ones((5, 5), np.uint8))
        edges = np.abs(cv2.Laplacian(judged.grey[part], cv2.CV_16S)).view(np.uint16)
        counts = cv2.calcHist([edges], [0], around, [MAX_LAPLACIAN + 1], [0, MAX_LAPLACIAN + 1]).ravel()
        return percentile(counts, 0.99) < self.min_laplacian


def percentile(counts: ArrayLike, fraction: float) -> float:
    """Returns a quantile of integers, computed from their histogram.

    The result equals `numpy.quantile` with its default method, linear interpolation.

    Args:
        counts: (n,), how often each integer from 0 to n - 1 occurs.
        fraction: The quantile, 0..1.
    """
    last = np.cumsum(counts, dtype=np.float64)
    place = fraction * (last[-1] - 1)
    below, above = np.searchsorted(last, [np.floor(place), np.ceil(place)], side="right")
    return float(below + (above - below) * (place - np.floor(place)))
