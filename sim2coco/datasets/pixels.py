"""Reads image files of any data set in the orientation that their labels refer to."""

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
    """Reads an image as RGB (H, W, 3), in the orientation that its labels refer to.

    The image is rotated by its EXIF orientation. If it has the stated size only without this rotation, it is
    not rotated.

    Args:
        image: The image.
        reduced_px: If set, a JPEG file is decoded at 1/2, 1/4 or 1/8 of its size, which is faster, such that
            its longer side keeps at least this many pixels. None for the full size.

    Raises:
        DataSetError: The file is not an image, is damaged, too large, or does not have the stated size.
    """
    expected = [_divided(image, number) for number in ((1,) if reduced_px is None else (1, 2, 4, 8))]
    pixels = _decoded(image, True, reduced_px)
    if pixels.shape[:2] not in expected and pixels.shape[1::-1] in expected:
        pixels = _decoded(image, False, reduced_px)
    if pixels.shape[:2] not in expected:
        height, width = pixels.shape[:2]
        what = f"is {width}x{height} pixels, but its entry says {image.width}x{image.height}"
        raise DataSetError(f"{image.file}: {what}")
    return pixels


def _divided(image: LabelledImage, number: int) -> tuple[int, int]:
    """Height and width, rounded up, of an image that is decoded at 1/`number` of its size."""
    return -(-image.height // number), -(-image.width // number)


def _decoded(image: LabelledImage, rotated: bool, reduced_px: int | None) -> Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # large-image warnings; such images are refused
            return decode_image(image.file, str(image.file), reduced_px, FORMATS, rotated)
    except ValueError as error:
        raise DataSetError(f"{error}{_repair(image)}") from error
    except Exception as error:  # decoders may raise any exception for a broken image
        what = f"cannot be read as an image ({type(error).__name__})"
        raise DataSetError(f"{image.file}: {what}{_repair(image)}") from error


def _repair(image: LabelledImage) -> str:
    """Returns how to repair a sim2coco data set, as the end of an error message; "" for other data sets."""
    records = image.file.parents[2] / "records" if len(image.file.parents) > 2 else image.file
    return f"; {REPAIR}" if records.is_dir() else ""
