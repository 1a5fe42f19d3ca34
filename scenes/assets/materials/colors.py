"""Material colours: sampled from hand-picked palettes, and applied to patterns."""

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rgb = tuple[int, int, int]


def picked(rng: np.random.Generator, palette: Sequence[Rgb], jitter: float = 0.04) -> Floats:
    """Samples a colour (3,) in 0..1 from a palette, and jitters its hue, saturation and value.

    Args:
        rng: Generator; consumes four random numbers.
        palette: sRGB colours, 0..255.
        jitter: Largest change of the value; the hue changes by up to `jitter / 4`, and the saturation by a
            factor of up to `1 ± 3 * jitter`.
    """
    red, green, blue = palette[int(rng.random() * len(palette))]
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    turn, paler, lighter = (float(step) for step in jitter * (2 * rng.random(3) - 1))
    changed = colorsys.hsv_to_rgb(
        (hue + turn / 4) % 1.0,
        min(max(saturation * (1 + 3 * paler), 0.0), 1.0),
        min(max(value + lighter, 0.04), 0.97),
    )
    return np.array(changed, np.float32)


def ramp(weight: Floats, colors: Sequence[Floats]) -> Floats:
    """Colour map: interpolates evenly spaced colours by a weight (n, n) in 0..1; returns (n, n, 3)."""
    stops = np.linspace(0, 1, len(colors))
    steps = np.linspace(0, 1, 256)
    table = np.stack([np.interp(steps, stops, [color[k] for color in colors]) for k in range(3)], axis=1)
    index = cv2.convertScaleAbs(np.maximum(weight, np.float32(0)), alpha=255.0)
    return np.asarray(cv2.LUT(cv2.merge([index] * 3), table[None].astype(np.float32)), np.float32)


def shaded(color: Floats, factor: Floats) -> Floats:
    """Multiplies a colour (3,) or colours (n, n, 3) by a factor (n, n)."""
    if color.ndim == 1:
        return np.asarray(cv2.merge([factor * part for part in color]), np.float32)
    return np.asarray(cv2.multiply(color, cv2.merge([factor] * 3)), np.float32)


def blended(under: Floats, over: Floats, share: Floats) -> Floats:
    """Blends two colour images (n, n, 3) with the weight `share` (n, n) of `over`, from 0 to 1."""
    return np.asarray(cv2.blendLinear(over, under, share, 1 - share), np.float32)
