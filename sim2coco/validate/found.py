"""What a detector has found in an image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Objects that a detector has found in an image, the most certain first.

    Attributes:
        boxes: x0, y0, x1, y1 in pixels, of shape (n, 4).
        scores: From 0 to 1, of shape (n,).
        classes: Class of each, of shape (n,).
    """

    boxes: Numbers
    scores: Numbers
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of objects."""
        return len(self.scores)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Found":
        """Some of them."""
        return Found(self.boxes[which], self.scores[which], self.classes[which])

    def above(self, score: float) -> "Found":
        """Those with at least this score."""
        return self.chosen(self.scores >= score)

    def placed(self, scale: float, width: int, height: int) -> "Found":
        """The same in an image that was scaled by `scale`; boxes end at its edges."""
        boxes = self.boxes / scale
        limits = np.array([width, height, width, height], np.float64)
        return Found(np.clip(boxes, 0.0, limits), self.scores, self.classes)

    def without_doubles(self, overlap: float) -> "Found":
        """Without boxes that overlap a more certain one of their class by more than this IoU."""
        close = (iou(self.boxes, self.boxes) > overlap) & (self.classes[:, None] == self.classes[None])
        kept: list[int] = []
        for index in range(len(self)):
            if not close[index, kept].any():
                kept.append(index)
        return self.chosen(np.array(kept, np.int64))


def iou(one: Numbers, two: Numbers) -> Numbers:
    """The IoU of each box of one with each of two: of shape (n, m)."""
    low = np.maximum(one[:, None, :2], two[None, :, :2])
    high = np.minimum(one[:, None, 2:], two[None, :, 2:])
    common = np.prod(np.clip(high - low, 0.0, None), axis=2)
    areas = [np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None), axis=1) for boxes in (one, two)]
    union = areas[0][:, None] + areas[1][None] - common
    return np.asarray(common / np.maximum(union, 1e-9))
