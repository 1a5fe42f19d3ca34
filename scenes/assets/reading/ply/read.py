"""Reads PLY files: polygons and triangle strips, with colours and textures."""

from dataclasses import replace

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.ply.elements import Column, Table, tables
from scenes.assets.reading.ply.head import Head, head_of
from scenes.assets.reading.raw import WHITE, Floats, Raw, painted
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.surfaces import Surface, cut, indices, shares, spread, strip_triangles
from scenes.assets.reading.triangulate import Ints

SURFACES = ("face", "tristrips")
LISTS = ("vertex_indices", "vertex_index")
NORMALS = (("nx", "ny", "nz"),)
UVS = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
COLORS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of a PLY file, grouped by texture.

    Vertex colours take precedence over face colours, and textures over both.

    Raises:
        Refused: The file is invalid or cut off, has too many faces, or refers to a file outside its folder.
    """
    head = head_of(content)
    if not any(element.rows for element in head.elements if element.name in SURFACES):
        return ()
    found = tables(content, head, ("vertex", *SURFACES))
    vertex = found.get("vertex", {})
    if not {"x", "y", "z"} <= vertex.keys():
        raise unreadable("its vertices have no x, y and z")
    raws = []
    if "face" in found:
        raws += _textured(_faces(vertex, found["face"]), found["face"], head, resolver, notes)
    if "tristrips" in found:
        raws.append(cut(_strips(vertex, found["tristrips"]), notes)[0])
    return tuple(raws)


def _surface(vertex: Table, corners: Ints, counts: Ints) -> Surface:
    """Creates a surface from polygons.

    Args:
        vertex: The vertices, possibly with texture coordinates, colours and normals.
        corners: (k,) vertex indices of the polygons, concatenated.
        counts: (m,) number of corners of each polygon.
    """
    positions = np.stack([vertex[axis].values for axis in "xyz"], axis=1)
    there = np.clip(corners, 0, max(len(positions) - 1, 0))
    of_vertices = _numbers(vertex, UVS), _colors(vertex), _numbers(vertex, NORMALS)
    of_corners = (None if values is None else values[there] for values in of_vertices)
    return Surface(positions, corners, counts, *of_corners)


def _faces(vertex: Table, face: Table) -> Surface:
    corners, counts = _indices(face)
    surface = _surface(vertex, corners, counts)
    if surface.colors is None:
        surface = replace(surface, colors=spread(_colors(face), counts))
    uvs = face.get("texcoord")
    if uvs is not None and uvs.counts is not None and np.array_equal(uvs.counts, 2 * counts):
        surface = replace(surface, uvs=uvs.values.reshape(-1, 2))
    return surface


def _strips(vertex: Table, strips: Table) -> Surface:
    """Reads the triangles of the element `tristrips`. Each of its rows is a list of triangle strips."""
    corners, counts = _indices(strips)
    triangles = strip_triangles(np.insert(corners, np.cumsum(counts), -1))
    return _surface(vertex, triangles.ravel(), np.full(len(triangles), 3))


def _indices(table: Table) -> tuple[Ints, Ints]:
    """Returns the vertex indices of all rows, concatenated (k,), and the number of indices in each row (m,).

    Raises:
        Refused: The element has no list of vertex indices.
    """
    for name in LISTS:
        column = table.get(name)
        if column is not None and column.counts is not None:
            return indices(column.values), column.counts
    raise unreadable("its faces have no list property vertex_indices")


def _columns(table: Table, names: tuple[tuple[str, ...], ...]) -> list[Column]:
    """Returns the properties that the first suitable tuple in `names` lists; [] if no tuple is suitable.

    A tuple is suitable if the element has all the properties that it lists.
    """
    for several in names:
        columns = [table[name] for name in several if name in table and table[name].counts is None]
        if len(columns) == len(several):
            return columns
    return []


def _numbers(table: Table, names: tuple[tuple[str, ...], ...]) -> Floats | None:
    """Returns the values (n, d) of the d properties that `_columns` selects; None if it selects none."""
    columns = _columns(table, names)
    return np.stack([column.values for column in columns], axis=1) if columns else None


def _colors(table: Table) -> Floats | None:
    """The colours (n, 3) of an element, 0..1, or None."""
    colors = _numbers(table, COLORS)
    return (
        None if colors is None else shares(colors, all(column.integer for column in _columns(table, COLORS)))
    )


def _textured(
    surface: Surface, face: Table, head: Head, resolver: MeshResolver, notes: list[str]
) -> list[Raw]:
    """Returns the triangles of each texture.

    The property `texnumber` selects the texture of a face; without it, all faces have the first texture.
    """
    raw, polygon = cut(surface, notes)
    number = face.get("texnumber")
    which = np.zeros(len(surface.counts)) if number is None or number.counts is not None else number.values
    there = (which >= 0) & (which < len(head.textures))
    named = indices(np.where(there, which, -1))[polygon]
    raws = [raw.kept(named == -1)]
    for index in np.unique(named[named >= 0]).tolist():
        raws.append(_painted(raw.kept(named == index), head.textures[index], resolver))
    return raws


def _painted(raw: Raw, name: str, resolver: MeshResolver) -> Raw:
    image = resolver.image(name)
    if image is None:
        return raw
    textured = painted(raw, raw.color_rgb, WHITE, image, resolver.notes)
    return textured if textured.texture is None else replace(textured, corner_colors=None)
