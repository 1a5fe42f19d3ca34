"""Reads image files that people bring."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from scenes.assets.reading.limits import MAX_IMAGE_PX

IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


class ImageError(ValueError):
    """An image that cannot be used, with its file and the reason in one line."""


def read_image(path: Path, quick: bool = False) -> NDArray[np.uint8]:
    """An image file as (h, w, 3) RGB, turned upright as its EXIF says.

    Args:
        path: The file.
        quick: Give a JPEG much smaller: enough to know that it can be read to its end.

    Raises:
        ImageError: The file is missing, no image, damaged, or has more than 50 million pixels.
    """
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            if image.width * image.height > MAX_IMAGE_PX:
                raise ImageError(f"{path}: {image.width}x{image.height} is more than {MAX_IMAGE_PX:,} pixels")
            if quick:
                image.draft("RGB", (64, 64))
            return np.asarray(eight_bit(ImageOps.exif_transpose(image)).convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path}: not an image that can be read ({type(error).__name__})") from error


def eight_bit(image: Image.Image) -> Image.Image:
    """The image itself, or one with 16 bits of grey scaled down: Pillow would clip it."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(
        np.asarray(np.asarray(image, np.float64) / 257.0 + 0.5).clip(0, 255).astype(np.uint8)
    )
