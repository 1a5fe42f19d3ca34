"""What stands for a mesh in physics, in the form that PyBullet reads."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def collision_obj(pieces: Sequence[NDArray[np.float64]], center_m: tuple[float, float, float]) -> bytes:
    """An OBJ file with an object for each convex piece: PyBullet makes one body of their hulls.

    Faces only name the points: of an object's shape PyBullet takes the hull.

    Args:
        pieces: Points (n, 3) of each, in the mesh frame.
        center_m: The centre of mass there; points are given about it.
    """
    lines, first = [], 1
    for index, piece in enumerate(pieces):
        lines.append(f"o piece{index}")
        lines += [f"v {x:.7g} {y:.7g} {z:.7g}" for x, y, z in piece - center_m]
        lines += [f"f {i} {i + 1} {i + 2}" for i in range(first, first + len(piece) - 2)]
        first += len(piece)
    return "\n".join(lines).encode() + b"\n"
