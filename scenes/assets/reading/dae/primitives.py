"""Polygons of COLLADA primitive elements: lists, strips, fans, and polygons with holes."""

from xml.etree.ElementTree import Element

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.dae.document import text_of
from scenes.assets.reading.dae.sources import Input
from scenes.assets.reading.surfaces import indices, strip_triangles
from scenes.assets.reading.text import numbers
from scenes.assets.reading.triangulate import Ints, triangulate_with_holes

PRIMITIVES = ("triangles", "polylist", "polygons", "tristrips", "trifans")


def polygons_of(primitive: Element, width: int, position: Input | None) -> tuple[Ints, Ints]:
    """Reads the polygons of a primitive element.

    Args:
        primitive: An element with a tag in `PRIMITIVES`.
        width: Number of indices per corner.
        position: The input with the positions; required only for polygons with holes.

    Returns:
        The indices of all corners (k, width), and the number of corners of each polygon (m,).

    Raises:
        Refused: There are fewer indices than the element states.
    """
    lists = [_corners(element, width) for element in primitive.findall("p")]
    match primitive.tag:
        case "polylist":
            rows, counts = _joined(lists, width), indices(numbers(text_of(primitive.find("vcount"))))
            if (counts < 0).any() or len(rows) < counts.sum():
                raise unreadable("is truncated: a polygon list has fewer corners than it declares")
            return rows[: counts.sum()], counts
        case "polygons":
            cut = _joined([_with_holes(each, width, position) for each in primitive.findall("ph")], width)
            counts = np.array([len(rows) for rows in lists] + [3] * (len(cut) // 3), np.int64)
            return _joined([*lists, cut], width), counts
        case "tristrips":
            lists = [rows[_strip(rows, position)].reshape(-1, width) for rows in lists]
        case "trifans":
            lists = [rows[_fan(len(rows))].reshape(-1, width) for rows in lists]
        case _:
            pass  # triangles
    rows = _joined(lists, width)
    return rows[: len(rows) // 3 * 3], np.full(len(rows) // 3, 3)


def _corners(element: Element, width: int) -> Ints:
    """Returns the indices (n, width) in the text of an element, one row per polygon corner."""
    listed = indices(numbers(text_of(element)))
    return listed[: len(listed) // width * width].reshape(-1, width)


def _joined(lists: list[Ints], width: int) -> Ints:
    return np.concatenate([np.zeros((0, width), np.int64), *lists])


def _fan(count: int) -> Ints:
    """The triangles (t, 3) of a fan of `count` corners around the first corner."""
    last = np.arange(2, max(count, 2))
    return np.stack([np.zeros_like(last), last - 1, last], axis=1)


def _strip(rows: Ints, position: Input | None) -> Ints:
    """Converts a strip to triangles (t, 3), which are indices into `rows`.

    Degenerate triangles only connect strips; they are left out, unless `position` is None.

    Args:
        rows: (n, width) indices of each corner of the strip.
        position: The input with the positions, or None.
    """
    three = strip_triangles(np.arange(len(rows)))
    if position is None:
        return three
    a, b, c = rows[three][..., position.offset].T
    return np.asarray(three[(a != b) & (b != c) & (a != c)])


def _with_holes(element: Element, width: int, position: Input | None) -> Ints:
    """Triangulates a polygon with holes: indices (3 * t, width) of the triangle corners; empty on failure."""
    outlines = [_corners(each, width) for each in (*element.findall("p"), *element.findall("h"))]
    rows = _joined(outlines, width)
    if position is None or not len(rows):
        return rows[:0]
    cut = triangulate_with_holes(position.of(rows)[:, :3], np.cumsum([len(outline) for outline in outlines]))
    return rows[cut].reshape(-1, width)
