"""Draws the images of any data set with their labels."""

import warnings

import numpy as np

from scenes.assets.reading.image import IMAGE_FORMATS, decode_image
from sim2coco.contactsheet import WHITE, Image
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.runs import REPAIR
from sim2coco.review.overlay import Style, overlay

FORMATS = (*IMAGE_FORMATS, "GIF")
CELL_PX = 320
"""Width of each image on a sheet."""
MAX_HEIGHT = 2
"""Maximum height of an image on a sheet, in widths of a cell; higher ones become narrower, or are cut off."""


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


def in_cell(image: LabelledImage, names: tuple[str, ...], style: Style) -> Image:
    """An image with its labels, `CELL_PX` wide, for a sheet."""
    width_px = max(1, min(CELL_PX, MAX_HEIGHT * CELL_PX * image.width // image.height))
    drawn = overlay(read_pixels(image), image, names, width_px, style)
    height_px = min(len(drawn), MAX_HEIGHT * CELL_PX)
    cell = np.full((height_px, CELL_PX, 3), WHITE, np.uint8)
    cell[:, :width_px] = drawn[:height_px]
    return cell
