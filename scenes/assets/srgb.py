"""Conversion of 8-bit sRGB values to linear values."""

import numpy as np
from numpy.typing import NDArray


def _decoded() -> NDArray[np.float32]:
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    linear.setflags(write=False)
    return linear


SRGB_TO_LINEAR = _decoded()
"""The linear value (256,), 0..1, of each 8-bit sRGB value (IEC 61966-2-1)."""
