"""How pictures are written."""

from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scenes.settings import Settings


class Export(Settings):
    """How pictures are written."""

    format: Literal["jpg", "png"] = "jpg"
    """jpg is small; png loses nothing."""
    jpeg_quality: Annotated[int, Field(ge=50, le=100)] = 92
    """JPEG quality."""

    def encode(self, image: NDArray[np.uint8]) -> bytes:
        """A picture (H, W, 3) RGB as the bytes of a file."""
        options = {
            "jpg": [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality],
            "png": [cv2.IMWRITE_PNG_COMPRESSION, 3],
        }
        done, data = cv2.imencode(f".{self.format}", image[..., ::-1], options[self.format])
        if not done:
            raise RuntimeError(f"OpenCV could not encode a picture of shape {image.shape}")
        return data.tobytes()
