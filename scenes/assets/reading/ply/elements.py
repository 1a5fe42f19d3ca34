"""Values and lists of PLY elements, in text or binary form."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.limits import MAX_FACES
from scenes.assets.reading.ply.head import CODES, Element, Head
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.surfaces import listed
from scenes.assets.reading.text import numbers
from scenes.assets.reading.triangulate import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The values of one property.

    Attributes:
        values: (k,) values of all rows, row after row.
        counts: (rows,) number of values in each row; None if the property is not a list.
        integer: Whether the property has an integer type.
    """

    values: Floats
    counts: Ints | None
    integer: bool


Table = dict[str, Column]


class Body:
    """The data after the header of a PLY file.

    The data of a binary file are an array of bytes. The data of a text file are an array of numbers, as
    float64. A position is an index into this array.

    Args:
        content: The whole file.
        head: Its header.

    Raises:
        Refused: The text contains something other than numbers.
    """

    def __init__(self, content: bytes, head: Head) -> None:
        """Parses all numbers if the file is text; binary values are converted when they are read."""
        self._text = not head.order
        self._content = memoryview(content)[head.size :]
        self._data: NDArray[np.generic]
        if not self._text:
            self._data = np.frombuffer(self._content, np.uint8)
            return
        self._data = numbers(content[head.size :])

    def width(self, dtype: np.dtype[np.generic]) -> int:
        """Number of array entries per value: 1 in a text file, the size of `dtype` in a binary file."""
        return 1 if self._text else dtype.itemsize

    @property
    def size(self) -> int:
        """Length of the array: the number of bytes in a binary file, or of numbers in a text file."""
        return len(self._data)

    def at(self, places: Ints, dtype: np.dtype[np.generic]) -> Floats:
        """Returns the values (n,) of type `dtype` that begin at the positions `places` (n,)."""
        if self._text:
            return np.asarray(self._data[places], np.float64)
        whole = np.ascontiguousarray(self._data[places[:, None] + np.arange(dtype.itemsize)])
        return whole.view(dtype)[:, 0].astype(np.float64)

    def reader(self, dtype: np.dtype[np.generic]) -> Callable[[int], int]:
        """Returns a function from a position to the integer of type `dtype` at this position.

        The function raises an exception if the position is past the end of the data.
        """
        item = self._data.item
        if self._text:
            return lambda place: int(item(place))
        if dtype.itemsize == 1 and dtype.kind == "u":
            return item
        unpack = struct.Struct(CODES[dtype.str]).unpack_from
        return lambda place: int(unpack(self._content, place)[0])


def tables(content: bytes, head: Head, names: tuple[str, ...]) -> dict[str, Table]:
    """Returns a dict from element name to the values of this element.

    Elements that the file does not contain, and elements without rows, are left out.

    Args:
        content: The whole file.
        head: Its header.
        names: Names of the elements to read.

    Raises:
        Refused: The file is cut off, a list length is negative, or an element with lists of different lengths
            has too many rows.
    """
    body = Body(content, head)
    found: dict[str, Table] = {}
    place = 0
    for element in head.elements:
        if not element.properties or not element.rows:
            continue
        starts, counts, place = _layout(body, element, place)
        if element.name in names:
            found[element.name] = _table(body, element, starts, counts)
        if len(found) == len(names):
            break
    return found


def _layout(body: Body, element: Element, place: int) -> tuple[Ints, Ints, int]:
    """Finds where the property values of an element are in the data.

    Positions are indices as defined in `Body`.

    Args:
        body: The data.
        element: The element.
        place: Position of the element's first row.

    Returns:
        starts: (rows, p) position of the first value of each property in each row.
        counts: (rows, p) number of values of each property in each row: the length of a list, 1 for other
            properties.
        end: Position after the last row.
    """
    first, counts, end = _walk(body, element, place, 1)
    stride = end - place
    if place + element.rows * stride <= body.size:
        rows = stride * np.arange(element.rows)[:, None]
        if all(
            (body.at(rows[:, 0] + start - body.width(kind.count), kind.count) == count).all()
            for kind, start, count in zip(element.properties, first[0], counts[0], strict=True)
            if kind.count is not None
        ):
            return (
                rows + first,
                np.broadcast_to(counts, (len(rows), counts.shape[1])),
                place + len(rows) * stride,
            )
    elif all(kind.count is None for kind in element.properties):
        raise _cut_off(element)
    if element.rows > MAX_FACES:
        what = f"has {element.rows:,} rows of {element.name!r}, more than {MAX_FACES:,}"
        raise Refused("over a limit", what, "decimate it first")
    return _walk(body, element, place, element.rows)


def _walk(body: Body, element: Element, place: int, rows: int) -> tuple[Ints, Ints, int]:
    """Like `_layout`, but only for the first `rows` rows, in which it reads the length of every list."""
    steps = [
        (body.reader(kind.count), body.width(kind.count), body.width(kind.dtype))
        if kind.count is not None
        else (None, 0, body.width(kind.dtype))
        for kind in element.properties
    ]
    starts, counts, count, most = [], [], 1, body.size
    try:
        for _ in range(rows):
            for read, before, width in steps:
                count = 1 if read is None else read(place)
                place += before
                starts.append(place)
                counts.append(count)
                place += count * width
                if count < 0 or place > most:
                    raise _cut_off(element)
    except (IndexError, ValueError, OverflowError, struct.error) as error:
        raise _cut_off(element) from error
    shape = (rows, len(steps))
    return np.array(starts, np.int64).reshape(shape), np.array(counts, np.int64).reshape(shape), place


def _cut_off(element: Element) -> Refused:
    return unreadable(f"is truncated: some of its {element.rows:,} rows of {element.name!r} are missing")


def _table(body: Body, element: Element, starts: Ints, counts: Ints) -> Table:
    columns = {}
    for index, kind in enumerate(element.properties):
        integer = kind.dtype.kind in "iu"
        if kind.count is None:
            columns[kind.name] = Column(body.at(starts[:, index], kind.dtype), None, integer)
            continue
        lengths = counts[:, index]
        within = listed(np.zeros_like(lengths), lengths)
        places = np.repeat(starts[:, index], lengths) + within * body.width(kind.dtype)
        columns[kind.name] = Column(body.at(places, kind.dtype), lengths, integer)
    return columns
