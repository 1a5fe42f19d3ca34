"""Triangles of glTF files by material, before their colours are computed."""

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
        tiles: Repetitions of the original image in `pixels`, along u and along v; see `wrapping.Tiles`.
        groups: Names of the mesh, node and ancestor nodes of the triangles; empty unless needed.
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
        """Texture coordinates (m, 3, 2) in the original image, v down."""
        if self.uvs is None:
            return None
        first, count = np.array(self.tiles).T
        return np.asarray(self.uvs * count + first)

    @property
    def kind(self) -> Hashable:
        """Pieces with equal `kind` can be joined."""
        return (self.look, self.normals is None, self.uvs is None, self.colors is None, self.groups)

    def kept(self, which: NDArray[np.bool_]) -> "Piece":
        """Returns the triangles selected by a mask (m,)."""
        arrays: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[which] for name in ARRAYS
        }
        return replace(self, **arrays)


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Joins all pieces with the same `kind` into one; the kinds are in the order of first occurrence."""
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
