"""Reads image files from users."""

from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from scenes.assets.reading.limits import MAX_IMAGE_PX

IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


class ImageError(ValueError):
    """An image cannot be used. The message gives its file and the reason in one line."""


def read_image(path: Path, quick: bool = False) -> NDArray[np.uint8]:
    """Reads an image file as (h, w, 3) RGB, rotated according to its EXIF orientation.

    Args:
        path: The image file.
        quick: Decode JPEG files at a much lower resolution, which is enough to check that they are complete.

    Raises:
        ImageError: The file is missing, not an image, damaged, or has more than 50 million pixels.
    """
    return decode_image(path, str(path), quick)


def decode_image(
    file: Path | IO[bytes],
    name: str,
    quick: bool = False,
    formats: tuple[str, ...] = IMAGE_FORMATS,
    rotated: bool = True,
) -> NDArray[np.uint8]:
    """Decodes an image as (h, w, 3) RGB.

    Args:
        file: Path of the image file, or a binary stream.
        name: Name of the image in error messages.
        quick: As for `read_image`.
        formats: The formats that are read, by Pillow's names.
        rotated: Whether the image is rotated according to its EXIF orientation.

    Raises:
        ImageError: The content is not an image, is damaged, or has more than 50 million pixels.
    """
    try:
        with Image.open(file, formats=formats) as image:
            if image.width * image.height > MAX_IMAGE_PX:
                raise ImageError(f"{name}: {image.width}x{image.height} is more than {MAX_IMAGE_PX:,} pixels")
            if quick:
                image.draft("RGB", (64, 64))
            turned = ImageOps.exif_transpose(image) if rotated else image
            return np.asarray(eight_bit(turned).convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{name}: not an image that can be read ({type(error).__name__})") from error


def eight_bit(image: Image.Image) -> Image.Image:
    """Scales 16-bit grey values to 8 bits, because Pillow would clip them; returns other images unchanged."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(
        np.asarray(np.asarray(image, np.float64) / 257.0 + 0.5).clip(0, 255).astype(np.uint8)
    )
