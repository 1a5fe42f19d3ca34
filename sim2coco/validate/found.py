"""The detections in an image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The detections in an image, in descending order of score.

    Attributes:
        boxes: (n, 4), x0, y0, x1, y1 in pixels.
        scores: (n,), from 0 to 1.
        classes: (n,), class of each detection.
    """

    boxes: Numbers
    scores: Numbers
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        """Returns the number of detections."""
        return len(self.scores)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Found":
        """Returns the detections selected by a mask or by indices."""
        return Found(self.boxes[which], self.scores[which], self.classes[which])

    def above(self, score: float) -> "Found":
        """Returns the detections with at least this score."""
        return self.chosen(self.scores >= score)

    def placed(self, scale: float, width: int, height: int) -> "Found":
        """Divides the boxes by `scale`, and clips them to the original image, of size `width` x `height`."""
        boxes = self.boxes / scale
        limits = np.array([width, height, width, height], np.float64)
        return Found(np.clip(boxes, 0.0, limits), self.scores, self.classes)

    def without_doubles(self, overlap: float) -> "Found":
        """Returns the detections that remain after non-maximum suppression in each class.

        Args:
            overlap: The IoU above which the detection with the lower score is removed.
        """
        close = (iou(self.boxes, self.boxes) > overlap) & (self.classes[:, None] == self.classes[None])
        kept: list[int] = []
        for index in range(len(self)):
            if not close[index, kept].any():
                kept.append(index)
        return self.chosen(np.array(kept, np.int64))


def iou(one: Numbers, two: Numbers) -> Numbers:
    """Returns the pairwise IoU (n, m) of boxes (n, 4) and (m, 4)."""
    low = np.maximum(one[:, None, :2], two[None, :, :2])
    high = np.minimum(one[:, None, 2:], two[None, :, 2:])
    common = np.prod(np.clip(high - low, 0.0, None), axis=2)
    areas = [np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None), axis=1) for boxes in (one, two)]
    union = areas[0][:, None] + areas[1][None] - common
    return np.asarray(common / np.maximum(union, 1e-9))
