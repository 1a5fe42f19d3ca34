"""Encodes PNG files."""

import cv2
import numpy as np
from numpy.typing import NDArray


def png(image: NDArray[np.uint8]) -> bytes:
    """Encodes an image (h, w, 3) RGB as a PNG file."""
    done, content = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return content.tobytes()
