"""Triangulates OBJ files if assimp loses triangles of a polygon.

assimp triangulates by ear clipping and gives up on some concave polygons; trimesh uses triangle fans, which
are wrong for concave polygons. The number of triangles reveals the loss: a polygon with n corners has n - 2.
"""

from collections.abc import Iterator
from pathlib import Path

import mapbox_earcut
import numpy as np

from sim2coco.audit.geometry import Array


def triangles_of_obj(path: Path, found: int) -> Array | None:
    """Triangulates the polygons of an OBJ file if another reader has lost triangles.

    Args:
        path: The OBJ file.
        found: The number of triangles that the other reader has found.

    Returns:
        (m, 3, 3); None if the polygons have at most `found` triangles.
    """
    vertices, polygons = _read(path)
    if found >= sum(len(polygon) - 2 for polygon in polygons):
        return None
    pieces = [_cut(vertices[polygon]) for polygon in polygons]
    return np.concatenate([np.zeros((0, 3, 3)), *pieces])


def _read(path: Path) -> tuple[Array, list[list[int]]]:
    """The vertices (n, 3) of an OBJ file, and the vertex indices of each face."""
    vertices: list[list[float]] = []
    polygons: list[list[int]] = []
    for words in _lines(path):
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "f":
            corners = [int(word.partition("/")[0]) for word in words[1:]]
            polygons.append([corner - 1 if corner > 0 else corner + len(vertices) for corner in corners])
    return np.array(vertices, np.float64).reshape(-1, 3), [one for one in polygons if len(one) >= 3]


def _lines(path: Path) -> Iterator[list[str]]:
    """Yields the words of each non-empty line of a file; a backslash at the end of a line continues it."""
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    for line in text.splitlines():
        if words := line.split():
            yield words


def _cut(corners: Array) -> Array:
    """Triangulates a polygon with corners (n, 3) to (m, 3, 3)."""
    if len(corners) == 3:
        return corners[None]
    normal = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)
    flat = np.delete(corners, int(np.abs(normal).argmax()), axis=1)
    flat = flat - flat.min(axis=0)
    ends = np.array([len(corners)], np.uint32)
    return np.asarray(corners[mapbox_earcut.triangulate_float64(flat, ends).reshape(-1, 3)])
