"""Encodes images as JPEG and PNG, and depth as PNG."""

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


def encode_depth(depth_m: NDArray[np.float32], scale_mm: float) -> bytes:
    """Encodes depth as a PNG with 16 bits.

    Args:
        depth_m: (H, W), depth in metres along the camera's z axis; infinite for the background.
        scale_mm: Millimetres for each step. What is farther than 65535 steps becomes 0, like the background.
    """
    steps = np.rint(depth_m * np.float64(1000.0 / scale_mm))
    steps = np.where(steps <= np.iinfo(np.uint16).max, steps, 0).astype(np.uint16)
    done, data = cv2.imencode(".png", steps, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise RuntimeError(f"OpenCV could not encode depth of shape {depth_m.shape}")
    return data.tobytes()
