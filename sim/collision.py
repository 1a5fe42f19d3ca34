"""Collision shapes as OBJ files."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scenes.assets.pieces import pieces_obj


def collision_obj(pieces: Sequence[NDArray[np.float64]]) -> bytes:
    """Contents of an OBJ file with one object per convex piece, from which PyBullet makes a compound shape.

    PyBullet takes the convex hull of the vertices of each object, so the faces only need to use every
    vertex.

    Args:
        pieces: Vertices (n, 3) of each piece in metres, relative to the centre of mass.
    """
    fans = [np.arange(len(piece) - 2)[:, None] + np.arange(3) for piece in pieces]
    return pieces_obj(pieces, fans, digits=7)
