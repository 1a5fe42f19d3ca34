"""A contact sheet of a library: each asset's test picture, name, size and category."""

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from scenes.assets.library import INDEX, read_library
from scenes.assets.reading.image import ImageError, read_image
from sim2coco.library.scan import LibraryError

COLUMNS, SIDE_PX, BAND_PX, FONT_PX = 6, 192, 40, 11
MAX_CELLS = 600
Image = NDArray[np.uint8]


def sheet(folder: Path, sizes: dict[str, str]) -> Image:
    """All assets of a library on one picture (h, w, 3) RGB, by category; the first 600 of a large one.

    Args:
        folder: The library.
        sizes: What to write below each asset's name.

    Raises:
        NoLibrary: There is none.
        LibraryError: It holds no asset.
    """
    library = read_library(folder)
    cells = [
        _cell(_picture(folder, entry.mesh), entry.name, sizes.get(entry.name, ""))
        for category in library.categories
        for entry in library.of(category)
    ][:MAX_CELLS]
    if not cells:
        raise LibraryError(f"{folder / INDEX}: the library holds no mesh that can be used")
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    page = np.full((rows * (SIDE_PX + BAND_PX), columns * SIDE_PX, 3), 255, np.uint8)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top, left = row * cell.shape[0], column * SIDE_PX
        page[top : top + cell.shape[0], left : left + SIDE_PX] = cell
    return page


def _picture(folder: Path, mesh: str) -> Image:
    try:
        return read_image(folder / "pictures" / f"{mesh}.png")
    except ImageError as error:
        raise LibraryError(f"{error}; import the meshes anew") from error


def _cell(image: Image, name: str, size: str) -> Image:
    cell = np.full((SIDE_PX + BAND_PX, SIDE_PX, 3), 255, np.uint8)
    cell[:SIDE_PX] = image
    drawn = Picture.fromarray(cell)
    pen = ImageDraw.Draw(drawn)
    for line, text in enumerate((name, size)):
        ink = (20, 20, 20) if line == 0 else (110, 110, 110)
        pen.text((6, SIDE_PX + 3 + 17 * line), _fitting(text), fill=ink, font=_font())
    cell = np.array(drawn)
    cell[-1], cell[:, -1] = 225, 225
    return cell


@cache
def _font() -> Any:
    """The font that comes with OpenCV, as Pillow's own has ASCII only; that one where OpenCV brings none."""
    path = Path(cv2.__file__).parent / "qt" / "fonts" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, FONT_PX) if path.is_file() else ImageFont.load_default(FONT_PX)


def _fitting(text: str) -> str:
    """The end of a text that fits a cell: it tells more than the beginning."""
    shown = text
    while _font().getlength(shown) > SIDE_PX - 12:
        text = text[1:]
        shown = f"..{text}"
    return shown
