"""A contact sheet of a library with the test render, name and size of each asset, sorted by category."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scenes.assets.library import INDEX, Entry, read_library
from scenes.assets.reading.image import ImageError, read_image
from sim2coco.contactsheet import Image, contact_sheet, shortened, write
from sim2coco.library.examine import Y_UP
from sim2coco.library.scan import LibraryError

COLUMNS, SIDE_PX, BAND_PX = 6, 192, 40
MAX_CELLS = 600


def sheet(folder: Path, sizes: dict[str, str]) -> Image:
    """Draws the assets of a library, at most 600 and sorted by category, into one image (h, w, 3) RGB.

    An asset whose up axis nobody stated is drawn twice: as it is, with z up, and with y up.

    Args:
        folder: The library.
        sizes: The size of each asset as text, by the name of the asset; it is written below the name.

    Raises:
        NoLibrary: The folder is not a library.
        LibraryError: The library contains no asset, or a test render cannot be read.
    """
    library = read_library(folder)
    cells = [
        cell
        for category in library.categories
        for entry in library.of(category)
        for cell in _cells(folder, entry, sizes.get(entry.name, ""))
    ][:MAX_CELLS]
    if not cells:
        raise LibraryError(f"{folder / INDEX}: the library holds no mesh that can be used")
    return contact_sheet(cells, min(COLUMNS, len(cells)))


def _cells(folder: Path, entry: Entry, size: str) -> Iterator[Image]:
    """Yields the cell of an asset; two if nobody stated its up axis, with z up and with y up."""
    if entry.knows_up:
        yield _cell(_picture(folder, entry.mesh), entry.name, size)
        return
    yield _cell(_picture(folder, entry.mesh), f"{entry.name}  z up?", size)
    yield _cell(_picture(folder, f"{entry.mesh}{Y_UP}"), f"{entry.name}  or y up?", "")


def _picture(folder: Path, mesh: str) -> Image:
    try:
        return read_image(folder / "pictures" / f"{mesh}.png")
    except ImageError as error:
        raise LibraryError(f"{error}; import the meshes anew") from error


def _cell(image: Image, name: str, size: str) -> Image:
    cell = np.full((SIDE_PX + BAND_PX, SIDE_PX, 3), 255, np.uint8)
    cell[:SIDE_PX] = image
    for line, text in enumerate((name, size)):
        ink = (20, 20, 20) if line == 0 else (110, 110, 110)
        write(cell, shortened(text, SIDE_PX - 12, keep_end=True), (6, SIDE_PX + 14 + 17 * line), ink)
    cell[-1], cell[:, -1] = 225, 225
    return cell
