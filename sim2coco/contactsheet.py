"""Contact sheets: images side by side, and text on images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from sim2coco.fonts import font_for

Image = NDArray[np.uint8]
Rgb = tuple[int, int, int]
FONT_PX = 13
ELLIPSIS = "…"
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
        text: One line, in any script.
        at: x and y of the left end of the baseline, in pixels.
        color: Colour of the text.
        outline: Colour of an outline, which makes bold text legible on any background; None for plain text.
    """
    drawn = Picture.fromarray(image)
    pen, bold = ImageDraw.Draw(drawn), outline is not None
    font = font_for(text, FONT_PX, bold)
    pen.text(at, text, color, font, anchor="ls", stroke_width=int(bold), stroke_fill=outline)
    image[:] = np.asarray(drawn)


def text_width(text: str, bold: bool = False) -> float:
    """Width of a line of text in pixels."""
    return float(font_for(text, FONT_PX, bold).getlength(text))


def shortened(text: str, width_px: float, bold: bool = False, keep_end: bool = False) -> str:
    """A text that is at most as wide as given: characters are replaced by an ellipsis at its end.

    Args:
        text: The text.
        width_px: Maximum width in pixels; one character and the ellipsis are always kept.
        bold: Whether the text is drawn bold.
        keep_end: Whether to leave out characters at the beginning instead.
    """
    shown, left = text, text
    while len(left) > 1 and text_width(shown, bold) > width_px:
        left = left[1:] if keep_end else left[:-1]
        shown = ELLIPSIS + left if keep_end else left.rstrip() + ELLIPSIS
    return shown
