"""From stored colours to light, and from light to a picture as a camera makes it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STEPS = 65536
_BRIGHTEST = 4.0
"""Light above this is white."""
_SHOULDER, _CONTRAST = 0.55, 0.25


def _filmic(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """A film's answer to light: straight up to `_SHOULDER`, then ever flatter, with some contrast."""
    over = np.maximum(light - _SHOULDER, 0) / (1 - _SHOULDER)
    value = _encoded(np.minimum(light, _SHOULDER) + (1 - _SHOULDER) * (1 - np.exp(-over)))
    return value + _CONTRAST * (value * value * (3 - 2 * value) - value)


def _encoded(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)


_CURVE = np.rint(255 * _filmic(_BRIGHTEST * np.arange(_STEPS) / (_STEPS - 1))).astype(np.uint8)


def tone_map(light: Floats, gain: float) -> NDArray[np.uint8]:
    """The 8-bit picture (H, W, 3) that a camera makes of light; 1 is white."""
    # A sixteen-bit table: a tenth of a grey level a step where it is darkest.
    white = np.minimum(light, np.float32(_BRIGHTEST / gain))
    steps = cv2.addWeighted(white, gain * (_STEPS - 1) / _BRIGHTEST, white, 0, 0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(steps, _CURVE), np.uint8)
