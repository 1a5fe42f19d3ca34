"""Triangles of glTF files, grouped by material, before their colours are computed."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.gltf.materials import Look, Rgba
from scenes.assets.reading.gltf.wrapping import Tiles
from scenes.assets.reading.raw import Floats

ARRAYS = ("corners", "normals", "uvs", "colors")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Triangles of one material.

    Attributes:
        look: The material.
        factor: Linear RGBA, 0..1, which multiplies texture and vertex colours.
        corners: (m, 3, 3) vertices.
        normals: (m, 3, 3) vertex normals, or None.
        uvs: (m, 3, 2) texture coordinates, v down, with the transform of the material applied, or None.
        colors: (m, 3, 4) linear RGBA of the vertices, 0..1, or None.
        pixels: (h, w, 3) or (h, w, 4) sRGB texture, which repeats, or None.
        tiles: Which repetitions of the original image `pixels` contains: the first one and their number,
            along u and along v.
        groups: Names of the triangles' mesh, of its node, and of the node's ancestors; empty unless the
            caller needs them.
    """

    look: Look
    factor: Rgba
    corners: Floats
    normals: Floats | None
    uvs: Floats | None
    colors: Floats | None
    pixels: NDArray[np.uint8] | None = None
    tiles: tuple[Tiles, Tiles] = ((0, 1), (0, 1))
    groups: tuple[str, ...] = ()

    @property
    def image_uvs(self) -> Floats | None:
        """Texture coordinates (m, 3, 2) relative to the original image, not to `pixels`; v down.

        None if the piece has no texture coordinates.
        """
        if self.uvs is None:
            return None
        first, count = np.array(self.tiles).T
        return np.asarray(self.uvs * count + first)

    @property
    def kind(self) -> Hashable:
        """A key that is equal for two pieces if they can be joined.

        Such pieces have the same material and groups, and lack the same optional arrays.
        """
        return (self.look, self.normals is None, self.uvs is None, self.colors is None, self.groups)

    def kept(self, which: NDArray[np.bool_]) -> "Piece":
        """Returns the triangles selected by a mask (m,)."""
        arrays: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[which] for name in ARRAYS
        }
        return replace(self, **arrays)


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Returns one piece for each `kind`, which joins all pieces of that kind.

    The result is in the order in which the kinds first occur.
    """
    groups: dict[Hashable, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.kind, []).append(piece)
    return [_one(same) for same in groups.values()]


def _one(pieces: list[Piece]) -> Piece:
    if len(pieces) == 1:
        return pieces[0]
    arrays: dict[str, Any] = {
        name: None
        if getattr(pieces[0], name) is None
        else np.concatenate([getattr(piece, name) for piece in pieces])
        for name in ARRAYS
    }
    return replace(pieces[0], **arrays)
