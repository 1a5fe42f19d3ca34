"""Bodies that are put down on the floor, one beside the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.footprint import Array, covered_share, footprint, outermost
from scenes.geometry import Quat, rotation
from scenes.places import Sampler, is_inside
from scenes.scene import UnplacedBody
from scenes.spec import Body, RejectedDraw

MAX_TRIES = 1000
"""Places that are tried for a body before the draw is rejected."""
ROUNDING = 1e-4
"""Share of a footprint that counts as nothing, because overlaps are computed in single precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A body in its rotation, above the floor.

    Attributes:
        outline_m: Footprint (k, 2), relative to the centre of mass.
        reach_m: Largest distance of the footprint from the centre of mass.
        below_m: How far the body reaches below its centre of mass.
    """

    outline_m: Array
    reach_m: float
    below_m: float


def standing(body: UnplacedBody, quat_xyzw: Quat) -> Standing:
    """The footprint and the height of a body with a given rotation."""
    points_m = outermost(body.asset) * np.array(body.body.axes) @ rotation(quat_xyzw).T
    outline_m = footprint(points_m)
    reach_m = float(np.linalg.norm(outline_m, axis=1).max())
    return Standing(outline_m, reach_m, -float(points_m[:, 2].min()))


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """A part of the floor, and what is allowed on it.

    Attributes:
        region_m: Corners (k, 2) of a convex region; the centre of mass of each body is above it.
        place: Draws a place from the generator of a body.
        distance_m: Smallest distance between the centres of two bodies, seen from above.
        overlap: Share of the smaller of two footprints that the other may cover.
    """

    region_m: Array
    place: Sampler
    distance_m: float
    overlap: float

    def bodies(self, unplaced: Sequence[UnplacedBody], rotations: Sequence[Quat]) -> tuple[Body, ...]:
        """The bodies, in the given order, standing on the floor.

        Large ones are placed first, because they find no place later. Each body has its own generator, so
        the order changes no random number.

        Args:
            unplaced: The bodies.
            rotations: The rotation of each body.

        Raises:
            RejectedDraw: `no_place` if no free place is found for a body.
        """
        found = [standing(body, quat) for body, quat in zip(unplaced, rotations, strict=True)]
        centers, reaches = np.zeros((len(found), 2)), np.array([one.reach_m for one in found])
        bodies: dict[int, Body] = {}
        for index in sorted(range(len(found)), key=lambda index: -reaches[index]):
            others = list(bodies)
            taken = [(centers[other] + found[other].outline_m) for other in others]
            x, y = centers[index] = self._free(
                unplaced[index].rng, found[index], centers[others], reaches[others], taken
            )
            center = np.array([x, y, found[index].below_m])
            bodies[index] = unplaced[index].at(center, rotations[index])
        return tuple(bodies[index] for index in range(len(found)))

    def _free(
        self,
        rng: np.random.Generator,
        body: Standing,
        centers_m: Array,
        reaches_m: Array,
        taken_m: Sequence[Array],
    ) -> Array:
        """A place (2,) for a body beside others with given centres (n, 2), reaches (n,) and footprints."""
        for _ in range(MAX_TRIES):
            center = self.place(rng)
            if not is_inside(self.region_m, center):
                continue
            apart = np.linalg.norm(centers_m - center, axis=1)
            if (apart < self.distance_m).any():
                continue
            outline = center + body.outline_m
            near = np.flatnonzero(apart < reaches_m + body.reach_m).tolist()
            if all(covered_share(outline, taken_m[one]) <= self.overlap + ROUNDING for one in near):
                return center
        raise RejectedDraw("no_place")
