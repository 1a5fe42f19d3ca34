"""Draws the images of any data set with their labels."""

import numpy as np

from sim2coco.contactsheet import WHITE, Image
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.review.overlay import Style, overlay

CELL_PX = 320
"""Width of each image on a sheet."""
MAX_HEIGHT = 2
"""Maximum height of an image on a sheet, in cell widths; taller images become narrower, or are cropped."""


def in_cell(image: LabelledImage, names: tuple[str, ...], style: Style) -> Image:
    """Draws an image with its labels as a cell of a sheet; the cell is `CELL_PX` wide."""
    width_px = max(1, min(CELL_PX, MAX_HEIGHT * CELL_PX * image.width // image.height))
    drawn = overlay(read_pixels(image), image, names, width_px, style)
    height_px = min(len(drawn), MAX_HEIGHT * CELL_PX)
    cell = np.full((height_px, CELL_PX, 3), WHITE, np.uint8)
    cell[:, :width_px] = drawn[:height_px]
    return cell
