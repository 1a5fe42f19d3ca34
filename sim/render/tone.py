"""From stored colours to light, and from light to a picture as a camera makes it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STEPS = 65536
_BRIGHTEST = 4.0
"""Light above this is white."""
_SHOULDER, _CONTRAST = 0.55, 0.25
_DARKEST, _WHITEST = 0.02, 0.85
"""What the blackest and the whitest paint send back of the light."""


def _decoded() -> Floats:
    """The light (256,) behind each 8-bit value (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _filmic(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """A film's answer to light: straight up to `_SHOULDER`, then ever flatter, with some contrast."""
    over = np.maximum(light - _SHOULDER, 0) / (1 - _SHOULDER)
    value = _encoded(np.minimum(light, _SHOULDER) + (1 - _SHOULDER) * (1 - np.exp(-over)))
    return value + _CONTRAST * (value * value * (3 - 2 * value) - value)


def _encoded(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)


_LINEAR = _decoded()
_PAINT = np.float32(_DARKEST) + np.float32(_WHITEST - _DARKEST) * _LINEAR
_CURVE = np.rint(255 * _filmic(_BRIGHTEST * np.arange(_STEPS) / (_STEPS - 1))).astype(np.uint8)


def paint(pixels: NDArray[np.uint8], tint: tuple[float, float, float] | None = None) -> Floats:
    """The share (..., 3) of light that surfaces of some 8-bit colours send back; no paint is quite black.

    Args:
        pixels: (h, w, 3), or any shape without a tint.
        tint: A colour, 0..1, that they are multiplied by.
    """
    if tint is None:
        return np.asarray(cv2.LUT(pixels, _PAINT), np.float32)
    places = np.rint(255 * np.array(tint)).astype(np.intp)
    tables = np.float32(_DARKEST) + np.float32(_WHITEST - _DARKEST) * _LINEAR[:, None] * _LINEAR[places]
    return np.asarray(cv2.LUT(pixels, tables[None]), np.float32)


def developed(light: Floats, gain: float) -> NDArray[np.uint8]:
    """The 8-bit picture (H, W, 3) that a camera makes of light; 1 is white."""
    # A sixteen-bit table: a tenth of a grey level a step where it is darkest.
    white = np.minimum(light, np.float32(_BRIGHTEST / gain))
    steps = cv2.addWeighted(white, gain * (_STEPS - 1) / _BRIGHTEST, white, 0, 0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(steps, _CURVE), np.uint8)
