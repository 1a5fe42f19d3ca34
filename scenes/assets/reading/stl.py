"""Reads STL files, binary or text, with the colours that some programs store in them."""

import struct

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import GREY, Floats, Raw, with_colors
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.text import plain_text
from scenes.assets.reading.textlines import table, text_lines

HEAD_BYTES = 84
FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
OBJECT_COLOR = b"COLOR="
"""Precedes the object colour (four bytes, red first) in the header of Materialise Magics files."""
MARKED = 0x8000
"""Attribute bit: the facet has its own colour or, in Magics files, the object colour."""


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of an STL file.

    Args:
        content: The bytes of the file.
        resolver: Not used; an STL file refers to no other file.
        notes: Notes on a missing `endsolid`, and on bytes after the last triangle, are added here.

    Raises:
        Refused: The file is cut off, cannot be read, or has too many faces.
    """
    if _is_text(content):
        return (Raw(_corners_of_text(content, notes)),)
    if len(content) < HEAD_BYTES:
        raise unreadable(
            f"is not an STL file: it has {len(content)} bytes, and the header alone has {HEAD_BYTES}"
        )
    (count,) = struct.unpack_from("<I", content, HEAD_BYTES - 4)
    there = (len(content) - HEAD_BYTES) // FACET.itemsize
    if count > there:
        raise unreadable(f"is truncated: it declares {count:,} triangles but contains {there:,}")
    rest = len(content) - HEAD_BYTES - count * FACET.itemsize
    if rest:
        notes.append(f"{rest:,} bytes after its last triangle left out")
    check_faces(count)
    facets = np.frombuffer(content, FACET, count, HEAD_BYTES)
    raw = Raw(facets["corners"].astype(np.float64))
    colors = _colors(content[: HEAD_BYTES - 4], facets["attribute"])
    return (raw if colors is None else with_colors(raw, np.repeat(colors[:, None], 3, axis=1)),)


def _is_text(content: bytes) -> bool:
    """Whether a file is text; binary files that begin with `solid` are recognised by their length."""
    head = content[:256].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"")
    if head[:5].lower() != b"solid":
        return False
    if len(content) < HEAD_BYTES:
        return True
    (count,) = struct.unpack_from("<I", content, HEAD_BYTES - 4)
    return len(content) != HEAD_BYTES + count * FACET.itemsize and b"facet" in plain_text(content).lower()


def _corners_of_text(content: bytes, notes: list[str]) -> Floats:
    """The triangle corners in a text file, (m, 3, 3); a note is added if `endsolid` is missing.

    Raises:
        Refused: A triangle does not have three corners, a number cannot be read, or there are too many faces.
    """
    lines = text_lines(plain_text(content).lower())
    numbers, counts = table(lines.after(b"vertex", lines.begin_with(b"vertex")), 3, 3)
    check_faces(len(numbers) // 3)
    if len(numbers) % 3 or (counts < 3).any():
        raise unreadable("is truncated: a triangle does not have three corners")
    if not lines.begin_with(b"endsolid").any():
        notes.append("ends without endsolid: it may be truncated")
    return numbers.reshape(-1, 3, 3)


def _colors(header: bytes, attributes: NDArray[np.uint16]) -> Floats | None:
    """Facet colours (m, 3), or None if the file has none.

    Two conventions are in use. Magics writes the colour of the object into the header, and red into the
    lowest bits of a facet's attribute. A facet has the object's colour if bit 15 is set or the attribute is
    0. VisCAM and SolidView write blue into the lowest bits. A facet is grey if bit 15 is not set.
    """
    own = np.stack([attributes >> shift & 31 for shift in (0, 5, 10)], axis=1) / 31
    marked = (attributes & MARKED != 0)[:, None]
    place = header.find(OBJECT_COLOR)
    color = header[place + len(OBJECT_COLOR) :][:3]
    if place >= 0 and len(color) == 3:
        of_object = marked | (attributes == 0)[:, None]
        return np.where(of_object, np.frombuffer(color, np.uint8) / 255, own)
    return np.where(marked, own[:, ::-1], GREY) if marked.any() else None
