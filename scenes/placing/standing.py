"""Places bodies on the floor beside each other, without physics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import Quat, rotation
from scenes.placing.footprint import SMALLEST_M2, Array, area_m2, common_area_m2, footprint, outermost
from scenes.placing.places import Sampler, are_inside
from scenes.scene import UnplacedBody
from scenes.spec import Body, RejectedDraw

BATCHES, BATCH = 16, 64
"""Number of batches, and number of positions per batch, tried for a body before the scene is rejected."""
ROUNDING = 1e-4
"""Fraction of a footprint that overlap tests ignore, because they compute in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Footprint and extents of a body with a given rotation.

    Attributes:
        outline_m: Footprint (k, 2), relative to the centre of mass.
        area_m2: Area of the footprint.
        reach_m: Largest distance of the footprint from the centre of mass.
        below_m: Extent of the body below its centre of mass.
    """

    outline_m: NDArray[np.float32]
    area_m2: float
    reach_m: float
    below_m: float


def standing(body: UnplacedBody, quat_xyzw: Quat) -> Standing:
    """Returns the footprint and extents of a body with a given rotation."""
    points_m = outermost(body.asset) * np.array(body.body.axes) @ rotation(quat_xyzw).T
    outline_m = footprint(points_m)
    reach_m = float(np.linalg.norm(outline_m, axis=1).max())
    below_m = -float(points_m[:, 2].min())
    return Standing(outline_m.astype(np.float32), area_m2(outline_m), reach_m, below_m)


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """A part of the floor, and the constraints on bodies placed there.

    Attributes:
        region_m: Corners (k, 2) of a convex region; the centre of mass of each body is above it.
        places: Samples positions (n, 2), given a random generator and n; those outside the region are
            discarded.
        distance_m: Smallest horizontal distance between the centres of two bodies.
        overlap: Largest allowed overlap of two footprints, as a fraction of the smaller footprint.
    """

    region_m: Array
    places: Sampler
    distance_m: float
    overlap: float

    def bodies(self, unplaced: Sequence[UnplacedBody], rotations: Sequence[Quat]) -> tuple[Body, ...]:
        """Places bodies on the floor beside each other, and returns them in the given order.

        Large bodies are placed first, because they would find no free position later. This does not change
        the random numbers of a body, because each body has its own generator.

        Args:
            unplaced: The bodies, each with its random generator.
            rotations: The rotation of each body.

        Raises:
            RejectedDraw: `no_place` if no free position is found for a body.
        """
        found = [standing(body, quat) for body, quat in zip(unplaced, rotations, strict=True)]
        order = sorted(range(len(found)), key=lambda index: -found[index].reach_m)
        centers, reaches_m = np.zeros((len(found), 2)), np.array([found[index].reach_m for index in order])
        bodies: dict[int, Body] = {}
        for rank, index in enumerate(order):
            others = _Placed(found, order, centers[:rank], reaches_m[:rank])
            x, y = centers[rank] = self._free(unplaced[index].rng, found[index], others)
            center = np.array([x, y, found[index].below_m])
            bodies[index] = unplaced[index].at(center, rotations[index])
        return tuple(bodies[index] for index in range(len(found)))

    def _free(self, rng: np.random.Generator, body: Standing, others: "_Placed") -> Array:
        """Samples positions for a body, and returns the first one (2,) for which `_is_free` is true.

        Raises:
            RejectedDraw: `no_place` if no such position is found.
        """
        for _ in range(BATCHES):
            places = self.places(rng, BATCH)
            for place in places[are_inside(self.region_m, places)]:
                if self._is_free(place, body, others):
                    return np.asarray(place)
        raise RejectedDraw("no_place")

    def _is_free(self, place: Array, body: Standing, others: "_Placed") -> bool:
        """Whether a body at `place` (2,) has at least the minimum distance from `others`.

        In addition, its footprint must not overlap the footprint of another body by more than `overlap`
        allows.
        """
        steps = others.centers_m - place
        apart = np.hypot(steps[:, 0], steps[:, 1])
        if not (apart >= self.distance_m).all():
            return False
        near = np.flatnonzero(apart < others.reaches_m + body.reach_m)
        nearest_first = near[np.argsort(apart[near], kind="stable")].tolist()
        return all(self._beside(body, others.body(one), steps[one]) for one in nearest_first)

    def _beside(self, body: Standing, other: Standing, step_m: Array) -> bool:
        """Whether the overlap of the footprints of two bodies is within the limit `overlap`.

        Args:
            body: The first body.
            other: The second body.
            step_m: (2,) vector from the first to the second body.
        """
        smaller = min(body.area_m2, other.area_m2)
        common = common_area_m2(body.outline_m, other.outline_m + step_m.astype(np.float32))
        return common <= (self.overlap + ROUNDING) * smaller + SMALLEST_M2


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """The bodies that have been placed.

    Attributes:
        found: All bodies, including those that have not been placed yet.
        order: Indices into `found`, in the order of placement.
        centers_m: Centres (n, 2) of the placed bodies, in the order of placement.
        reaches_m: (n,) largest distance of each placed body's footprint from the body's centre.
    """

    found: Sequence[Standing]
    order: Sequence[int]
    centers_m: Array
    reaches_m: Array

    def body(self, rank: int) -> Standing:
        return self.found[self.order[rank]]
