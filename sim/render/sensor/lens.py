"""Depth of field: each point out of focus is spread over its circle of confusion."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Lens

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]
Levels = NDArray[np.int8]

LEVELS_PER_OCTAVE = 3
"""Number of blur levels per doubling of the blur width."""
KERNEL_PX = 9
"""Maximum width of a kernel in pixels; wider discs are applied to a downsampled image."""
MAX_WIDTH_FRACTION = 0.125
"""Maximum diameter of a disc, as a fraction of the longer side of the image."""
EPSILON = np.float32(1e-3)
"""Weight of the surrounding pixels, whose colour is used behind an object where no other colour is known."""
ROUNDING = np.float32(1e-5)
"""Weights below this value are treated as rounding errors."""


def circle_px(lens: Lens, camera: Camera, depth_m: Floats) -> Floats:
    """Diameter (H, W) in pixels of the circle of confusion of points at a depth (H, W) in metres.

    The thin-lens formula is A·f/(S₁ − f)·|S₂ − S₁|/S₂, with aperture diameter A, focal length f, focus
    distance S₁ and depth S₂. The distance from the lens to the sensor, f·S₁/(S₁ − f), equals the focal length
    of the pinhole camera. Points nearer than the focus have a negative diameter.
    """
    scale = lens.aperture_m * (camera.fx * camera.fy) ** 0.5
    return np.asarray(np.float32(scale / lens.focus_m) - np.float32(scale) / depth_m, np.float32)


def lens_blur(lens: Lens | None, camera: Camera, image: Floats, depth_m: Floats) -> Floats:
    """The linear image (H, W, 3) with the blur of a lens; the unchanged image if `lens` is None.

    Pixels of similar blur form a level. Levels are blurred and composited from far to near.
    """
    if lens is None:
        return image
    light = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA), np.float32)
    light[..., 3] = 1
    level = _levels(circle_px(lens, camera, depth_m))
    result = np.zeros_like(light)
    nearest_px = _width_px(min(int(level.min()), 0))
    for index in sorted(set(np.unique(level).tolist()), reverse=True):
        _composite_level(result, light, level, index, max(nearest_px, _width_px(index)))
    return np.asarray(_opaque(result, result)[..., :3], np.float32)


def _levels(circle: Floats) -> Levels:
    """Blur level (H, W) of each pixel: 0 is sharp, positive is behind the focus, negative is nearer."""
    wide = np.clip(np.abs(circle), 1, np.float32(MAX_WIDTH_FRACTION * max(circle.shape)))
    return np.asarray(
        np.copysign(np.rint(np.log2(wide) * np.float32(LEVELS_PER_OCTAVE)), circle).astype(np.int8)
    )


def _width_px(level: int) -> float:
    return float(2 ** (abs(level) / LEVELS_PER_OCTAVE))


def _composite_level(result: Floats, light: Floats, level: Levels, index: int, soft_px: float) -> None:
    """Blurs one level, and composites it over the farther levels.

    Images are (H, W, 4) RGBA, premultiplied. The level is extended by a margin behind nearer levels, because
    it will show through their blurred edges.

    Args:
        result: Composite of the farther levels; modified in place.
        light: The sharp image.
        level: (H, W) blur level of each pixel.
        index: The blur level to composite.
        soft_px: Width in pixels of the blurred edges; it determines the margin.
    """
    half = int(np.ceil(soft_px / 2))
    mask = (level == index).view(np.uint8)
    part = _padded_box(mask, 2 * half)
    side = 2 * half + 1
    known = np.asarray(cv2.copyTo(light[part], mask[part]), np.float32)
    close = cv2.dilate(mask[part], np.ones((side, side), np.uint8)).view(np.bool_)
    cover = (close & (level[part] <= index)).astype(np.float32)
    around = np.asarray(cv2.blur(known, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
    color = _opaque(_convolve_disc(known, _width_px(index)), around)
    alpha = _convolve_disc(cover, _width_px(index))[..., None]
    color *= alpha
    color += (1 - alpha) * result[part]
    result[part] = color


def _opaque(result: Floats, around: Floats) -> Floats:
    """Divides an image (h, w, 4) by its alpha; where alpha is 0, takes the colour of `around` (h, w, 4)."""
    missing = result[..., 3] < 1 - ROUNDING
    if not missing.any():
        return result.copy()
    whole = result + EPSILON * around
    weight = whole[..., 3:]
    whole *= (weight > ROUNDING) / np.maximum(weight, ROUNDING)
    return np.asarray(cv2.copyTo(whole, missing.view(np.uint8), result.copy()), np.float32)


def _padded_box(mask: Mask, margin_px: int) -> tuple[slice, slice]:
    """Returns the row and column slices of a mask's bounding box, enlarged by a margin on each side."""
    x, y, width, height = cv2.boundingRect(mask)
    return (
        slice(max(y - margin_px, 0), y + height + margin_px),
        slice(max(x - margin_px, 0), x + width + margin_px),
    )


def _convolve_disc(layer: Floats, width_px: float) -> Floats:
    """An image (h, w) or (h, w, 4) convolved with a disc of the given diameter."""
    if width_px == 1:
        return layer
    small = 1 << max(int(np.ceil(np.log2(width_px / KERNEL_PX))), 0)
    kernel = disc_kernel(width_px / small)
    if small == 1:
        return np.asarray(cv2.filter2D(layer, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)
    height, width = layer.shape[:2]
    down, right = -height % small, -width % small
    padded = cv2.copyMakeBorder(layer, 0, down, 0, right, cv2.BORDER_REFLECT)
    shape = (width + right) // small, (height + down) // small
    small_image = cv2.resize(padded, shape, interpolation=cv2.INTER_AREA)
    soft = cv2.filter2D(small_image, -1, kernel, borderType=cv2.BORDER_REFLECT)
    wide = cv2.resize(soft, (width + right, height + down), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide[:height, :width], np.float32)


@lru_cache(64)
def disc_kernel(width_px: float) -> Floats:
    """Convolution kernel (n, n) of an antialiased disc; n is odd, and the weights sum to 1."""
    half, fine = int(np.ceil((width_px - 1) / 2)), 16
    steps = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    inside = (steps[:, None] ** 2 + steps**2 <= (width_px / 2) ** 2).astype(np.float32)
    kernel = inside.reshape(2 * half + 1, fine, 2 * half + 1, fine).mean(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), np.float32)
