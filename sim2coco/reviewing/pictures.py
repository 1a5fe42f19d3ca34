"""The images of a data set as JPEG files of a bounded size; files outside the data set are not read."""

from pathlib import Path

import cv2
import numpy as np

from sim2coco.contactsheet import Image
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels

THUMBNAIL_PX, THUMBNAIL_QUALITY = 192, 80
LONGER_PX, QUALITY = 2560, 95
"""The longer side of the images that are shown, in pixels, and their JPEG quality."""


def jpeg(image: LabelledImage, root: Path, longer_px: int, quality: int) -> bytes:
    """Encodes an image as JPEG; larger images are scaled down.

    Args:
        image: The image.
        root: The folder of the data set.
        longer_px: Maximum width and height in pixels.
        quality: JPEG quality, 1..100.

    Raises:
        DataSetError: The file is not an image, or it is a link to a file outside the folder.
    """
    if not image.file.resolve().is_relative_to(root.resolve()):
        raise DataSetError(f"{image.file}: a link that leads out of the data set is not followed")
    pixels = _reduced(read_pixels(image, longer_px), longer_px)
    done, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {pixels.shape}")
    return content.tobytes()


def _reduced(pixels: Image, longer_px: int) -> Image:
    height, width = pixels.shape[:2]
    scale = longer_px / max(height, width)
    if scale >= 1:
        return pixels
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
