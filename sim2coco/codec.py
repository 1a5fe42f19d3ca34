"""Encodes images as JPEG and PNG."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.camera import ImageSettings


def encode(image: NDArray[np.uint8], settings: ImageSettings) -> bytes:
    """Encodes an RGB image (H, W, 3) in the file format given by the settings."""
    options = {
        "jpg": [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality],
        "png": [cv2.IMWRITE_PNG_COMPRESSION, 3],
    }
    done, data = cv2.imencode(f".{settings.format}", image[..., ::-1], options[settings.format])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return data.tobytes()
