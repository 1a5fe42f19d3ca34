"""Reads the image files of any data set as their labels see them."""

import warnings

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.image import IMAGE_FORMATS, decode_image
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.runs import REPAIR

FORMATS = (*IMAGE_FORMATS, "GIF")
Image = NDArray[np.uint8]


def read_pixels(image: LabelledImage, reduced_px: int | None = None) -> Image:
    """The image, RGB, of shape (H, W, 3), as its labels see it.

    It is rotated as its EXIF orientation says, unless only the unrotated image has the size that is stated.

    Args:
        image: The image.
        reduced_px: Decode JPEG files faster at a half, a fourth or an eighth of their size, if the longer
            side then has at least this many pixels; None for the full size.

    Raises:
        DataSetError: The file is no image, is damaged, too large, or of another size than stated.
    """
    expected = [_divided(image, number) for number in ((1,) if reduced_px is None else (1, 2, 4, 8))]
    pixels = _decoded(image, True, reduced_px)
    if pixels.shape[:2] not in expected and pixels.shape[1::-1] in expected:
        pixels = _decoded(image, False, reduced_px)
    if pixels.shape[:2] not in expected:
        height, width = pixels.shape[:2]
        what = f"is {width}x{height} pixels, its entry says {image.width}x{image.height}"
        raise DataSetError(f"{image.file}: {what}")
    return pixels


def _divided(image: LabelledImage, number: int) -> tuple[int, int]:
    """Height and width of an image that is decoded at a fraction of its size."""
    return -(-image.height // number), -(-image.width // number)


def _decoded(image: LabelledImage, rotated: bool, reduced_px: int | None) -> Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large images, which are refused
            return decode_image(image.file, str(image.file), reduced_px, FORMATS, rotated)
    except ValueError as error:
        raise DataSetError(f"{error}{_repair(image)}") from error
    except Exception as error:  # decoders may raise any exception for a broken image
        what = f"not an image that can be read ({type(error).__name__})"
        raise DataSetError(f"{image.file}: {what}{_repair(image)}") from error


def _repair(image: LabelledImage) -> str:
    """The end of a message about a broken image: what repairs it, if it belongs to a data set of ours."""
    records = image.file.parents[2] / "records" if len(image.file.parents) > 2 else image.file
    return f"; {REPAIR}" if records.is_dir() else ""
