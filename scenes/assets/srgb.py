"""Conversion between sRGB and linear values."""

import numpy as np
from numpy.typing import NDArray


def _decoded() -> NDArray[np.float32]:
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    linear.setflags(write=False)
    return linear


SRGB_TO_LINEAR = _decoded()
"""Lookup table (256,) from 8-bit sRGB to linear values, 0..1 (IEC 61966-2-1)."""


def linear_to_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Converts linear values, clipped to 0..1, to sRGB values, 0..1 (IEC 61966-2-1)."""
    value = np.clip(linear, 0.0, 1.0)
    encoded = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.where(value == 1.0, 1.0, encoded)  # rounding would give slightly less
