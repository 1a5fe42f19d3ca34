"""Release of bodies above each other, so that no two overlap when physics begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenes.scene import Array, UnplacedBody
from scenes.settings import length_m, uniform
from scenes.space import BoundingVolume, free_height
from scenes.spec import Body, RejectedDraw

UPRIGHT_GAP_FACTOR = 0.02
"""Factor on the drop height of bodies released upright; they would topple if dropped from higher."""
MAX_RELEASE_HEIGHT = 60
"""Largest release height, in multiples of the typical object size; impacts from higher would be too fast."""
PILE_TRIES = 8
"""Number of candidate positions per body of a pile."""

Place = Callable[[UnplacedBody], Array]
"""Function that samples the release position of a body, x and y (2,) in metres, with the body's generator."""
Lowest = Callable[[float, float, BoundingVolume], float]
"""Function that returns the smallest allowed height of a body's centre, in metres, given x and y of the
centre and the body's bounding volume."""


def above_floor(x: float, y: float, volume: BoundingVolume) -> float:
    """The height in metres of the centre of a body whose bounding volume touches the floor."""
    return volume.below_m


@dataclass(frozen=True, slots=True)
class Release:
    """Release parameters of bodies.

    Attributes:
        unit_m: The typical object size.
        drop_height: Range of the free height below a body, in multiples of the typical object size.
        friction: Range of the friction coefficient.
        lowest: Function that returns the smallest allowed height of a body's centre. The default returns the
            height at which the body touches the floor.
        drop_height_m: Range of the free height in metres; replaces `drop_height` unless it is None.
        tries: Number of positions that are sampled per body; the one at which the body can be lowest is used.
            More positions make piles lower and falls shorter.
    """

    unit_m: float
    drop_height: tuple[float, float]
    friction: tuple[float, float]
    lowest: Lowest = above_floor
    drop_height_m: tuple[float, float] | None = None
    tries: int = 1

    def bodies(self, unplaced: Sequence[UnplacedBody], place: Place) -> tuple[Body, ...]:
        """Returns the bodies, in the given order, with release poses and friction.

        Upright bodies are placed first, so that they start at the bottom. Each body has its own generator, so
        its random numbers do not depend on the order.

        Args:
            unplaced: The bodies.
            place: Samples the release position of a body.

        Raises:
            RejectedDraw: `no_place` if the stack would be too high for a stable simulation.
        """
        upright_first = sorted(range(len(unplaced)), key=lambda index: unplaced[index].asset.standing is None)
        placed: list[tuple[Array, BoundingVolume]] = []
        bodies = {index: self._release(unplaced[index], place, placed) for index in upright_first}
        return tuple(bodies[index] for index in range(len(bodies)))

    def _release(
        self, unplaced: UnplacedBody, place: Place, placed: list[tuple[Array, BoundingVolume]]
    ) -> Body:
        """Returns the body at a sampled position, above all placed bodies there, and adds it to `placed`."""
        volume = unplaced.volume
        places = [place(unplaced) for _ in range(self.tries)]
        free_m, x, y = min((self._free_m(x, y, volume, placed), float(x), float(y)) for x, y in places)
        gap_m = length_m(unplaced.rng, self.drop_height, self.drop_height_m, self.unit_m)
        if unplaced.asset.standing is not None:
            gap_m *= UPRIGHT_GAP_FACTOR
        center = np.array([x, y, free_m + gap_m])
        if center[2] > MAX_RELEASE_HEIGHT * self.unit_m + 10 * unplaced.radius_m:
            raise RejectedDraw("no_place")
        placed.append((center, volume))
        body = unplaced.at(center, unplaced.random_rotation())
        return replace(body, friction=uniform(unplaced.rng, self.friction))

    def _free_m(
        self, x: float, y: float, volume: BoundingVolume, placed: Sequence[tuple[Array, BoundingVolume]]
    ) -> float:
        """Smallest height of a body's centre at which the body clears the support and all placed bodies."""
        return max(free_height(x, y, volume, placed), self.lowest(x, y, volume))
