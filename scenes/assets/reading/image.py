"""Reads user images."""

from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps

from scenes.assets.reading.limits import MAX_IMAGE_PX

IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


class ImageError(ValueError):
    """An image cannot be used. The message gives its file and the reason in one line."""


def read_image(path: Path, reduced_px: int | None = None) -> NDArray[np.uint8]:
    """Reads an image file as (h, w, 3) RGB, rotated according to its EXIF orientation.

    Args:
        path: The image file.
        reduced_px: JPEG files are decoded at 1/2, 1/4 or 1/8 of their size, which is faster, as long as this
            leaves at least `reduced_px` pixels on the longer side. None decodes at the full size.

    Raises:
        ImageError: The file is missing, not an image, damaged, or has more than 50 million pixels.
    """
    return decode_image(path, str(path), reduced_px)


def read_cutout(path: Path, largest_px: int = 1024) -> NDArray[np.uint8]:
    """Reads an image file as (h, w, 4) RGBA; alpha is 255 where the file has none.

    Args:
        path: The image file.
        largest_px: Longest side of the result; larger images are downscaled.

    Raises:
        ImageError: The file cannot be read, or no pixel has an alpha of at least 128.
    """
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            if image.width * image.height > MAX_IMAGE_PX:
                raise ImageError(f"{path}: {image.width}x{image.height} is more than {MAX_IMAGE_PX:,} pixels")
            turned = eight_bit(ImageOps.exif_transpose(image)).convert("RGBA")
            turned.thumbnail((largest_px, largest_px), Image.Resampling.BOX)
            pixels = np.asarray(turned)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path}: cannot be read as an image ({type(error).__name__})") from error
    if pixels[..., 3].max() < 128:
        raise ImageError(
            f"{path}: is transparent everywhere; its alpha channel must be at least 128 somewhere"
        )
    return pixels


MAX_MASK_PX = 32_766
"""Largest width and height of a mask, limited by OpenCV's `remap`."""


def decode_mask(content: bytes, name: str) -> NDArray[np.uint8]:
    """Decodes an image as (h, w): its brightness times its alpha, 0..255.

    Args:
        content: The bytes of an image file.
        name: Name of the image in error messages.

    Raises:
        ImageError: The content is not an image, is damaged, or is too large.
    """
    try:
        with Image.open(BytesIO(content), formats=IMAGE_FORMATS) as image:
            if image.width * image.height > MAX_IMAGE_PX:
                raise ImageError(f"{name}: {image.width}x{image.height} is more than {MAX_IMAGE_PX:,} pixels")
            if max(image.size) > MAX_MASK_PX:
                told = f"{image.width}x{image.height} is more than {MAX_MASK_PX:,} pixels on a side"
                raise ImageError(f"{name}: {told}; scale it down")
            grey, alpha = eight_bit(image).convert("RGBA").convert("LA").split()
            return np.asarray(ImageChops.multiply(grey, alpha), np.uint8)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{name}: cannot be read as an image ({type(error).__name__})") from error


def decode_image(
    file: Path | IO[bytes],
    name: str,
    reduced_px: int | None = None,
    formats: tuple[str, ...] = IMAGE_FORMATS,
    rotated: bool = True,
) -> NDArray[np.uint8]:
    """Decodes an image as (h, w, 3) RGB.

    Args:
        file: Path of the image file, or a binary stream.
        name: Name of the image in error messages.
        reduced_px: JPEG files are decoded at 1/2, 1/4 or 1/8 of their size, which is faster, as long as this
            leaves at least `reduced_px` pixels on the longer side. None decodes at the full size.
        formats: The accepted formats, by Pillow's names.
        rotated: Whether the image is rotated according to its EXIF orientation.

    Raises:
        ImageError: The content is not an image, is damaged, or has more than 50 million pixels.
    """
    try:
        with Image.open(file, formats=formats) as image:
            if image.width * image.height > MAX_IMAGE_PX:
                raise ImageError(f"{name}: {image.width}x{image.height} is more than {MAX_IMAGE_PX:,} pixels")
            if reduced_px is not None:
                longer = max(image.size)
                image.draft("RGB", (image.width * reduced_px // longer, image.height * reduced_px // longer))
            turned = ImageOps.exif_transpose(image) if rotated else image
            return np.asarray(eight_bit(turned).convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{name}: cannot be read as an image ({type(error).__name__})") from error


def eight_bit(image: Image.Image) -> Image.Image:
    """Scales 16-bit grey values to 8 bits, because Pillow would clip them; returns other images unchanged."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(
        np.asarray(np.asarray(image, np.float64) / 257.0 + 0.5).clip(0, 255).astype(np.uint8)
    )
