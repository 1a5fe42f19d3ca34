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
LINE_PX = 17
"""Line spacing of text, in pixels."""
MARGIN_PX = 6
"""Horizontal margin on both sides of a caption, in pixels."""
ELLIPSIS = "…"
WHITE = 255


def contact_sheet(cells: Sequence[Image], columns: int, gap_px: int = 0) -> Image:
    """Arranges images of equal width in a grid on white; returns the grid as an RGB image (H, W, 3).

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
        color: Text colour.
        outline: Outline colour; the text is then bold, and legible on any background. None draws regular
            text.
    """
    drawn = Picture.fromarray(image)
    pen, bold = ImageDraw.Draw(drawn), outline is not None
    font = font_for(text, FONT_PX, bold)
    pen.text(at, text, color, font, anchor="ls", stroke_width=int(bold), stroke_fill=outline)
    image[:] = np.asarray(drawn)


def captioned(image: Image, lines: Sequence[str], inks: Sequence[Rgb], room: int = 0) -> Image:
    """Adds lines of text on white below an image; returns the taller RGB image (H, W, 3).

    Args:
        image: The image, (h, w, 3) RGB.
        lines: Lines of text, each at most `caption_width` wide.
        inks: Colour of each line.
        room: Number of lines to leave room for, if there are fewer lines.
    """
    band = np.full((max(len(lines), room) * LINE_PX + MARGIN_PX, image.shape[1], 3), WHITE, np.uint8)
    for number, (line, ink) in enumerate(zip(lines, inks, strict=True)):
        write(band, line, (MARGIN_PX, FONT_PX + number * LINE_PX + 1), ink)
    return np.concatenate([image, band])


def caption_width(width_px: int) -> int:
    """Maximum width of a caption in pixels, below an image `width_px` wide."""
    return width_px - 2 * MARGIN_PX


def wrapped(text: str, width_px: float) -> list[str]:
    """Wraps a text at spaces into lines at most `width_px` wide; wider words are truncated."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(shortened(word, width_px))
    return [line.rstrip() for line in lines]


def text_width(text: str, bold: bool = False) -> float:
    """Width of a line of text in pixels."""
    return float(font_for(text, FONT_PX, bold).getlength(text))


def shortened(text: str, width_px: float, bold: bool = False, keep_end: bool = False) -> str:
    """Truncates a text to a maximum width; an ellipsis replaces the characters at its end.

    Args:
        text: The text.
        width_px: Maximum width in pixels; one character and the ellipsis are always kept.
        bold: Whether the text is bold.
        keep_end: Whether to leave out characters at the beginning instead.
    """
    shown, left = text, text
    while len(left) > 1 and text_width(shown, bold) > width_px:
        left = left[1:] if keep_end else left[:-1]
        shown = ELLIPSIS + left if keep_end else left.rstrip() + ELLIPSIS
    return shown
