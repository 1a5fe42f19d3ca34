"""Measures pixels: brightness, contrast, sharpness, a perceptual hash and a thumbnail."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LONGER_PX = 640
"""Larger images are scaled down to this length of their longer side."""
DARK, BRIGHT = 8, 250
"""Maximum luma of a dark pixel, and minimum luma of a bright pixel."""
NARROW_PX, WIDE_PX = 1.0, 2.0
"""σ of the two blurs whose gradients are compared; the first blur also removes most of the noise."""
DIFFERENCE_PX2 = 1 / 3
"""Variance of the blur that central differences add (a box filter of 2 px)."""
MIN_GRADIENT = 4.0
"""Minimum gradient of an edge after the first blur, in grey levels per pixel; noise of σ = 8 stays below."""
EDGES, SHARPEST = 0.02, 0.75
"""Fraction of pixels that count as edges, and the quantile of their sharpness that is returned."""
MAX_SHARPNESS = 4.0
THUMBNAIL_PX, HASHED_PX, HASH_BITS = 48, 32, 8
"""Side of the thumbnail, side of the image for hashing, and side of the hash (8 x 8 bits)."""

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PixelMeasures:
    """Brightness, contrast and other measures of an image's pixels; `ImageMeasures` explains each of them."""

    brightness: float
    contrast: float
    sharpness: float
    dark_share: float
    bright_share: float
    perceptual_hash: int
    thumbnail: Grey


def at_most(pixels: NDArray[np.uint8], longer_px: int = LONGER_PX) -> NDArray[np.uint8]:
    """Scales an image down so that its longer side has at most `longer_px` pixels."""
    height, width = pixels.shape[:2]
    factor = longer_px / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def measure_pixels(grey: Grey) -> PixelMeasures:
    """Computes the measures of an image, such as brightness and sharpness, from its luma (H, W)."""
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
    """Computes 1 / σ in 1 / px, where σ is the blur of the sharpest edges in an image (H, W).

    After an additional blur by s, an edge with blur σ has a gradient proportional to 1 / √(σ² + s²).
    Therefore two blurs with known s determine σ regardless of the contrast of the edge (Zhuo and Sim 2011).
    The result is at most 4, and 0 without edges.
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
    """The gradient magnitude after a Gaussian blur, in grey levels per pixel."""
    blurred = cv2.GaussianBlur(image, (0, 0), blur_px, borderType=cv2.BORDER_REPLICATE)
    across = cv2.Sobel(blurred, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    down = cv2.Sobel(blurred, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def perceptual_hash(grey: Grey) -> int:
    """Computes a 64-bit pHash: whether each of the lowest DCT coefficients is above their median."""
    frequencies = cv2.dct(_square(grey, HASHED_PX).astype(np.float32))[:HASH_BITS, :HASH_BITS].ravel()
    bits = frequencies > np.median(frequencies[1:])
    return int.from_bytes(np.packbits(bits).tobytes())


def _square(grey: Grey, side_px: int) -> Grey:
    return np.asarray(cv2.resize(grey, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)
