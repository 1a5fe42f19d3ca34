"""What stands for a mesh in physics, in the form that PyBullet reads."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scenes.assets.pieces import pieces_obj


def collision_obj(pieces: Sequence[NDArray[np.float64]], center_m: tuple[float, float, float]) -> bytes:
    """An OBJ file with an object for each convex piece: PyBullet makes one body of their hulls.

    Faces only name the points: of an object's shape PyBullet takes the hull.

    Args:
        pieces: Points (n, 3) of each, in the mesh frame.
        center_m: The centre of mass there; points are given about it.
    """
    about = [piece - center_m for piece in pieces]
    fans = [np.arange(len(piece) - 2)[:, None] + np.arange(3) for piece in pieces]
    return pieces_obj(about, fans, digits=7)
