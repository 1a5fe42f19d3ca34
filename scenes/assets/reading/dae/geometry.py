"""Triangles of a COLLADA geometry, with their vertex data."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.dae.document import Document
from scenes.assets.reading.dae.primitives import PRIMITIVES, polygons_of
from scenes.assets.reading.dae.sources import Input, inputs_of
from scenes.assets.reading.polygons import triangles_of
from scenes.assets.reading.raw import Floats

NOT_DRAWN = {"spline": "splines are ignored", "brep": "curved solids (brep) are ignored"}


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The triangles of one primitive element, which have one material.

    Attributes:
        symbol: Material symbol of the element.
        corners: (t, 3, 3) positions.
        normals: (t, 3, 3) normals of the corners, or None.
        uvs: A dict from set number to texture coordinates (t, 3, 2), v up.
        colors: (t, 3, 3) RGB of the corners, 0..1, or None.
    """

    symbol: str
    corners: Floats
    normals: Floats | None
    uvs: dict[int, Floats]
    colors: Floats | None


def pieces_of(document: Document, geometry: Element, notes: list[str], looks: list[str]) -> list[Piece]:
    """Returns the triangles of a geometry, one `Piece` per primitive element with triangles.

    Args:
        document: The document.
        geometry: An element `geometry`.
        notes: Notes on the triangles are added here.
        looks: Notes on unsupported content are added here.

    Raises:
        Refused: A primitive is invalid, or has too many triangles.
    """
    looks += [told for tag, told in NOT_DRAWN.items() if geometry.find(tag) is not None]
    meshes = (*geometry.findall("mesh"), *geometry.findall("convex_mesh"))
    primitives = [primitive for mesh in meshes for primitive in mesh if primitive.tag in PRIMITIVES]
    pieces = (_piece(document, primitive, notes) for primitive in primitives)
    return [piece for piece in pieces if piece is not None]


def _piece(document: Document, primitive: Element, notes: list[str]) -> Piece | None:
    inputs = inputs_of(document, primitive)
    position = _first(inputs, "POSITION", 3)
    width = 1 + max((each.offset for each in inputs), default=0)
    rows, counts = polygons_of(primitive, width, position)
    if not len(counts):
        return None
    if position is None:
        raise unreadable("has polygons without positions")
    cut = rows[triangles_of(position.values[:, :3], rows[:, position.offset], counts, notes)]
    uvs: dict[int, Floats] = {}
    for each in inputs:
        if each.semantic == "TEXCOORD" and each.values.shape[1] >= 2:
            uvs.setdefault(each.number, each.of(cut)[..., :2])
    normals, colors = (
        None if found is None else found.of(cut)[..., :3]
        for found in (_first(inputs, "NORMAL", 3), _first(inputs, "COLOR", 3))
    )
    return Piece(primitive.get("material", ""), position.of(cut)[..., :3], normals, uvs, colors)


def _first(inputs: list[Input], semantic: str, size: int) -> Input | None:
    """Returns the first input with the given semantic and values of at least `size` components.

    None if there is no such input.
    """
    found = (each for each in inputs if each.semantic == semantic and each.values.shape[1] >= size)
    return next(found, None)
