"""Contact sheet of a library with the test render, name and size of each asset, sorted by category."""

from collections.abc import Iterator
from pathlib import Path

from scenes.assets.library import INDEX, Entry, read_library
from scenes.assets.reading.image import ImageError, read_image
from sim2coco.contactsheet import (
    Image,
    caption_width,
    captioned,
    contact_sheet,
    shortened,
    text_width,
    wrapped,
)
from sim2coco.library.examine import Y_UP
from sim2coco.library.scan import LibraryError

COLUMNS, SIDE_PX = 6, 192
NAME_RGB, SIZE_RGB, LINE_RGB = (20, 20, 20), (110, 110, 110), 225
MAX_CELLS = 600


def sheet(folder: Path, sizes: dict[str, str]) -> Image:
    """Arranges the test renders of a library in one RGB image (h, w, 3): at most 600, sorted by category.

    An asset with an unknown up axis is shown twice: with z up and with y up.

    Args:
        folder: The library.
        sizes: Size of each asset as text, keyed by asset name. It is written below the name.

    Raises:
        NoLibrary: The folder is not a library.
        LibraryError: The library contains no asset, or a test render cannot be read.
    """
    library = read_library(folder)
    entries = [entry for category in library.categories for entry in library.of(category)]
    cells = [cell for entry in entries for cell in _cells(entry, sizes.get(entry.name, ""))][:MAX_CELLS]
    if not cells:
        raise LibraryError(f"{folder / INDEX}: the library contains no usable meshes")
    room = max(len(lines) for _, lines in cells)
    drawn = [_drawn(_picture(folder, mesh), lines, room) for mesh, lines in cells]
    return contact_sheet(drawn, min(COLUMNS, len(drawn)))


def _cells(entry: Entry, size: str) -> Iterator[tuple[str, list[str]]]:
    """Yields (test render name, caption lines) for an asset.

    If the asset's up axis is unknown, there are two test renders: with z up and with y up.
    """
    width_px = caption_width(SIDE_PX)
    below = wrapped(size, width_px) if size else []
    if entry.knows_up:
        yield entry.mesh, [shortened(entry.name, width_px, keep_end=True), *below]
        return
    for mesh, axis in ((entry.mesh, "z up?"), (f"{entry.mesh}{Y_UP}", "or y up?")):
        name = shortened(entry.name, width_px - text_width(f"  {axis}"), keep_end=True)
        yield mesh, [f"{name}  {axis}", *below]
        below = []


def _picture(folder: Path, mesh: str) -> Image:
    try:
        return read_image(folder / "pictures" / f"{mesh}.png")
    except ImageError as error:
        raise LibraryError(f"{error}; import the meshes again") from error


def _drawn(image: Image, lines: list[str], room: int) -> Image:
    cell = captioned(image, lines, [NAME_RGB] + [SIZE_RGB] * (len(lines) - 1), room)
    cell[-1], cell[:, -1] = LINE_RGB, LINE_RGB
    return cell
