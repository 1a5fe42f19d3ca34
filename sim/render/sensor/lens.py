"""What a lens makes of a sharp picture: what lies out of focus spreads over a disc."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Lens

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]
Levels = NDArray[np.int8]

STEPS = 3
"""Into how many widths of blur each doubling is divided."""
KERNEL_PX = 9
"""Wider discs are spread on a smaller picture."""
WIDEST_SHARE = 0.125
"""Widest disc, as a share of the longer side of the picture."""
EPSILON = np.float32(1e-3)
"""Weight of what lies around, where nothing else tells what is behind a thing."""
NOTHING = np.float32(1e-5)
"""A smaller weight than this is rounding."""


def circle_px(lens: Lens, camera: Camera, depth_m: Floats) -> Floats:
    """Diameter (H, W), in pixels, of the disc that a point at a depth (H, W) becomes.

    It is A·f/(S₁ − f)·|S₂ − S₁|/S₂ of a thin lens; f·S₁/(S₁ − f) is how far behind the lens the picture is
    taken, and that is what a pinhole camera calls its focal length. Below 0 before what is in focus.
    """
    scale = lens.aperture_m * (camera.fx * camera.fy) ** 0.5
    return np.asarray(np.float32(scale / lens.focus_m) - np.float32(scale) / depth_m, np.float32)


def through(lens: Lens | None, camera: Camera, picture: Floats, depth_m: Floats) -> Floats:
    """The light (H, W, 3) that arrives through a lens; the picture itself without one.

    Things of about the same blur are spread together, the far ones first, each over what is behind it.
    """
    if lens is None:
        return picture
    light = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.float32)
    light[..., 3] = 1
    level = _levels(circle_px(lens, camera, depth_m))
    found = np.zeros_like(light)
    nearest_px = _width_px(min(int(level.min()), 0))
    for index in sorted(set(np.unique(level).tolist()), reverse=True):
        _spread_over(found, light, level, index, max(nearest_px, _width_px(index)))
    return np.asarray(_opaque(found, found)[..., :3], np.float32)


def _levels(circle: Floats) -> Levels:
    """Discs (H, W) sorted by their width: 0 is sharp, above is behind the focus, below before it."""
    wide = np.clip(np.abs(circle), 1, np.float32(WIDEST_SHARE * max(circle.shape)))
    return np.asarray(np.copysign(np.rint(np.log2(wide) * np.float32(STEPS)), circle).astype(np.int8))


def _width_px(level: int) -> float:
    return float(2 ** (abs(level) / STEPS))


def _spread_over(found: Floats, light: Floats, level: Levels, index: int, soft_px: float) -> None:
    """Puts one level, spread over discs, before what is found already: both (H, W, 4), colour times opacity.

    It goes on a little behind what is nearer: that may have soft edges of up to a width, which show it.
    """
    half = int(np.ceil(soft_px / 2))
    mask = (level == index).view(np.uint8)
    part = _around(mask, 2 * half)
    side = 2 * half + 1
    known = np.asarray(cv2.copyTo(light[part], mask[part]), np.float32)
    close = cv2.dilate(mask[part], np.ones((side, side), np.uint8)).view(np.bool_)
    cover = (close & (level[part] <= index)).astype(np.float32)
    around = np.asarray(cv2.blur(known, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
    color = _opaque(_spread(known, _width_px(index)), around)
    alpha = _spread(cover, _width_px(index))[..., None]
    color *= alpha
    color += (1 - alpha) * found[part]
    found[part] = color


def _opaque(found: Floats, around: Floats) -> Floats:
    """A picture (h, w, 4) with what is missing taken from around it; where there is nothing, nothing."""
    missing = found[..., 3] < 1 - NOTHING
    if not missing.any():
        return found.copy()
    whole = found + EPSILON * around
    weight = whole[..., 3:]
    whole *= (weight > NOTHING) / np.maximum(weight, NOTHING)
    return np.asarray(cv2.copyTo(whole, missing.view(np.uint8), found.copy()), np.float32)


def _around(mask: Mask, margin_px: int) -> tuple[slice, slice]:
    """The box of a mask and some pixels more."""
    x, y, width, height = cv2.boundingRect(mask)
    return (
        slice(max(y - margin_px, 0), y + height + margin_px),
        slice(max(x - margin_px, 0), x + width + margin_px),
    )


def _spread(layer: Floats, width_px: float) -> Floats:
    """A picture (h, w) or (h, w, 4) with each pixel spread over a disc."""
    if width_px == 1:
        return layer
    small = 1 << max(int(np.ceil(np.log2(width_px / KERNEL_PX))), 0)
    kernel = disc(width_px / small)
    if small == 1:
        return np.asarray(cv2.filter2D(layer, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)
    height, width = layer.shape[:2]
    down, right = -height % small, -width % small
    padded = cv2.copyMakeBorder(layer, 0, down, 0, right, cv2.BORDER_REFLECT)
    shape = (width + right) // small, (height + down) // small
    few = cv2.resize(padded, shape, interpolation=cv2.INTER_AREA)
    soft = cv2.filter2D(few, -1, kernel, borderType=cv2.BORDER_REFLECT)
    wide = cv2.resize(soft, (width + right, height + down), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide[:height, :width], np.float32)


@lru_cache(64)
def disc(width_px: float) -> Floats:
    """The share of each pixel that a disc covers, adding up to 1; (n, n), n odd."""
    half, fine = int(np.ceil((width_px - 1) / 2)), 16
    steps = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    inside = (steps[:, None] ** 2 + steps**2 <= (width_px / 2) ** 2).astype(np.float32)
    kernel = inside.reshape(2 * half + 1, fine, 2 * half + 1, fine).mean(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), np.float32)
