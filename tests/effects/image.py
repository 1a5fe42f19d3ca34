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
