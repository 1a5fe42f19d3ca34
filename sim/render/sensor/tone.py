"""Tone mapping from linear light to an 8-bit image."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STEPS = 65536
"""Entries of the tone curve's lookup table."""
_BRIGHTEST = 4.0
"""Linear value from which the image is white."""
_SHOULDER, _CONTRAST = 0.55, 0.25
"""Linear value at which the tone curve begins to flatten, and the amount of contrast that it adds."""


def _filmic(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filmic tone curve: linear up to `_SHOULDER`, then flattening, with added contrast."""
    over = np.maximum(light - _SHOULDER, 0) / (1 - _SHOULDER)
    value = _encoded(np.minimum(light, _SHOULDER) + (1 - _SHOULDER) * (1 - np.exp(-over)))
    return value + _CONTRAST * (value * value * (3 - 2 * value) - value)


def _encoded(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)


_CURVE = np.rint(255 * _filmic(_BRIGHTEST * np.arange(_STEPS) / (_STEPS - 1))).astype(np.uint8)


def tone_map(light: Floats, gain: float) -> NDArray[np.uint8]:
    """The tone-mapped 8-bit image (H, W, 3) of linear light.

    Args:
        light: (H, W, 3) linear image.
        gain: Factor by which the light is multiplied before tone mapping. In the product, 1 is white.
    """
    # With a 16-bit index, adjacent table entries differ by a tenth of a grey level in the darkest tones.
    white = np.minimum(light, np.float32(_BRIGHTEST / gain))
    steps = cv2.addWeighted(white, gain * (_STEPS - 1) / _BRIGHTEST, white, 0, 0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(steps, _CURVE), np.uint8)
