"""Finds duplicate and inverted triangles of a surface.

A *patch* is a connected component of triangles, where only edges shared by exactly two triangles connect.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.components import components
from scenes.assets.nesting import inside_out
from scenes.assets.sorting import distinct, stable_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEARLY_CLOSED = 0.25
"""A patch counts as closed if the area of its holes is at most this fraction of its own area."""


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """The patches of a surface, after duplicate triangles were removed and triangles oriented.

    Attributes:
        corners: (m, 3, 3) vertices of the triangles, with outward winding.
        turned: (m,) whether the winding of a triangle was reversed.
        inside_out: Number of closed or nearly closed patches that were flipped as a whole.
        closed: Whether no patch has a hole.
        of: (m,) patch index of each triangle, from 0.
        volumes: (k,) signed volume of each patch, with its holes closed; negative for cavities.
        areas: (k,) area of each patch.
        solid: (k,) whether a patch is closed or nearly closed.
    """

    corners: Floats
    turned: Mask
    inside_out: int
    closed: bool
    of: Ints
    volumes: Floats
    areas: Floats
    solid: Mask


def doubled(corner_of: Ints) -> Mask:
    """For each triangle, whether it is redundant: bool (m,); see `doubled_and_both`."""
    return doubled_and_both(corner_of)[0]


def doubled_and_both(corner_of: Ints) -> tuple[Mask, Mask]:
    """Finds redundant triangles, which repeat an earlier triangle.

    A triangle with the same winding as the earlier triangle is always redundant. A triangle with the opposite
    winding is redundant only if the two are the sides of a double-sided surface. If they are connected to
    other triangles, they are the walls of two touching bodies instead.

    Args:
        corner_of: (m, 3) vertex indices; vertices at the same position have the same index.

    Returns:
        redundant: (m,) whether each triangle is redundant.
        both: (m,) whether each triangle is one side of a double-sided surface.
    """
    ascending = np.sort(corner_of, axis=1)
    start = corner_of.argmin(axis=1)[:, None]
    after, before = (np.take_along_axis(corner_of, (start + step) % 3, axis=1)[:, 0] for step in (1, 2))
    first, place = distinct(tuple(ascending.T))
    first, order = first[place], after < before
    again = np.ones(len(corner_of), np.bool_)
    again[distinct([2 * first + order])[0]] = False
    both = np.bincount(first[~again], minlength=len(corner_of)) == 2
    twin = both[first]
    if not twin.any():
        return again, twin
    twin &= ~_attached(corner_of, twin)
    return again | (twin & (first != np.arange(len(first)))), twin


def _attached(corner_of: Ints, twin: Mask) -> Mask:
    """Finds twins that are connected to a triangle that is not a twin.

    Twins are two triangles with the same vertices and opposite winding. Triangles are connected if they share
    an edge, or if a chain of twins with shared edges leads from one to the other.

    Args:
        corner_of: (m, 3) vertex indices.
        twin: (m,) whether each triangle is a twin.

    Returns:
        (m,) True for the twins found.
    """
    edge_of, _ = _edges(corner_of)
    count, edges = len(corner_of), int(edge_of.max()) + 1
    touched = np.zeros(edges, np.bool_)
    touched[edge_of[~twin]] = True
    group = components(np.repeat(np.flatnonzero(twin), 3), count + edge_of[twin].ravel(), count + edges)
    attached = np.zeros(int(group.max()) + 1, np.bool_)
    attached[group[count:][touched]] = True
    return np.asarray(attached[group[:count]])


def patches_of(corners: Floats, corner_of: Ints) -> Patches:
    """Orients the triangles of a surface outward.

    First, if the triangles of a patch disagree in orientation, those that cover less area are turned. Then, a
    closed or nearly closed patch with negative volume is flipped as a whole. Such a patch is not flipped if
    it lies inside another patch, because it is then a cavity. If a patch is flipped, all
    patches inside it are flipped too.

    Args:
        corners: (m, 3, 3) vertices of the triangles.
        corner_of: (m, 3) vertex indices; vertices at the same position have the same index.
    """
    corners = corners - (corners.min(axis=(0, 1)) + corners.max(axis=(0, 1))) / 2
    edge_of, along = _edges(corner_of)
    areas = np.linalg.norm(_area_vectors(corners), axis=1)
    of, turned, one_sided = _consistent(edge_of, along, areas)
    loose = _loose(edge_of, along, np.where(turned, -1, 1)[:, None] * along, of)
    if (loose >= 0).any():
        joined = np.where(loose >= 0, of.max() + 1 + loose, of)
        of = np.asarray(np.unique(joined, return_inverse=True)[1], np.int64)
        turned = turned & (loose < 0)
    corners = np.where(turned[:, None, None], corners[:, ::-1], corners)
    totals: Floats = np.bincount(of, weights=areas).astype(np.float64)
    volumes, holes = _closed_volumes(corners, edge_of, np.where(turned, -1, 1)[:, None] * along, of)
    solid = (holes <= NEARLY_CLOSED * totals) & (np.bincount(of, weights=one_sided) == 0)
    wrong = inside_out(corners, of, volumes, solid)
    corners = np.where(wrong[of][:, None, None], corners[:, ::-1], corners)
    return Patches(
        corners,
        turned ^ wrong[of],
        int(wrong.sum()),
        bool(solid.all() and not holes.any()),
        of,
        np.where(wrong, -volumes, volumes),
        totals,
        solid,
    )


def _edges(corner_of: Ints) -> tuple[Ints, Ints]:
    """Numbers the edges of a surface.

    Returns:
        edge_of: (m, 3) edge index of each side of each triangle.
        along: (m, 3) 1 or -1, the direction in which the triangle runs along the edge.
    """
    start, stop = corner_of, np.roll(corner_of, -1, axis=1)
    low, high = np.minimum(start, stop).astype(np.int64), np.maximum(start, stop)
    _, edge = distinct([(low * (int(high.max()) + 1) + high).ravel()])
    return edge.reshape(-1, 3), np.sign(stop - start).astype(np.int64)


def _consistent(edge_of: Ints, along: Ints, areas: Floats) -> tuple[Ints, Mask, Mask]:
    """Finds the connected patches, and the triangles oriented against most of the area of their patch.

    A patch without a consistent orientation, such as a Möbius strip, is one-sided and is not flipped.

    Returns:
        For each triangle (m,): the index of its patch, whether the triangle must be flipped, and whether the
        patch is one-sided.
    """
    # Each triangle has two nodes in a graph, one per orientation. Where exactly two triangles share an edge,
    # their nodes with consistent orientations are connected.
    count, flat, sign = len(edge_of), edge_of.ravel(), along.ravel()
    order = stable_order(flat)
    first = np.flatnonzero(np.diff(flat[order], prepend=-1))
    pairs = first[np.diff(np.append(first, len(flat))) == 2]
    one, two = order[pairs], order[pairs + 1]
    crossed = (sign[one] == sign[two]) * count
    one, two = one // 3, two // 3
    node = components(
        np.concatenate([one, one + count]),
        np.concatenate([two + crossed, (two + count + crossed) % (2 * count)]),
        2 * count,
    )
    kept, other = node[:count], node[count:]
    _, of = np.unique(np.minimum(kept, other), return_inverse=True)
    second = kept > other
    balance = np.bincount(of, weights=np.where(second, -areas, areas))
    one_sided = kept == other
    return np.asarray(of, np.int64), (second == (balance >= 0)[of]) & ~one_sided, one_sided


def _loose(edge_of: Ints, along: Ints, turned_along: Ints, of: Ints) -> Ints:
    """Finds the triangles whose patch has holes, while their shell is closed.

    Shells and patches are connected components of triangles. In a shell, all triangles that share an edge are
    connected. In a patch, triangles are connected only by edges that exactly two triangles share.

    Returns:
        (m,) index of the shell of each triangle found; -1 for all other triangles.
    """
    count, edges = len(of), int(edge_of.max()) + 1
    ends = _open_ends(edge_of, turned_along, of)
    if not len(ends):
        return np.full(count, -1)
    shell = components(np.repeat(np.arange(count), 3), count + edge_of.ravel(), count + edges)[:count]
    is_open = np.zeros(int(of.max()) + 1, np.bool_)
    is_open[np.repeat(of, 3)[ends]] = True
    unbalanced = np.bincount(edge_of.ravel(), weights=along.ravel()) != 0
    broken = np.zeros(int(shell.max()) + 1, np.bool_)
    broken[shell[unbalanced[edge_of].any(axis=1)]] = True
    return np.where(is_open[of] & ~broken[shell], shell, -1)


def _open_ends(edge_of: Ints, along: Ints, of: Ints) -> Ints:
    """Indices in `edge_of.ravel()` of the triangle sides at which no triangle of the same patch continues."""
    edges = int(edge_of.max()) + 1
    _, index = np.unique(np.repeat(of, 3) * edges + edge_of.ravel(), return_inverse=True)
    return np.flatnonzero((np.bincount(index, weights=along.ravel()) != 0)[index])


def _closed_volumes(corners: Floats, edge_of: Ints, along: Ints, of: Ints) -> tuple[Floats, Floats]:
    """Computes the volume of each patch with its holes closed by cones.

    A cone over an edge from p to q with its tip at b adds b . (q x p) / 6 to the volume.

    Returns:
        volumes: (k,) signed volume of each patch.
        holes: (k,) total area of the holes in each patch.
    """
    patches = int(of.max()) + 1
    volumes: Floats = np.bincount(of, weights=_volumes(corners)).astype(np.float64)
    open_sides = _open_ends(edge_of, along, of)
    if not len(open_sides):
        return volumes, np.zeros(patches)
    points, stops = corners.reshape(-1, 3), np.roll(corners, -1, axis=1).reshape(-1, 3)
    start, stop = points[open_sides], stops[open_sides]
    _, ends = np.unique(np.concatenate([start, stop]), axis=0, return_inverse=True)
    sides, owner = len(open_sides), np.repeat(of, 3)[open_sides]
    joined = np.unique(np.column_stack([np.tile(owner, 2), ends.ravel()]), axis=0, return_inverse=True)[
        1
    ].ravel()
    hole = components(joined[:sides], joined[sides:], int(joined.max()) + 1)[joined[:sides]]
    number = np.maximum(np.bincount(hole), 1)
    middle = (
        np.column_stack([np.bincount(hole, weights=start[:, axis]) for axis in range(3)]) / number[:, None]
    )
    crossing = np.cross(start, stop) / 2
    area = np.column_stack([np.bincount(hole, weights=crossing[:, axis]) for axis in range(3)])
    patch = np.zeros(len(number), np.int64)
    patch[hole] = owner
    volumes -= np.bincount(patch, weights=(middle * area).sum(axis=1) / 3, minlength=patches)
    holes = np.bincount(patch, weights=np.linalg.norm(area, axis=1), minlength=patches)
    return volumes, holes.astype(np.float64)


def _area_vectors(corners: Floats) -> Floats:
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2)


def _volumes(corners: Floats) -> Floats:
    """Signed volumes of the tetrahedra between the origin and each triangle, (m,)."""
    return np.asarray((corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum(axis=1) / 6)
