"""Contact sheets: images side by side, and text on images."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

Image = NDArray[np.uint8]
Rgb = tuple[int, int, int]
FONT_PX = 11
WHITE = 255


def contact_sheet(cells: Sequence[Image], columns: int, gap_px: int = 0) -> Image:
    """Returns one image (H, W, 3) RGB that shows images of equal width in a grid on white.

    Each image is at the top left of its cell.

    Args:
        cells: The images, (h, w, 3) RGB, row by row; the tallest image determines the height of all cells.
        columns: Number of images in a row.
        gap_px: White margin to the right of and below each cell, in pixels.
    """
    height, width = max(len(cell) for cell in cells) + gap_px, cells[0].shape[1] + gap_px
    page = np.full((-(-len(cells) // columns) * height, columns * width, 3), WHITE, np.uint8)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top, left = row * height, column * width
        page[top : top + len(cell), left : left + cell.shape[1]] = cell
    return page


def write(image: Image, text: str, at: tuple[int, int], color: Rgb, outline: Rgb | None = None) -> None:
    """Draws text into an image (h, w, 3) RGB in place.

    Args:
        image: The image, which is modified.
        text: One line.
        at: x and y of the left end of the baseline, in pixels.
        color: Colour of the text.
        outline: Colour of an outline, which makes bold text legible on any background; None for plain text.
    """
    drawn = Picture.fromarray(image)
    pen, bold = ImageDraw.Draw(drawn), outline is not None
    pen.text(at, text, color, _font(bold), anchor="ls", stroke_width=int(bold), stroke_fill=outline)
    image[:] = np.asarray(drawn)


def text_width(text: str, bold: bool = False) -> float:
    """Width of a line of text in pixels."""
    return float(_font(bold).getlength(text))


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans from OpenCV's files; if OpenCV has no fonts, Pillow's default, which covers only ASCII."""
    path = Path(cv2.__file__).parent / "qt" / "fonts" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"
    return ImageFont.truetype(path, FONT_PX) if path.is_file() else ImageFont.load_default(FONT_PX)
