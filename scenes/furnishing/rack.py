"""Furniture geometry of shelves: boards with sides or posts, a back, a plinth, and price rails."""

from collections.abc import Iterator
from dataclasses import dataclass

from scenes.furnishing.furniture import cuboid
from scenes.geometry import Pose, Scale
from scenes.spec import Region

Part = tuple[Scale, Pose]
LEVEL = (0.0, 0.0, 0.0, 1.0)
POST = 1.2
"""Width of a post, in multiples of the board thickness."""
RAIL_THICKNESS = 0.3
"""Thickness of a rail, in multiples of the board thickness."""


@dataclass(frozen=True, slots=True)
class Rack:
    """A shelf centred above the origin, with its front facing -y; all lengths are in metres.

    Attributes:
        width_m: Length of the boards along x.
        depth_m: Length of the boards along y.
        tops_m: Height of the top of each board, from the lowest up.
        high_m: Height of sides, posts and back.
        thickness_m: Thickness of boards, sides and back.
        back: Whether it has a back.
        sides: Whether it has closed sides and a plinth; otherwise it has posts.
        rail_m: Height of the rails along the front of the boards; 0 if there are none.
    """

    width_m: float
    depth_m: float
    tops_m: tuple[float, ...]
    high_m: float
    thickness_m: float
    back: bool
    sides: bool
    rail_m: float

    @property
    def front_m(self) -> float:
        """The y coordinate of the front edges of the boards."""
        return -self.depth_m / 2

    def frame(self) -> Iterator[Part]:
        """Yields all parts except rails, each as the scale and pose of a cube with sides of 1 m."""
        x, y, thick = self.width_m / 2, self.depth_m / 2, self.thickness_m
        for top in self.tops_m:
            yield cuboid((-x, -y, top - thick), (x, y, top))
        yield from self._closed() if self.sides else self._posts()
        if self.back:
            yield cuboid((-x, y, self.tops_m[0] - thick), (x, y + thick / 2, self.high_m))

    def _closed(self) -> Iterator[Part]:
        """Yields the sides, and the plinth below the lowest board."""
        x, y, thick, under = self.width_m / 2, self.depth_m / 2, self.thickness_m, self.tops_m[0]
        for left in (-x - thick, x):
            yield cuboid((left, -y, 0.0), (left + thick, y + thick / 2, self.high_m))
        if under > 2 * thick:
            yield cuboid((-x, -y + thick, 0.0), (x, y, under - thick))

    def _posts(self) -> Iterator[Part]:
        """Yields a post at each corner, beside the boards."""
        x, y, thick = self.width_m / 2, self.depth_m / 2, POST * self.thickness_m
        for left in (-x - thick, x):
            for front in (-y, y - thick):
                yield cuboid((left, front, 0.0), (left + thick, front + thick, self.high_m))

    def rails(self) -> Iterator[Part]:
        """Yields the rails, each as the scale and pose of a cube with sides of 1 m."""
        x, front, thick = self.width_m / 2, self.front_m, RAIL_THICKNESS * self.thickness_m
        for top in self.tops_m if self.rail_m else ():
            yield cuboid((-x, front - thick, top - self.rail_m), (x, front, top))

    def region(self) -> Region:
        """The region of the products: above the lowest board, and behind the front edges."""
        low, high = self.tops_m[0], self.high_m + self.width_m
        middle = Pose((0.0, 0.0, (low + high) / 2), LEVEL)
        return Region(middle, (self.width_m / 2, self.depth_m / 2, (high - low) / 2))
