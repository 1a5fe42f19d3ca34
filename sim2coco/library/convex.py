"""Decomposes concave meshes into convex pieces, so that objects can fall into cups and through rings."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError, cKDTree

from scenes.assets.mesh import Mesh
from scenes.assets.reading.raw import Floats
from scenes.geometry import fibonacci_sphere

MAX_PIECES, MAX_POINTS = 16, 32
"""Maximum number of pieces per mesh, and of vertices per piece before outermost points are added.

Higher limits slow down contact computation and hardly change the shape.
"""
VOXELS, DEPTH = 100_000, 8
"""V-HACD parameters: number of voxels, and maximum recursion depth."""
GROWTH = 0.01
"""Fraction of the hull's volume by which merging pieces may increase the total volume."""
OUTERMOST = 512
"""Number of directions in which the pieces are extended to the extent of the mesh."""


class Undivided(Exception):
    """The mesh cannot be decomposed into convex pieces; the message is the reason."""


def convex_pieces(mesh: Mesh) -> tuple[Floats, ...]:
    """Decomposes a mesh into at most 16 convex pieces. A single piece means that the convex hull suffices.

    Uses V-HACD 4 (Mamou 2016), which works on voxels, without threads, so that the result is deterministic.
    Pieces whose union is nearly convex are merged. The pieces are extended to the outermost points of the
    mesh, so that the mesh neither sinks into the floor nor hovers above it.

    Returns:
        The vertices (n, 3) of each piece, in metres.

    Raises:
        Undivided: V-HACD fails, or the mesh is flat.
    """
    low, size = mesh.vertices_m.min(axis=0), float(mesh.extents_m.max())
    points = (mesh.vertices_m - low) / size
    try:
        hull = ConvexHull(points)
        pieces = _joined(_cut(points, mesh.faces), GROWTH * float(hull.volume))
    except (QhullError, RuntimeError, ValueError) as error:
        raise Undivided(str(error).split("\n", 1)[0][:120]) from error
    pieces = _reaching(pieces, points[hull.vertices])
    return tuple(np.asarray(low + size * piece[_by_place(piece)]) for piece in pieces)


def hull_faces(points: Floats) -> NDArray[np.int32]:
    """Returns the triangles (m, 3) of the convex hull of points (n, 3), counter-clockwise from outside."""
    points = points - points.mean(axis=0)
    hull = ConvexHull(points)
    a, b, c = np.moveaxis(points[hull.simplices], 1, 0)
    inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(axis=1) < 0
    return np.where(inward[:, None], hull.simplices[:, ::-1], hull.simplices)


def _cut(points: Floats, faces: NDArray[np.int32]) -> list[Floats]:
    from vhacdx import compute_vhacd  # an optional dependency

    counted = np.column_stack([np.full(len(faces), 3), faces]).ravel().astype(np.uint32)
    found = compute_vhacd(
        np.ascontiguousarray(points),
        counted,
        maxConvexHulls=MAX_PIECES,
        resolution=VOXELS,
        maxRecursionDepth=DEPTH,
        maxNumVerticesPerCH=MAX_POINTS,
        asyncACD=False,
    )
    solid = [
        corners for corners in (_corners(np.array(piece, np.float64)) for piece, _ in found) if len(corners)
    ]
    if not solid:
        raise ValueError("V-HACD finds no pieces")
    return solid


def _corners(points: Floats) -> Floats:
    """The vertices (m, 3) of the convex hull of points (n, 3); empty if the hull is flat."""
    try:
        return points[ConvexHull(points).vertices] if len(points) > 3 else points[:0]
    except QhullError:
        return points[:0]


def _joined(pieces: list[Floats], growth: float) -> list[Floats]:
    """Replaces pairs of pieces with the convex hull of both, as long as this adds little volume.

    The pair that adds the least volume is always replaced next.

    Args:
        pieces: The vertices (n, 3) of each piece.
        growth: Largest total volume that may be added.
    """
    volumes = [_volume(piece) for piece in pieces]
    costs = {
        (one, two): _volume(np.concatenate([pieces[one], pieces[two]])) - volumes[one] - volumes[two]
        for one, two in combinations(range(len(pieces)), 2)
    }
    alive = set(range(len(pieces)))
    while costs:
        (one, two), cost = min(costs.items(), key=lambda entry: (entry[1], entry[0]))
        growth -= max(cost, 0.0)
        if growth < 0:
            break
        new = _corners(np.concatenate([pieces[one], pieces[two]]))
        pieces, volumes = [*pieces, new], [*volumes, _volume(new)]
        alive -= {one, two}
        costs = {pair: cost for pair, cost in costs.items() if not {one, two} & set(pair)}
        for other in alive:
            both = _volume(np.concatenate([pieces[other], new]))
            costs[other, len(pieces) - 1] = both - volumes[other] - volumes[-1]
        alive.add(len(pieces) - 1)
    return [pieces[index] for index in sorted(alive)]


def _volume(points: Floats) -> float:
    return float(ConvexHull(points).volume)


def _reaching(pieces: list[Floats], hull: Floats) -> list[Floats]:
    """Adds each outermost point of the mesh to the nearest piece, so that the pieces reach as far.

    Args:
        pieces: The vertices (n, 3) of each piece.
        hull: (m, 3) vertices of the convex hull of the mesh.
    """
    outermost = hull[_furthest(hull, OUTERMOST)]
    nearest = np.argmin([cKDTree(piece).query(outermost)[0] for piece in pieces], axis=0)
    thin = [piece if len(piece) <= MAX_POINTS else piece[_furthest(piece, MAX_POINTS)] for piece in pieces]
    return [
        _corners(np.concatenate([piece, outermost[nearest == index]])) for index, piece in enumerate(thin)
    ]


def _furthest(points: Floats, count: int) -> NDArray[np.int64]:
    """Indices (k,) of the points that are furthest along at least one of `count` evenly spread directions."""
    return np.unique((fibonacci_sphere(count) @ points.T).argmax(axis=1))


def _by_place(points: Floats) -> NDArray[np.int64]:
    return np.lexsort(points.T)
