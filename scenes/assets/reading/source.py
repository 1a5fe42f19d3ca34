"""Reads a mesh file of any kind that is known, with all that it says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.resolver import MeshResolver


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A mesh as its file has it.

    Attributes:
        raws: Triangles by material, in the file's unit and frame.
        unit_m: The file's unit in metres, or None where it says nothing.
        up: The axis that points up in the file, or None where it says nothing.
        images: What became of the textures that it names.
        inputs: Every file that was read or looked for, relative to the folder of the mesh, and its hash.
        notes: What was done to read its triangles, each in a few words.
        looks: The same of its materials and textures, and what of them is not used.
    """

    raws: tuple[Raw, ...]
    unit_m: float | None
    up: str | None
    images: dict[str, str]
    inputs: dict[str, str]
    notes: tuple[str, ...]
    looks: tuple[str, ...]

    @property
    def to_metres_z_up(self) -> Floats:
        """The map (4, 4) to metres, z up, as far as the file states its unit and axis."""
        unit_m = 1.0 if self.unit_m is None else self.unit_m
        return up_matrix(self.up or "z") @ np.diag([unit_m, unit_m, unit_m, 1.0])


def up_matrix(up: str) -> Floats:
    """The rotation (4, 4) that turns an axis upright: x, y or z to z."""
    matrix = np.eye(4)
    if up == "y":
        matrix[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    elif up == "x":
        matrix[:3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    return matrix


def source_of(
    raws: tuple[Raw, ...], unit_m: float | None, up: str | None, resolver: MeshResolver, notes: Sequence[str]
) -> Source:
    """The mesh of some triangles, with what became of the files that it names."""
    lost = [
        f"texture {name!r} {fate}: its colour is used"
        for name, fate in resolver.images.items()
        if fate != "found"
    ]
    looks = dict.fromkeys((*resolver.notes, *lost))
    images: dict[str, str] = dict(resolver.images)
    return Source(raws, unit_m, up, images, resolver.inputs, tuple(dict.fromkeys(notes)), tuple(looks))
