"""Reads OFF files: polygons with vertex or face colours, and texture coordinates."""

import re

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import GREY, Floats, Raw
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.surfaces import Surface, cut, indices, listed, shares, spread
from scenes.assets.reading.text import numbers, plain_text
from scenes.assets.reading.triangulate import Ints

KEYWORD = re.compile(r"(ST)?(C)?(N)?(4?n?)OFF(?![A-Za-z])")
"""Matches the first word; prefixes stand for texture coordinates, colours, normals and other dimensions."""


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of an OFF file. Vertex colours take precedence over face colours.

    Raises:
        Refused: The file is invalid, cut off or binary, or has too many faces.
    """
    if re.match(rb"\s*\w*OFF\s+BINARY", content):
        raise unreadable("is a binary OFF file; only text is supported")
    rows = (row.partition("#")[0].strip() for row in plain_text(content).decode().splitlines())
    lines = [row for row in rows if row]
    keyword = KEYWORD.match(lines[0]) if lines else None
    if keyword is not None:
        lines = [row for row in (lines[0][keyword.end() :].strip(), *lines[1:]) if row]
        if keyword[4]:
            raise unreadable(f"is an OFF file without three coordinates per vertex ({keyword[0]})")
    vertices, faces = _counts(lines)
    if not (vertices and faces):
        return ()
    of_vertices, of_faces = lines[1 : 1 + vertices], lines[1 + vertices : 1 + vertices + faces]
    positions, *more = _vertices(*_rows(of_vertices), keyword, resolver.notes)
    corners, counts, face_colors = _faces(*_rows(of_faces), resolver.notes)
    there = np.clip(corners, 0, len(positions) - 1)
    normals, colors, uvs = (None if values is None else values[there] for values in more)
    colors = spread(face_colors, counts) if colors is None else colors
    return (cut(Surface(positions, corners, counts, uvs, colors, normals), notes)[0],)


def _counts(lines: list[str]) -> tuple[int, int]:
    """Numbers of vertices and faces, from the first line.

    Raises:
        Refused: The numbers are missing, too large, or exceed the number of lines.
    """
    words = lines[0].split() if lines else []
    if len(words) < 2 or not (words[0].isdecimal() and words[1].isdecimal()):
        raise unreadable("is not an OFF file: the numbers of vertices and faces are missing")
    vertices, faces = int(words[0]), int(words[1])
    if len(lines) < 1 + vertices + faces:
        raise unreadable(f"is truncated: its header declares {vertices:,} vertices and {faces:,} faces")
    check_faces(faces)
    return vertices, faces


def _rows(lines: list[str]) -> tuple[Floats, Ints]:
    """Returns the numbers in all m lines, concatenated (k,), and how many numbers each line has (m,)."""
    return numbers(" ".join(lines)), np.array([len(line.split()) for line in lines], np.int64)


def _vertices(
    table: Floats, lengths: Ints, keyword: re.Match[str] | None, looks: list[str]
) -> tuple[Floats, Floats | None, Floats | None, Floats | None]:
    """Splits the vertex lines into arrays.

    Returns:
        Positions (n, 3), normals (n, 3), colours (n, 3) and texture coordinates (n, 2). All but the positions
        are None if the keyword does not announce them.

    Raises:
        Refused: A line has fewer numbers than the keyword requires.
    """
    textured, colored, normal = (bool(keyword and keyword[index]) for index in (1, 2, 3))
    before, after = 6 if normal else 3, 2 if textured else 0
    width = int(lengths.min())
    if width < before + 3 * colored + after:
        raise unreadable("a vertex line has too few numbers")
    rows = table[(np.cumsum(lengths) - lengths)[:, None] + np.arange(width)]
    if width > before + after and not colored:
        looks.append("numbers after the vertex coordinates are ignored")
    normals = rows[:, 3:6] if normal else None
    colors = shares(rows[:, before : before + 3], False) if colored else None
    return rows[:, :3], normals, colors, rows[:, width - 2 :] if textured else None


def _faces(table: Floats, lengths: Ints, looks: list[str]) -> tuple[Ints, Ints, Floats | None]:
    """Reads the faces.

    Returns:
        corners: (k,) vertex index of each corner, face by face.
        counts: (m,) number of corners of each face.
        colors: (m, 3) colour of each face, grey for a face without one; None if no face has one.

    Raises:
        Refused: A line has fewer corners than its first number states.
    """
    starts = np.cumsum(lengths) - lengths
    counts = indices(table[starts])
    if (counts < 0).any() or (counts + 1 > lengths).any():
        raise unreadable("a face line has fewer numbers than its first number states")
    corners = indices(table[listed(starts + 1, counts)])
    more = lengths - 1 - counts
    if ((more == 1) | (more == 2)).any():
        looks.append("face colours that are indices into a colour table are ignored")
    colored = more >= 3
    if not colored.any():
        return corners, counts, None
    colors = np.tile(np.array(GREY), (len(counts), 1))
    first = (starts + 1 + counts)[colored]
    colors[colored] = shares(table[first[:, None] + np.arange(3)], False)
    return corners, counts, colors
