"""Reads a mesh file of any kind that is known, with all that it says of itself."""

from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.raw import Floats, Raw


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A mesh as its file has it.

    Attributes:
        raws: Triangles by material, in the file's unit and frame.
        unit_m: The file's unit in metres, or None where it says nothing.
        up: The axis that points up in the file, or None where it says nothing.
        images: What became of the textures that it names.
        inputs: Every file that was read or looked for, relative to the folder of the mesh, and its hash.
        notes: What was done to read it.
    """

    raws: tuple[Raw, ...]
    unit_m: float | None
    up: str | None
    images: dict[str, str]
    inputs: dict[str, str]
    notes: tuple[str, ...]


def up_matrix(up: str) -> Floats:
    """The rotation (4, 4) that turns an axis upright: x, y or z to z."""
    matrix = np.eye(4)
    if up == "y":
        matrix[:3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    elif up == "x":
        matrix[:3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    return matrix
