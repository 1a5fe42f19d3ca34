"""Convex decompositions: the collision shapes of concave meshes, as stored in libraries."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import MeshError
from scenes.assets.obj import Indices, ObjGroup, obj_bytes

Array = NDArray[np.float64]
MAX_PIECES, MAX_POINTS = 64, 512
"""Largest number of pieces in a file, and of vertices in a piece; `sim2coco assets import` writes fewer."""


def read_pieces(path: Path, scale: float = 1.0) -> tuple[Array, ...]:
    """Reads the vertices (n, 3) of each convex piece, in metres, from an OBJ file with one object per piece.

    Args:
        path: The OBJ file.
        scale: Factor on the coordinates in the file.

    Raises:
        MeshError: The file is missing or invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
        blocks = [block.splitlines() for block in text.split("\no ")[1:]]
        pieces = tuple(
            scale * np.array([line.split()[1:4] for line in block if line.startswith("v ")], np.float64)
            for block in blocks
        )
    except (OSError, ValueError) as error:
        raise MeshError(f"{path}: cannot be read; import the meshes again") from error
    sound = all(
        piece.ndim == 2 and piece.shape[1] == 3 and 4 <= len(piece) <= MAX_POINTS and np.isfinite(piece).all()
        for piece in pieces
    )
    if not (sound and 1 <= len(pieces) <= MAX_PIECES):
        raise MeshError(f"{path}: contains no convex pieces; import the meshes again")
    for piece in pieces:
        piece.setflags(write=False)
    return pieces


def pieces_obj(
    pieces: Sequence[Array], faces: Sequence[Indices], head: Sequence[str] = (), digits: int = 9
) -> bytes:
    """Serializes convex pieces as an OBJ file with one object per piece.

    Args:
        pieces: Vertices (n, 3) of each piece.
        faces: Triangles (m, 3) of each piece.
        head: Lines at the start of the file.
        digits: Significant digits of the coordinates.
    """
    pairs = zip(pieces, faces, strict=True)
    groups = [ObjGroup(piece, shown, name=f"piece{index}") for index, (piece, shown) in enumerate(pairs)]
    return obj_bytes(groups, head, digits)
