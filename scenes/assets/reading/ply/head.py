"""The PLY header: elements with their properties, and textures."""

import re
from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.text import plain_text

TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("long", "int64"), "i8"),
    **dict.fromkeys(("ulong", "uint64"), "u8"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
CODES = {
    np.dtype(order + kind).str: order + np.dtype(kind).char.replace("l", "q").replace("L", "Q")
    for order in "<>"
    for kind in TYPES.values()
}
"""`struct` format of each type."""
MAX_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an element.

    Attributes:
        name: Its name.
        dtype: Type of the value, or of each value of the list.
        count: Type of the list length, or None for a single value.
    """

    name: str
    dtype: np.dtype[np.generic]
    count: np.dtype[np.generic] | None


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the header: its name, number of rows, and properties."""

    name: str
    rows: int
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a PLY file.

    Attributes:
        order: Byte order, `<` or `>`, or "" for text.
        elements: The elements in file order.
        textures: The texture file names in its comments.
        size: Length of the header in bytes.
    """

    order: str
    elements: tuple[Element, ...]
    textures: tuple[str, ...]
    size: int


def head_of(content: bytes) -> Head:
    """Reads the header.

    Raises:
        Refused: The content is not a PLY file.
    """
    start = re.match(rb"ply[ \t]*(\r\n|\r|\n)", content)
    if start is None:
        raise unreadable("is not a PLY file: it does not begin with ply")
    newline = start[1]
    ending = re.compile(newline + rb"end_header[ \t]*(?:" + newline + rb"|\Z)")
    end = ending.search(content, 0, MAX_HEAD_BYTES)
    if end is None:
        raise unreadable("is not a PLY file: its header has no end_header")
    lines = plain_text(content[: end.start()]).decode().split(newline.decode())
    form = next((words[1] for line in lines if (words := line.split())[:1] == ["format"] and words[1:]), "")
    if form not in ORDERS:
        raise unreadable(f"is a PLY file of the format {form!r}, which is not supported")
    found = (re.match(r"\s*comment\s+texturefile\s+(\S.*)", line, re.IGNORECASE) for line in lines)
    textures = tuple(match[1].strip() for match in found if match)
    return Head(ORDERS[form], _elements(lines, ORDERS[form]), textures, end.end())


def _elements(lines: list[str], order: str) -> tuple[Element, ...]:
    elements: list[tuple[str, int, list[Property]]] = []
    for line in lines:
        match line.split():
            case ["element", name, rows] if rows.isdecimal():
                elements.append((name, int(rows), []))
            case ["property", *words] if elements:
                elements[-1][2].append(_property(words, order))
            case ["element" | "property", *_]:
                raise unreadable(f"has the invalid header line {line.strip()[:60]!r}")
            case _:
                pass  # comments, with or without the keyword
    return tuple(Element(name, rows, tuple(properties)) for name, rows, properties in elements)


def _property(words: list[str], order: str) -> Property:
    """Parses a property from the words after `property`.

    Raises:
        Refused: The words do not describe a property.
    """
    match words:
        case ["list", count, kind, name] if count in TYPES and kind in TYPES and TYPES[count][0] != "f":
            return Property(name, np.dtype(order + TYPES[kind]), np.dtype(order + TYPES[count]))
        case [kind, name] if kind in TYPES:
            return Property(name, np.dtype(order + TYPES[kind]), None)
        case _:
            raise unreadable(f"has the property {' '.join(words)[:60]!r}, whose type is not supported")
