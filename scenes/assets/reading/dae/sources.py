"""Vertex data of COLLADA polygons: positions, texture coordinates, colours."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.dae.document import Document, text_of
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.text import numbers
from scenes.assets.reading.triangulate import Ints

MAX_STRIDE = 64
"""Largest number of components per value."""


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """An input of a primitive: values that the corners of the primitive refer to by index.

    Attributes:
        semantic: `POSITION`, `TEXCOORD`, `COLOR` or another semantic.
        offset: Position of the index into `values` among the indices of a corner.
        values: (n, d) values.
        number: The set number, for texture coordinates.
    """

    semantic: str
    offset: int
    values: Floats
    number: int

    def of(self, rows: Ints) -> Floats:
        """Returns the values of polygon corners; NaN where an index is out of range.

        Args:
            rows: (..., w) indices of each corner, one per offset.

        Returns:
            (..., d) values of this input.
        """
        index = rows[..., self.offset]
        values = np.concatenate([self.values, np.full((1, self.values.shape[1]), np.nan)])
        return np.asarray(values[np.where((index >= 0) & (index < len(self.values)), index, -1)])


def inputs_of(document: Document, primitive: Element) -> list[Input]:
    """Returns the inputs of a primitive; `VERTEX` is replaced by the inputs of the vertices.

    Raises:
        Refused: A source is invalid.
    """
    inputs = []
    for element in primitive.findall("input"):
        offset, number = whole(element.get("offset")), whole(element.get("set"))
        vertices = document.target(element.get("source"), "vertices")
        for each in (element,) if vertices is None else vertices.findall("input"):
            values = values_of(document, each.get("source"))
            inputs.append(Input(each.get("semantic", ""), offset, values, number))
    return inputs


def whole(text: str | None) -> int:
    """Parses an integer attribute; 0 if it is missing, invalid, or implausibly long."""
    return int(text) if text is not None and text.strip().isdecimal() and len(text) < 10 else 0


def values_of(document: Document, url: str | None) -> Floats:
    """Returns the values (n, d) of a COLLADA source; an array (0, 0) if it is missing or has no accessor.

    Args:
        document: The document.
        url: The reference to the source.

    Raises:
        Refused: The array of the source contains something other than numbers.
    """
    source = document.target(url, "source")
    accessor = None if source is None else source.find("technique_common/accessor")
    if source is None or accessor is None:
        return np.zeros((0, 0))
    held = document.target(accessor.get("source"), "float_array", "int_array")
    values = numbers(text_of(source.find("float_array") if held is None else held))
    names = [parameter.get("name") for parameter in accessor.findall("param")]
    stride = max(whole(accessor.get("stride")), len(names), 1)
    if stride > MAX_STRIDE:
        raise unreadable(f"has a source with {stride:,} numbers per value")
    named = [place for place, name in enumerate(names) if name] or list(range(stride))
    start = whole(accessor.get("offset"))
    rows = max(len(values) - start, 0) // stride
    return values[start : start + rows * stride].reshape(rows, stride)[:, named]
