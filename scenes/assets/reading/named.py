"""Triangles with their material and group names in a mesh file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.raw import Floats
from scenes.assets.reading.triangulate import Ints

Wrap = Literal["repeat", "mirror", "clamp"]
"""Texture wrap mode."""
WRAPS: tuple[Wrap, ...] = ("repeat", "mirror", "clamp")


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """The triangles of a mesh file, with names.

    Attributes:
        corners: (m, 3, 3) vertices of each triangle, in the unit and frame of the file.
        uvs: (m, 3, 2) texture coordinates, v up, with the scale and offset of the material applied; NaN where
            there are none.
        material_of: (m,) index into `materials`.
        groups_of: (m,) index into `groups`.
        materials: Material names; "" for a material without a name.
        groups: For each index in `groups_of`, the names of the groups, objects or nodes of the triangle.
        wraps: Wrap modes of each material's texture along u and v; if empty, all textures repeat.
    """

    corners: Floats
    uvs: Floats
    material_of: Ints
    groups_of: Ints
    materials: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    wraps: tuple[tuple[Wrap, Wrap], ...] = ()

    @property
    def wrap_of(self) -> NDArray[np.uint8]:
        """Wrap modes of each triangle's texture: (m, 2) indices into `WRAPS`."""
        codes = [[WRAPS.index(u), WRAPS.index(v)] for u, v in self.wraps] or [[0, 0]] * len(self.materials)
        return np.array(codes, np.uint8).reshape(-1, 2)[self.material_of]


def uvs_or_nan(uvs: Floats | None, faces: int) -> Floats:
    """Returns `uvs`; if it is None, returns an array (faces, 3, 2) of NaN."""
    return np.full((faces, 3, 2), np.nan) if uvs is None else uvs


def joined(pieces: Sequence[tuple[Floats, Floats | None, str, tuple[str, ...]]]) -> Named:
    """Joins the triangles of several pieces.

    Each piece is a tuple of corners (m, 3, 3), texture coordinates (m, 3, 2) or None, a material name, and
    group names.
    """
    counts = [len(corners) for corners, *_ in pieces]
    materials, groups = [piece[2] for piece in pieces], [piece[3] for piece in pieces]
    return Named(
        np.concatenate([piece[0] for piece in pieces]),
        np.concatenate([uvs_or_nan(piece[1], len(piece[0])) for piece in pieces]),
        np.repeat(np.arange(len(pieces)), counts),
        np.repeat(np.arange(len(pieces)), counts),
        tuple(materials),
        tuple(groups),
    )
