"""Oriented bounding boxes: the smallest rotated rectangle around a mask."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.labelled import Label, LabelledImage
from sim2coco.export.cropped import cropped_mask


def oriented_box(image: LabelledImage, label: Label) -> NDArray[np.float64] | None:
    """Computes the corners of the smallest rotated rectangle around the pixels of a label.

    Corners may lie outside the image. Rectangles whose extent exceeds the image size, or whose centre lies
    outside the image, are not considered, because Ultralytics rejects images with such boxes.

    Returns:
        (4, 2), the corners clockwise, as fractions of image width and height; None for an empty mask.
    """
    found = cropped_mask(image, label)
    if found is None:
        return None
    corner, mask = found
    size = np.array([image.width, image.height], np.float64)
    boxes = _boxes(_hull(mask) + corner)
    extents, middles = np.ptp(boxes, axis=1), boxes.mean(axis=1)
    fits = ((extents <= size) & (middles >= 0) & (middles <= size)).all(axis=1)
    boxes = boxes[fits | (np.arange(len(boxes)) == 0)]
    return np.asarray(boxes[np.argmin(_areas(boxes))] / size)


def _hull(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The convex hull (n, 2) of a mask's pixels; pixel edges are at integers."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    pixels = np.concatenate(contours).reshape(-1, 2)
    corners = np.concatenate([pixels + offset for offset in ((0, 0), (1, 0), (0, 1), (1, 1))])
    return cv2.convexHull(corners.astype(np.int32)).reshape(-1, 2).astype(np.float64)


def _boxes(hull: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bounding boxes (n + 1, 4, 2) of a convex polygon (n, 2): axis-aligned, then along each side.

    The smallest enclosing box is one of them.
    """
    sides = np.roll(hull, -1, axis=0) - hull
    sides = np.concatenate([[[1.0, 0.0]], sides])
    along = sides / np.linalg.norm(sides, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    low = np.stack([(hull @ axis.T).min(axis=0) for axis in (along, across)], axis=1)
    high = np.stack([(hull @ axis.T).max(axis=0) for axis in (along, across)], axis=1)
    ends = np.stack([low, high], axis=1)
    corners = [
        ends[:, first, 0, None] * along + ends[:, second, 1, None] * across
        for first, second in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]
    return np.stack(corners, axis=1)


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The areas (m,) of boxes (m, 4, 2), rounded so that equal areas compare equal."""
    sides = np.linalg.norm(boxes[:, 1:3] - boxes[:, :2], axis=2)
    return np.asarray(np.round(sides.prod(axis=1), 6))
