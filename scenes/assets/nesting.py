"""Finds closed surface patches that face inward although they are not cavities in another patch."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

PROBES = 5
"""Number of points of a patch that are tested for containment in another patch."""
MAX_SOLID_ANGLES = 50_000_000
"""Budget of solid angle computations over all containment tests; beyond it, tests return False."""


def inside_out(corners: Floats, of: Ints, volumes: Floats, solid: Mask) -> Mask:
    """For each patch, whether it must be flipped: bool (k,).

    A patch that faces inward must be flipped, unless it lies inside another patch, as a cavity does. All
    patches inside a flipped patch must be flipped, too.

    Args:
        corners: (m, 3, 3) vertices of the triangles, near the origin.
        of: (m,) patch index of each triangle, from 0.
        volumes: (k,) signed volume of each patch.
        solid: (k,) whether a patch encloses a volume.
    """
    wrong = np.zeros(len(volumes), np.bool_)
    size = float(np.abs(corners).max()) ** 3
    negative = np.flatnonzero(solid & (volumes < -1e-9 * size))
    if not len(negative):
        return wrong
    nest = Nest(corners, of, solid)
    for patch in negative:
        wrong[patch] = not any(nest.contains(outer, patch) for outer in nest.around(patch))
    roots = np.flatnonzero(wrong)
    if len(roots) < int(solid.sum()):
        for root in roots:
            for inner in nest.within(root):
                wrong[inner] = wrong[inner] or nest.contains(root, inner)
    return wrong


class Nest:
    """Containment tests between closed patches."""

    def __init__(self, corners: Floats, of: Ints, solid: Mask) -> None:
        """Groups the triangles by patch, and computes the bounding box of each patch."""
        order = np.argsort(of, kind="stable")
        starts = np.flatnonzero(np.diff(of[order], prepend=-1))
        self._faces = np.split(order, starts[1:])
        self._corners, self._solid, self._left = corners, solid, MAX_SOLID_ANGLES
        self._low = np.minimum.reduceat(corners[order].min(axis=1), starts)
        self._high = np.maximum.reduceat(corners[order].max(axis=1), starts)

    def around(self, patch: np.int64) -> Ints:
        """Indices of the closed patches whose bounding boxes contain the bounding box of `patch`."""
        fits = (self._low <= self._low[patch]).all(axis=1) & (self._high >= self._high[patch]).all(axis=1)
        fits[patch] = False
        return np.flatnonzero(fits & self._solid)

    def within(self, patch: np.int64) -> Ints:
        """Indices of the closed patches whose bounding boxes lie inside the bounding box of `patch`."""
        fits = (self._low >= self._low[patch]).all(axis=1) & (self._high <= self._high[patch]).all(axis=1)
        fits[patch] = False
        return np.flatnonzero(fits & self._solid)

    def contains(self, outer: np.int64, inner: np.int64) -> bool:
        """Whether patch `inner` lies inside patch `outer`, judged by a few points on `inner`.

        After `MAX_SOLID_ANGLES` computations over all calls, the answer is always false.
        """
        probes = self._corners[self._faces[inner][:PROBES]].mean(axis=1)
        triangles = self._corners[self._faces[outer]]
        self._left -= len(probes) * len(triangles)
        if self._left < 0:
            return False
        turns = [abs(_solid_angle(triangles - probe)) / (4 * np.pi) for probe in probes]
        return float(np.median(turns)) > 0.5


def _solid_angle(corners: Floats) -> float:
    """Signed solid angle of triangles (m, 3, 3) seen from the origin (van Oosterom, Strackee 1983)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    x, y, z = (np.linalg.norm(corner, axis=1) for corner in (a, b, c))
    above = (a * np.cross(b, c)).sum(axis=1)
    below = x * y * z + (a * b).sum(axis=1) * z + (b * c).sum(axis=1) * x + (c * a).sum(axis=1) * y
    return float(2 * np.arctan2(above, below).sum())
