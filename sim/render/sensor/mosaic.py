"""Colour filter mosaic (Bayer pattern) of a sensor, and demosaicing."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Bayer, Demosaicing

Floats = NDArray[np.float32]
Raw = NDArray[np.uint16]

_CODES: dict[Demosaicing, dict[Bayer, int]] = {
    "bilinear": {
        "rggb": cv2.COLOR_BayerRGGB2RGB,
        "bggr": cv2.COLOR_BayerBGGR2RGB,
        "grbg": cv2.COLOR_BayerGRBG2RGB,
        "gbrg": cv2.COLOR_BayerGBRG2RGB,
    },
    "edge_aware": {
        "rggb": cv2.COLOR_BayerRGGB2RGB_EA,
        "bggr": cv2.COLOR_BayerBGGR2RGB_EA,
        "grbg": cv2.COLOR_BayerGRBG2RGB_EA,
        "gbrg": cv2.COLOR_BayerGBRG2RGB_EA,
    },
}


def mosaic(light: Floats, pattern: Bayer) -> Floats:
    """Samples a linear image (H, W, 3) behind a Bayer filter: one channel per pixel, (H, W)."""
    seen = np.empty(light.shape[:2], np.float32)
    for index, color in enumerate(pattern):
        part = np.s_[index // 2 :: 2, index % 2 :: 2]
        seen[part] = light[(*part, "rgb".index(color))]
    return seen


def demosaiced(raw: Raw, pattern: Bayer, method: Demosaicing) -> Raw:
    """Demosaics raw values (H, W) to an image (H, W, 3).

    `bilinear` fills in a missing colour with the mean of the nearest pixels that measured it. `edge_aware`
    interpolates green along edges, not across them.
    """
    return np.asarray(cv2.demosaicing(raw, _CODES[method][pattern]), np.uint16)
