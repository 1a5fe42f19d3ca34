"""Measurements of images."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.effects.made import Made

Floats = NDArray[np.float64]


def rgb(made: Made) -> Floats:
    """The first image (h, w, 3), before checks and augmentation, 0..255."""
    return made.sample.image.astype(np.float64)


def brightness(made: Made) -> float:
    return float(rgb(made).mean())


def sharpness(made: Made) -> float:
    """Standard deviation of the Laplacian."""
    return float(cv2.Laplacian(rgb(made).mean(axis=2), cv2.CV_64F).std())


def colour(made: Made) -> Floats:
    """Mean colour (3,) of what is no object."""
    return np.asarray(rgb(made)[made.sample.ids == 0].mean(axis=0))


def _shadow(made: Made) -> NDArray[np.bool_]:
    """The floor in the shadow (h, w)."""
    ids, grey = made.sample.ids, rgb(made).mean(axis=2)
    floor = grey[ids == 0]
    return np.asarray((ids == 0) & (grey < (floor.min() + np.median(floor)) / 2))


def shadow_deg(made: Made) -> float:
    """Direction of the shadow of the objects, in an image from above in which +x is right and +y is up."""
    (y, x), (at_y, at_x) = (np.argwhere(mask).mean(axis=0) for mask in (_shadow(made), made.sample.ids > 0))
    return float(np.degrees(np.arctan2(at_y - y, x - at_x))) % 360


def darkest(made: Made) -> float:
    """Brightness of the darkest floor, relative to the usual one."""
    floor = rgb(made).mean(axis=2)[made.sample.ids == 0]
    return float(np.percentile(floor, 1) / np.median(floor))


def shadow_px(made: Made) -> float:
    """Distance of the end of the shadow from the middle of the object."""
    shadow, objects = _shadow(made), np.argwhere(made.sample.ids > 0)
    return float(np.linalg.norm(np.argwhere(shadow) - objects.mean(axis=0), axis=1).max())


def edges(made: Made) -> float:
    """Largest step of brightness between neighbouring pixels of the floor."""
    grey, beside = rgb(made).mean(axis=2), made.sample.ids == 0
    inside = cv2.erode(beside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(np.abs(np.diff(grey, axis=1))[inside[:, 1:] & inside[:, :-1]].max())


def object_over_floor(made: Made) -> float:
    """Brightness of objects, relative to that of the floor."""
    grey, objects = rgb(made).mean(axis=2), made.sample.ids > 0
    return float(grey[objects].mean() / np.median(grey[~objects]))


def right_over_left(made: Made) -> float:
    """How much brighter the right half of the object is than the left half."""
    columns = np.argwhere(made.sample.ids > 0)[:, 1]
    grey, middle = rgb(made).mean(axis=2)[made.sample.ids > 0], np.median(columns)
    return float(grey[columns > middle].mean() - grey[columns < middle].mean())
