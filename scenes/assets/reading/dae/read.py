"""Reads the triangles of COLLADA files."""

from collections.abc import Iterable
from dataclasses import replace
from xml.etree.ElementTree import Element

import numpy as np

from scenes.assets.reading.dae.document import Document
from scenes.assets.reading.dae.geometry import Piece, pieces_of
from scenes.assets.reading.dae.looks import Look, bindings_of, unbound
from scenes.assets.reading.dae.nodes import places_of
from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import WHITE, Floats, Raw, painted, with_colors
from scenes.assets.reading.resolver import MeshResolver
from scenes.assets.reading.surfaces import alike, joined


def read(content: bytes, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads the triangles of a COLLADA scene, in the unit and axes of the file; one `Raw` per material.

    Vertex colours are multiplied by the material colour; a texture replaces both.

    Raises:
        Refused: The file is invalid, exceeds a limit, or refers to a file outside its folder.
    """
    document = Document(content)
    pieces: dict[Element, list[Piece]] = {}
    raws: dict[Look, list[Raw]] = {}
    faces = 0
    for place in places_of(document, resolver.notes):
        if place.geometry not in pieces:
            pieces[place.geometry] = pieces_of(document, place.geometry, notes, resolver.notes)
        bindings = bindings_of(document, place.instance, resolver.notes)
        for piece in pieces[place.geometry]:
            binding = bindings.get(piece.symbol) or unbound(document, piece.symbol, resolver.notes)
            faces += len(piece.corners)
            check_faces(faces)
            uvs = _uvs(piece, binding.number)
            raw = Raw(piece.corners, piece.normals, uvs, corner_colors=piece.colors)
            raws.setdefault(binding.look, []).append(raw.moved(place.matrix))
    return joined([raw for look, several in raws.items() for raw in _painted(look, several, resolver)])


def _uvs(piece: Piece, number: int | None) -> Floats | None:
    """Returns the texture coordinates of set `number` or, if there is no such set, of the first one.

    Returns None if there are no texture coordinates.
    """
    return piece.uvs.get(-1 if number is None else number, next(iter(piece.uvs.values()), None))


def _painted(look: Look, raws: list[Raw], resolver: MeshResolver) -> Iterable[Raw]:
    """Yields the triangles of one material, with its colour or texture.

    Triangles with and without vertex colours are separate items.
    """
    image = None if look.texture is None else resolver.image(look.texture)
    for raw in alike(raws):
        plain = painted(replace(raw, corner_colors=None), look.color_rgb, WHITE, image, resolver.notes)
        if plain.texture is None and raw.corner_colors is not None:
            yield with_colors(plain, raw.corner_colors * np.array(look.color_rgb))
        else:
            yield plain
