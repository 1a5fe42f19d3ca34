"""Triangulates the polygons of a mesh file, with the checks common to all formats."""

import numpy as np

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.limits import MAX_FACES
from scenes.assets.reading.raw import Floats
from scenes.assets.reading.refusal import Refused, Repair
from scenes.assets.reading.triangulate import Ints, triangulate

MAX_CORNERS = 20_000
"""Largest number of corners of a polygon; triangulation time grows with its square."""


def check_faces(faces: int) -> None:
    """Checks the number of triangles of a file.

    Raises:
        Refused: There are more than `MAX_FACES`.
    """
    if faces > MAX_FACES:
        raise Refused("over a limit", f"has {faces:,} faces, more than {MAX_FACES:,}", "decimate it first")


def triangles_of(vertices: Floats, corners: Ints, counts: Ints, notes: list[str]) -> Ints:
    """Triangulates polygons; drops polygons with an invalid vertex index.

    Args:
        vertices: (n, 3) positions.
        corners: (k,) indices into `vertices`, polygon after polygon.
        counts: (m,) number of corners of each polygon.
        notes: A note is added here if polygons are dropped.

    Returns:
        (t, 3) indices into `corners`, in the order of the polygons.

    Raises:
        Refused: There are too many triangles or corners, or every polygon has an invalid vertex index.
    """
    check_faces(int(np.maximum(counts - 2, 0).sum()))
    if counts.max(initial=0) > MAX_CORNERS:
        many = f"has a polygon with {counts.max():,} corners, more than {MAX_CORNERS:,}"
        raise Refused("over a limit", many, "export it as triangles")
    there = (corners >= 0) & (corners < len(vertices))
    if there.all():
        return triangulate(vertices, corners, counts)
    polygon = np.repeat(np.arange(len(counts)), counts)
    whole = np.bincount(polygon[~there], minlength=len(counts)) == 0
    if not whole.any():
        raise unreadable("its faces refer to vertices that do not exist")
    notes.append(Repair(f"{int((~whole).sum()):,} faces with missing vertices dropped"))
    kept = np.flatnonzero(whole[polygon])
    return np.asarray(kept[triangulate(vertices, corners[kept], counts[whole])])
