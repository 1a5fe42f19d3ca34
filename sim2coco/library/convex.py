"""Cuts a concave mesh into few convex pieces, so that things fall into cups and through rings."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError, cKDTree

from scenes.assets.mesh import Mesh
from scenes.assets.reading.raw import Floats
from scenes.geometry import fibonacci_sphere

MAX_PIECES, MAX_POINTS = 16, 32
"""Of a mesh, and of a piece but for the outermost points: more cost time at each touch, and change little."""
VOXELS, DEPTH = 100_000, 8
"""What V-HACD sees of the mesh, and how often it may halve a piece."""
GROWTH = 0.01
"""Share of the hull's volume by which joining pieces may make the whole larger."""
OUTERMOST = 512
"""Directions in which the pieces together reach as far as the mesh."""


class Undivided(Exception):
    """A mesh that cannot be cut into pieces, with the reason."""


def convex_pieces(mesh: Mesh) -> tuple[Floats, ...]:
    """The corners (n, 3) of at most 16 convex pieces; a single one is the hull.

    V-HACD 4 (Mamou 2016) on voxels, without threads: the same mesh gives the same pieces. Pieces that
    together are nearly convex are joined. All reach as far as the mesh does: it neither sinks into the floor
    nor hovers.

    Raises:
        Undivided: V-HACD makes nothing of it.
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
    """The triangles (m, 3) of the hull of points (n, 3), counter-clockwise seen from outside."""
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
        raise ValueError("V-HACD finds no piece")
    return solid


def _corners(points: Floats) -> Floats:
    """Those that are corners of their hull; none where it is flat."""
    try:
        return points[ConvexHull(points).vertices] if len(points) > 3 else points[:0]
    except QhullError:
        return points[:0]


def _joined(pieces: list[Floats], growth: float) -> list[Floats]:
    """The pieces with pairs joined, the cheapest first, while the whole grows by less than that."""
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
    """The pieces, each with the outermost points of the mesh that are nearest to it."""
    outermost = hull[_furthest(hull, OUTERMOST)]
    nearest = np.argmin([cKDTree(piece).query(outermost)[0] for piece in pieces], axis=0)
    thin = [piece if len(piece) <= MAX_POINTS else piece[_furthest(piece, MAX_POINTS)] for piece in pieces]
    return [
        _corners(np.concatenate([piece, outermost[nearest == index]])) for index, piece in enumerate(thin)
    ]


def _furthest(points: Floats, count: int) -> NDArray[np.int64]:
    """Indices of the points that are furthest in evenly spread directions."""
    return np.unique((fibonacci_sphere(count) @ points.T).argmax(axis=1))


def _by_place(points: Floats) -> NDArray[np.int64]:
    return np.lexsort(points.T)
