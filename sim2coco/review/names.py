"""Writes the names of objects next to their boxes, with as little overlap as possible."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim2coco.contactsheet import FONT_PX, Image, Rgb, shortened, text_width, write

NAME_SHARE = 0.3
"""A name is at most as wide as its box or as this fraction of the image, whichever is wider."""
MAX_HIDDEN = 0.15
"""A name is left out if earlier names would overlap more than this fraction of it in every position."""
GAP_PX = 3
"""Distance of a name from its box."""
BLACK = (0, 0, 0)

Edges = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name to be written next to an object in an image.

    Attributes:
        text: The name.
        box: Left, top, right and bottom of the object's box, in pixels.
        color: Colour of the text.
    """

    text: str
    box: Edges
    color: Rgb


def write_names(image: Image, names: Sequence[Name]) -> None:
    """Writes names into an image (h, w, 3) RGB, above, below, in or beside their boxes, where there is room.

    Names are written in the given order. Each takes the first position without overlap with the names written
    before, or else the position with the least overlap. A name for which there is no room is left out.
    """
    taken: list[Edges] = []
    for name in names:
        left, _, right, _ = name.box
        shown = shortened(name.text, max(right - left, NAME_SHARE * image.shape[1]), bold=True)
        places = list(_places(name.box, text_width(shown, bold=True), image.shape[1], image.shape[0]))
        hidden = [sum(_common(place, other) for other in taken) / _area(place) for place in places]
        best = min(range(len(places)), key=lambda index: hidden[index])
        if hidden[best] <= MAX_HIDDEN:
            place = places[best]
            taken.append(place)
            write(image, shown, (round(place[0]) + 1, round(place[3]) - 2), name.color, outline=BLACK)


def _places(box: Edges, text_px: float, width: int, height: int) -> Iterator[Edges]:
    """Yields positions for a name in or around a box, in order of preference, shifted into the image."""
    left, top, right, bottom = box
    wide, high = text_px + 3, FONT_PX + 3
    columns = (left - 1, right - wide, (left + right - wide) / 2)
    rows = (top - GAP_PX - high, top + 1, bottom + 1, bottom - high - 1, (top + bottom - high) / 2)
    around = [(x, y) for y in rows for x in columns]
    around += [(x, y) for x in (right + GAP_PX, left - GAP_PX - wide) for y in (top, bottom - high)]
    inside = [(x, y) for x, y in around if 0 <= y <= height - high]
    for x, y in inside or around:
        x, y = max(0.0, min(x, width - wide)), max(0.0, min(y, height - high))
        yield x, y, x + wide, y + high


def _common(one: Edges, other: Edges) -> float:
    """Intersection area of two rectangles."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _area(edges: Edges) -> float:
    return (edges[2] - edges[0]) * (edges[3] - edges[1])
