"""Images as the bytes of JPEG and PNG files."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.camera import ImageSettings


def encode(image: NDArray[np.uint8], settings: ImageSettings) -> bytes:
    """An image (H, W, 3) RGB as the bytes of a file in the format that the settings name."""
    options = {
        "jpg": [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality],
        "png": [cv2.IMWRITE_PNG_COMPRESSION, 3],
    }
    done, data = cv2.imencode(f".{settings.format}", image[..., ::-1], options[settings.format])
    if not done:
        raise RuntimeError(f"OpenCV could not encode a picture of shape {image.shape}")
    return data.tobytes()
