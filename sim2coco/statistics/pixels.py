"""Measures pixels: brightness, contrast, sharpness, a perceptual hash and a thumbnail."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LONGER_PX = 640
"""Larger images are measured at this length of their longer side."""
DARK, BRIGHT = 8, 250
"""Largest luma of a dark pixel, and smallest of a bright one."""
NARROW_PX, WIDE_PX = 1.0, 2.0
"""σ of the two blurs that sharpness compares; the first one also removes most noise."""
DIFFERENCE_PX2 = 1 / 3
"""Variance of the blur that central differences add: that of a box of 2 px."""
MIN_GRADIENT = 4.0
"""Smallest gradient of an edge after the first blur, in grey levels a pixel: above that of noise of σ = 8."""
EDGES, SHARPEST = 0.02, 0.75
"""Share of the pixels that count as edges, and the quantile of their sharpness that is measured."""
MAX_SHARPNESS = 4.0
THUMBNAIL_PX, HASHED_PX, HASH_BITS = 48, 32, 8
"""Side of the thumbnail, and of the image that is hashed; the hash has 8 x 8 bits."""

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PixelMeasures:
    """What is measured of the pixels of an image; see `ImageMeasures`."""

    brightness: float
    contrast: float
    sharpness: float
    dark_share: float
    bright_share: float
    perceptual_hash: int
    thumbnail: Grey


def at_most(pixels: NDArray[np.uint8], longer_px: int = LONGER_PX) -> NDArray[np.uint8]:
    """An image, reduced so that its longer side has at most `longer_px` pixels."""
    height, width = pixels.shape[:2]
    factor = longer_px / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def measure_pixels(grey: Grey) -> PixelMeasures:
    """Measures the luma (H, W) of an image."""
    counts = np.bincount(grey.ravel(), minlength=256) / grey.size
    levels = np.arange(256)
    mean = float(counts @ levels)
    return PixelMeasures(
        brightness=mean,
        contrast=float(np.sqrt(counts @ (levels - mean) ** 2)),
        sharpness=sharpness(grey),
        dark_share=float(counts[: DARK + 1].sum()),
        bright_share=float(counts[BRIGHT:].sum()),
        perceptual_hash=perceptual_hash(grey),
        thumbnail=_square(grey, THUMBNAIL_PX),
    )


def sharpness(grey: Grey) -> float:
    """1 / σ of the blur of the sharpest edges of an image (H, W), in 1 / px; at most 4, and 0 without edges.

    An edge that is blurred by σ has, after another blur by s, a gradient in proportion to 1 / √(σ² + s²). Two
    blurs of known s therefore give σ, whatever the contrast of the edge is (Zhuo and Sim 2011).
    """
    image = grey.astype(np.float32)
    narrow, wide = _gradient(image, NARROW_PX), _gradient(image, WIDE_PX)
    strong = max(MIN_GRADIENT, float(np.quantile(narrow[::2, ::2], 1 - EDGES)))
    edges = narrow >= strong
    if not edges.any():
        return 0.0
    ratio = float(np.quantile(narrow[edges] / np.maximum(wide[edges], 1e-3), SHARPEST)) ** 2
    if ratio <= 1:
        return 0.0
    variance = (WIDE_PX**2 - ratio * NARROW_PX**2) / (ratio - 1) - DIFFERENCE_PX2
    return float(1 / np.sqrt(max(variance, MAX_SHARPNESS**-2)))


def _gradient(image: NDArray[np.float32], blur_px: float) -> NDArray[np.float32]:
    """The length of the gradient after a Gaussian blur, in grey levels a pixel."""
    blurred = cv2.GaussianBlur(image, (0, 0), blur_px, borderType=cv2.BORDER_REPLICATE)
    across = cv2.Sobel(blurred, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    down = cv2.Sobel(blurred, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def perceptual_hash(grey: Grey) -> int:
    """A hash of 64 bits: whether each of the lowest frequencies is above their median."""
    frequencies = cv2.dct(_square(grey, HASHED_PX).astype(np.float32))[:HASH_BITS, :HASH_BITS].ravel()
    bits = frequencies > np.median(frequencies[1:])
    return int.from_bytes(np.packbits(bits).tobytes())


def _square(grey: Grey, side_px: int) -> Grey:
    return np.asarray(cv2.resize(grey, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)
