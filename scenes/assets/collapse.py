"""Simplifies triangle meshes by edge collapses, many at a time.

A collapse moves a vertex to a neighbour, so the remaining vertices are a subset of the original ones.
Collapses that move the surface by less than the given error are ordered by their quadric error: the root mean
square distance of the new position to the planes of the original faces around the vertex (Garland and
Heckbert 1997). Each round collapses edges of which no two share a face.

Vertices at one position that differ in material or texture coordinates form a seam. A vertex on a seam or an
open edge collapses only along it, so that neither textures nor materials are smeared; where seams or open
edges meet, the vertex is kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.distance import cross, dot, to_segments
from scenes.assets.sorting import stable_order

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

MAX_ROUNDS = 80
"""Maximum number of rounds per error bound."""
MIN_GAIN = 0.02
"""Stop after a round that removes less than this fraction of the faces."""
MIN_FACING = 0.3
"""Cosine of the largest angle by which a collapse may rotate a face."""
CHOICES = 3
"""Number of neighbours that are tried for a vertex in one round."""
PASSES = 3
"""Number of passes for selecting collapses that share no face."""
LENGTH_WEIGHT = 1e-6
"""Weight of the squared edge length in the cost: at equal error, the shortest edge collapses first."""
PLAIN, BORDER, SEAM, COMPLEX = range(4)
"""Kinds of edges, in this order: between two faces; of one face; between two faces that differ in material
or texture coordinates; of more than two faces, or of two faces with opposite winding."""


@dataclass(slots=True)
class Surface:
    """A triangle mesh that is being simplified. Several vertices may have the same position.

    Attributes:
        points: (p, 3) positions.
        point: (n,) position index of each vertex.
        faces: (m, 3) vertex indices.
        deviation: (m,) upper bound on the distance between each face and the original surface around it.
        quadrics: (p, 11) error quadric of each position: the weighted sums, over planes (a, b, c, d), of aa,
            ab, ac, ad, bb, bc, bd, cc, cd, dd and 1.
    """

    points: Array
    point: Index
    faces: Index
    deviation: Array
    quadrics: Array

    @classmethod
    def of(cls, points: Array, point: Index, faces: Index) -> "Surface":
        """Builds a surface; leaves out faces with two corners at the same position.

        Args:
            points: (p, 3) positions.
            point: (n,) position index of each vertex.
            faces: (m, 3) vertex indices.
        """
        faces = faces[_proper(point[faces])]
        surface = cls(points, point, faces, np.zeros(len(faces)), np.zeros((len(points), 11)))
        surface.quadrics = _quadrics(surface)
        return surface

    def simplify(self, error: float) -> None:
        """Runs rounds of collapses, none of which raises the deviation of a face above `error`."""
        for _ in range(MAX_ROUNDS):
            before = len(self.faces)
            self._collapse(error)
            if before - len(self.faces) <= MIN_GAIN * before:
                return

    def _collapse(self, error: float) -> None:
        """Runs one round of collapses."""
        edges = _edges(self)
        moved, target, deviation = _chosen(self, edges, error)
        if not len(moved):
            return
        place, grown = np.full(len(self.points), -1), np.zeros(len(self.points))
        place[moved], grown[moved] = target, deviation
        # On a seam, each side of the collapsing edge has its own vertices, so both are moved.
        new = np.arange(len(self.point))
        along, back = place[edges.start] == edges.stop, place[edges.stop] == edges.start
        new[edges.vertex[along]] = edges.next_vertex[along]
        new[edges.next_vertex[back]] = edges.vertex[back]
        np.add.at(self.quadrics, target, self.quadrics[moved])
        for column in self.point[self.faces].T:
            np.maximum(self.deviation, grown[column], out=self.deviation)
        faces = new[self.faces]
        kept = _proper(self.point[faces])
        self.faces, self.deviation = faces[kept], self.deviation[kept]


@dataclass(frozen=True, slots=True)
class _Edges:
    """The directed edges of all m faces, three per face.

    Attributes:
        start, stop: (3 m,) position indices of the two ends.
        vertex, next_vertex: (3 m,) vertex indices of the two ends.
        kind: (3 m,) kind of the edge, which does not depend on its direction.
    """

    start: Index
    stop: Index
    vertex: Index
    next_vertex: Index
    kind: NDArray[np.int8]


def _proper(corners: Index) -> Mask:
    a, b, c = corners.T
    return np.asarray((a != b) & (b != c) & (c != a))


def _edges(surface: Surface) -> _Edges:
    vertex = surface.faces.ravel()
    next_vertex = np.roll(surface.faces, -1, axis=1).ravel()
    start, stop = surface.point[vertex], surface.point[next_vertex]
    forward = start < stop
    low, high = np.where(forward, vertex, next_vertex), np.where(forward, next_vertex, vertex)
    key = np.minimum(start, stop) * len(surface.points) + np.maximum(start, stop)
    order = stable_order(key)
    ranked = key[order]
    new = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    first, group = np.flatnonzero(new), np.cumsum(new) - 1
    count = np.diff(np.append(first, len(order)))
    last = order[first + count - 1]
    head = order[first]
    kind = np.full(len(first), PLAIN, np.int8)
    kind[(low[head] != low[last]) | (high[head] != high[last])] = SEAM
    kind[count == 1] = BORDER
    kind[(count > 2) | ((count == 2) & (forward[head] == forward[last]))] = COMPLEX
    of_edge = np.empty(len(key), np.int8)
    of_edge[order] = kind[group]
    return _Edges(start, stop, vertex, next_vertex, of_edge)


def _planes(points: Array, corners: Index) -> tuple[Array, Array]:
    """Unit normals (m, 3) and areas (m,) of triangles."""
    a, b, c = points[corners[:, 0]], points[corners[:, 1]], points[corners[:, 2]]
    normal = cross(b - a, c - a)
    length = np.sqrt(dot(normal, normal))
    return normal / np.maximum(length, 1e-300)[:, None], length / 2


def _quadric(normal: Array, point: Array, weight: Array) -> Array:
    """Returns the weighted quadrics (m, 11) of planes.

    Args:
        normal: (m, 3) unit normals of the planes.
        point: (m, 3) a point on each plane.
        weight: (m,) weights of the planes.
    """
    a, b, c = normal.T
    d = -dot(normal, point)
    columns = [a * a, a * b, a * c, a * d, b * b, b * c, b * d, c * c, c * d, d * d, np.ones_like(a)]
    return np.stack(columns, axis=1) * weight[:, None]


def _summed(index: Index, rows: Array, count: int) -> Array:
    return np.stack([np.bincount(index, column, count) for column in rows.T], axis=1)


def _quadrics(surface: Surface) -> Array:
    """Returns the error quadric (p, 11) of each position.

    It is the sum of the quadrics of two kinds of planes: the planes of the faces around the position, and,
    for each edge of a border or seam that ends at the position, a plane through this edge, perpendicular to
    the face at the edge.
    """
    corners = surface.point[surface.faces]
    normal, area = _planes(surface.points, corners)
    of_face = _quadric(normal, surface.points[corners[:, 0]], area)
    total = sum(_summed(column, of_face, len(surface.points)) for column in corners.T)
    edges = _edges(surface)
    at = np.flatnonzero(edges.kind != PLAIN)
    along = surface.points[edges.stop[at]] - surface.points[edges.start[at]]
    length = np.sqrt(dot(along, along))
    across = cross(along, normal[at // 3]) / np.maximum(length, 1e-300)[:, None]
    of_edge = _quadric(across, surface.points[edges.start[at]], length**2)
    for ends in (edges.start, edges.stop):
        total = total + _summed(ends[at], of_edge, len(surface.points))
    return np.asarray(total)


def _squared_errors(quadrics: Array, points: Array) -> Array:
    """Returns the weighted mean squared distances (k,) of points to the planes of their quadrics.

    Args:
        quadrics: (k, 11) one quadric for each point.
        points: (k, 3) points.
    """
    aa, ab, ac, ad, bb, bc, bd, cc, cd, dd, weight = quadrics.T
    x, y, z = points.T
    total = (aa * x + 2 * (ab * y + ac * z + ad)) * x + (bb * y + 2 * (bc * z + bd)) * y
    total += (cc * z + 2 * cd) * z + dd
    return np.asarray(np.maximum(total, 0) / np.maximum(weight, 1e-300))


def _chosen(surface: Surface, edges: _Edges, error: float) -> tuple[Index, Index, Array]:
    """Selects the collapses of a round.

    Returns:
        moved: (k,) indices of the positions that move.
        target: (k,) indices of the positions to which they move.
        deviation: (k,) bound on the distance to the original surface after the collapse.
    """
    start, stop, beyond = _candidates(len(surface.points), edges)
    cost = _squared_errors(surface.quadrics.take(start, axis=0), surface.points.take(stop, axis=0))
    cheap = np.flatnonzero(cost <= error**2)
    start, stop, beyond = start[cheap], stop[cheap], beyond[cheap]
    along = surface.points.take(stop, axis=0) - surface.points.take(start, axis=0)
    cost = cost[cheap] + LENGTH_WEIGHT * dot(along, along)
    bits = cost.astype(np.float32).view(np.int32)  # positive floats sort like their bits
    order = stable_order(bits.astype(np.int64))
    order = order[stable_order(start[order])]
    choice, price, deviation = _first_allowed(
        surface, start[order], stop[order], beyond[order], cost[order], error
    )
    moved = _apart(surface, choice, price)
    return moved, choice[moved], deviation[moved]


def _candidates(count: int, edges: _Edges) -> tuple[Index, Index, Index]:
    """Finds the directed edges along which a position may collapse.

    Returns:
        start: (k,) index of the position that may move.
        stop: (k,) index of the position to which it may move.
        beyond: (k,) if `start` is on a border or seam, its neighbour along it that is not `stop`. Otherwise
            -1.
    """
    marked = edges.kind != PLAIN
    # `edges` lists both directions of an edge between two faces, but only one of an open edge.
    ends = np.concatenate([edges.start[marked], edges.stop[marked]])
    others = np.concatenate([edges.stop[marked], edges.start[marked]])
    kinds = np.concatenate([edges.kind[marked], edges.kind[marked]])
    halves = np.where(kinds == BORDER, 2, 1)
    degree = np.bincount(ends, halves, count)
    both = np.bincount(ends, halves * others, count) / 2
    low, high = np.full(count, 9), np.full(count, -1)
    np.minimum.at(low, ends, kinds)
    np.maximum.at(high, ends, kinds)
    free = degree == 0
    along = (degree == 4) & (low == high) & (high != COMPLEX)
    border = edges.kind == BORDER
    start = np.concatenate([edges.start, edges.stop[border]])
    stop = np.concatenate([edges.stop, edges.start[border]])
    kind = np.concatenate([edges.kind, edges.kind[border]])
    allowed = free[start] | (along[start] & (kind != PLAIN))
    start, stop = start[allowed], stop[allowed]
    beyond = np.where(free[start], -1, both[start].astype(np.int64) - stop)
    return start, stop, beyond


def _first_allowed(
    surface: Surface, start: Index, stop: Index, beyond: Index, cost: Array, error: float
) -> tuple[Index, Array, Array]:
    """Finds, for each position, the cheapest neighbour to which it may move.

    Args:
        surface: The surface.
        start: (k,) index of a position that may move. Moves are sorted by `start`, then by `cost`.
        stop: (k,) index of the position to which it may move.
        beyond: (k,) see `_candidates`.
        cost: (k,) cost of the move.
        error: Largest permitted distance to the original surface.

    Returns:
        choice: (p,) position index of the neighbour; -1 if there is none.
        price: (p,) cost of this move; infinite if there is none.
        deviation: (p,) bound on the distance to the original surface after this move.
    """
    count = len(surface.points)
    choice, price, deviation = np.full(count, -1), np.full(count, np.inf), np.zeros(count)
    corners = surface.point[surface.faces]
    so_far = np.zeros(count)
    for column in corners.T:
        np.maximum.at(so_far, column, surface.deviation)
    tried = np.flatnonzero(np.diff(start, prepend=-1))
    last = np.append(tried[1:], len(start))
    for _ in range(CHOICES):
        to = np.full(count, -1)
        to[start[tried]] = stop[tried]
        distance = _moved(surface.points, corners, to)[start[tried]]
        line = np.flatnonzero(beyond[tried] >= 0)
        ends = (surface.points[index[tried[line]]] for index in (start, stop, beyond))
        distance[line] = np.maximum(distance[line], np.sqrt(to_segments(*ends)))
        after = so_far[start[tried]] + distance
        failed = ~(after <= error)
        allowed = tried[~failed]
        choice[start[allowed]], price[start[allowed]] = stop[allowed], cost[allowed]
        deviation[start[allowed]] = after[~failed]
        more = failed & (tried + 1 < last)
        tried, last = tried[more] + 1, last[more]
    return choice, price, deviation


def _moved(points: Array, corners: Index, choice: Index) -> Array:
    """Computes how far the surface is from the old place of a position after the position has moved.

    This is computed for each position separately, as if all other positions stayed.

    Args:
        points: (p, 3) positions.
        corners: (m, 3) position indices of the triangles.
        choice: (p,) index of the position to which each position moves; -1 if it stays.

    Returns:
        (p,) distance from the old place to the nearest triangle of the position after the move. Infinite if
        the move would rotate a triangle too far, or if the position stays.
    """
    nearest, bad = np.full(len(choice), np.inf), np.zeros(len(choice), np.bool_)
    to = choice[corners]
    for k in range(3):
        b, c, target = corners[:, (k + 1) % 3], corners[:, (k + 2) % 3], to[:, k]
        at = np.flatnonzero((target >= 0) & (target != b) & (target != c))
        a = corners[at, k]
        p, q, r, new = (points.take(index, axis=0) for index in (a, b[at], c[at], target[at]))
        side = r - q
        old_normal, new_normal = cross(q - p, side), cross(q - new, side)
        facing, size = dot(old_normal, new_normal), dot(new_normal, new_normal)
        bad[a[facing < MIN_FACING * np.sqrt(dot(old_normal, old_normal) * size)]] = True
        np.minimum.at(nearest, a, _to_fan(p - new, q - new, r - new, new_normal, size))
    nearest[bad] = np.inf
    return np.asarray(np.sqrt(nearest))


def _to_fan(to: Array, first: Array, second: Array, normal: Array, size: Array) -> Array:
    """Computes the squared distances (n,) of n points from n triangles with one corner at the origin.

    If the projection of a point is outside its triangle, the distance from the edge between the origin and
    `first` is used.

    Args:
        to: (n, 3) points.
        first: (n, 3) the second corner of each triangle.
        second: (n, 3) the third corner of each triangle.
        normal: (n, 3) normals of the triangles, not normalised.
        size: (n,) squared lengths of the normals.
    """
    size = np.maximum(size, 1e-300)
    beside = dot(cross(first, to), normal)
    above = dot(cross(to, second), normal)
    within = (beside >= 0) & (above >= 0) & (beside + above <= size)
    height = dot(to, normal) ** 2 / size
    share = dot(to, first) / np.maximum(dot(first, first), 1e-300)
    rest = to - np.clip(share, 0, 1)[:, None] * first
    return np.asarray(np.where(within, height, dot(rest, rest)))


def _apart(surface: Surface, choice: Index, price: Array) -> Index:
    """Selects cheap collapses, no two of which change the same face.

    Args:
        surface: The surface.
        choice: (p,) index of the position to which each position may move; -1 if it stays.
        price: (p,) cost of each move.

    Returns:
        (k,) indices of the positions that move.
    """
    moving = np.flatnonzero(choice >= 0)
    # Costs are binned and shuffled within each bin; in a smooth order, few would be local minima.
    step = np.floor(2 * np.log2(np.maximum(price[moving], 1e-300)))
    order = moving[np.lexsort((moving * 2654435761 % 2**32, step))]
    rank = np.full(len(choice), len(choice))
    rank[order] = np.arange(len(order))
    corners = surface.point[surface.faces]
    kept = np.zeros(len(choice), np.bool_)
    for _ in range(PASSES):
        ranks = [rank[column] for column in corners.T]
        least = np.minimum(np.minimum(ranks[0], ranks[1]), ranks[2])
        cheapest = rank < len(choice)
        for column, ranked in zip(corners.T, ranks, strict=True):
            cheapest[column[ranked > least]] = False
        kept |= cheapest
        a, b, c = (cheapest[column] for column in corners.T)
        rank[corners[a | b | c]] = len(choice)
    return np.flatnonzero(kept)
