"""The colour filters of a sensor, and the colours between them."""

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
    """The image (H, W) behind colour filters: of each pixel (H, W, 3), the channel of its filter."""
    seen = np.empty(light.shape[:2], np.float32)
    for index, color in enumerate(pattern):
        part = np.s_[index // 2 :: 2, index % 2 :: 2]
        seen[part] = light[(*part, "rgb".index(color))]
    return seen


def demosaiced(raw: Raw, pattern: Bayer, method: Demosaicing) -> Raw:
    """The image (H, W, 3) with the colours between the filters, from raw values (H, W).

    `bilinear` takes the mean of the nearest filters of a colour. `edge_aware` finds green along edges, not
    across them.
    """
    return np.asarray(cv2.demosaicing(raw, _CODES[method][pattern]), np.uint16)
