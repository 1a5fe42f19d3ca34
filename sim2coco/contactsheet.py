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
    """Images (h, w, 3) RGB of one width in rows, each at the top left of its place, on white.

    Args:
        cells: The images, row by row; places are as high as the highest.
        columns: Images in a row.
        gap_px: White on the right of each place and below it.
    """
    height, width = max(len(cell) for cell in cells) + gap_px, cells[0].shape[1] + gap_px
    page = np.full((-(-len(cells) // columns) * height, columns * width, 3), WHITE, np.uint8)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top, left = row * height, column * width
        page[top : top + len(cell), left : left + cell.shape[1]] = cell
    return page


def write(image: Image, text: str, at: tuple[int, int], color: Rgb, outline: Rgb | None = None) -> None:
    """Writes text into an image (h, w, 3) RGB.

    Args:
        image: Is changed.
        text: One line.
        at: x and y of the left end of its baseline.
        color: Its colour.
        outline: Colour of the edge around bold letters, which can be read on anything; None for plain ones.
    """
    drawn = Picture.fromarray(image)
    pen, bold = ImageDraw.Draw(drawn), outline is not None
    pen.text(at, text, color, _font(bold), anchor="ls", stroke_width=int(bold), stroke_fill=outline)
    image[:] = np.asarray(drawn)


def text_width(text: str, bold: bool = False) -> float:
    """How wide a line of text is, in pixels."""
    return float(_font(bold).getlength(text))


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with OpenCV, as Pillow's own has ASCII only; that one where OpenCV brings none."""
    path = Path(cv2.__file__).parent / "qt" / "fonts" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"
    return ImageFont.truetype(path, FONT_PX) if path.is_file() else ImageFont.load_default(FONT_PX)
