"""Lens effects other than blur: vignetting and lateral chromatic aberration."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera

Floats = NDArray[np.float32]


def vignetted(light: Floats, camera: Camera, strength: float) -> Floats:
    """Darkens a linear image (H, W, 3) towards the corners, as a lens does (natural vignetting).

    A pixel is multiplied by cos^(4·`strength`) θ, where θ is the angle between its ray and the optical axis.
    """
    if not strength:
        return light
    x = (np.arange(camera.width) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(camera.height) + 0.5 - camera.cy) / camera.fy
    # cos θ = (1 + tan² θ)^-½
    falloff = np.power(
        np.float32(1) + np.add.outer(y * y, x * x).astype(np.float32), np.float32(-2 * strength)
    )
    return np.asarray(cv2.multiply(light, cv2.merge([falloff] * 3)), np.float32)


def chromatic(light: Floats, camera: Camera, red_shift_px: float) -> Floats:
    """The linear image (H, W, 3) with lateral chromatic aberration: red and blue are magnified differently.

    Green stays in place, and red and blue shift in opposite directions, so edges stay in place on average.
    The border pixels of the image are replicated.

    Args:
        light: The image.
        camera: The camera; magnification is about its principal point.
        red_shift_px: Pixels by which red shifts outwards, and blue inwards, in the farthest corner.
    """
    if not red_shift_px:
        return light
    corner_px = float(
        np.hypot(max(camera.cx, camera.width - camera.cx), max(camera.cy, camera.height - camera.cy))
    )
    red, green, blue = cv2.split(light)
    share = red_shift_px / corner_px
    return np.asarray(
        cv2.merge([_magnified(red, camera, 1 + share), green, _magnified(blue, camera, 1 - share)]),
        np.float32,
    )


def _magnified(channel: cv2.typing.MatLike, camera: Camera, scale: float) -> cv2.typing.MatLike:
    """A channel (H, W) enlarged about the principal point."""
    x, y = camera.cx - 0.5, camera.cy - 0.5  # in OpenCV, pixel centres have integer coordinates
    matrix = np.array([[scale, 0, (1 - scale) * x], [0, scale, (1 - scale) * y]])
    size = (camera.width, camera.height)
    return cv2.warpAffine(channel, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
