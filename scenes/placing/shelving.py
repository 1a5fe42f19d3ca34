"""Products on the boards of a shelf: lines of columns, each of equal products one behind the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenes.assets.stance import can_stand, standing_box
from scenes.scene import COLLISION_MARGIN, Array, UnplacedBody, turned
from scenes.spec import Body

LIFT = 0.002
"""Free height below a product when physics begins, in multiples of the typical object size."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A product with its rotation about the vertical, not yet at its place.

    Attributes:
        unplaced: The body.
        yaw_rad: Its rotation about the vertical; at 0 its front faces -y.
        low_m: Lowest coordinates (3,), relative to the centre of mass, of a box around the rotated product.
        high_m: Highest coordinates (3,).
    """

    unplaced: UnplacedBody
    yaw_rad: float
    low_m: Array
    high_m: Array

    @staticmethod
    def turned_by(unplaced: UnplacedBody, yaw_rad: float) -> "Product":
        """The standing product, rotated about the vertical."""
        scale = unplaced.body.largest_scale
        (x0, y0, z0), (x1, y1, z1) = standing_box(unplaced.asset)
        cosine, sine = np.cos(yaw_rad), np.sin(yaw_rad)
        corners = np.array(
            [(cosine * x - sine * y, sine * x + cosine * y) for x in (x0, x1) for y in (y0, y1)]
        )
        low, high = corners.min(axis=0), corners.max(axis=0)
        margin = COLLISION_MARGIN * scale
        return Product(
            unplaced,
            yaw_rad,
            np.array([*(margin * low), scale * z0]),
            np.array([*(margin * high), scale * z1]),
        )

    def at(self, left_m: float, front_m: float, foot_m: float) -> Body:
        """The body with the left, the front and the foot of its box at x, y and z.

        A product that cannot stand by itself is held where it is.
        """
        center = np.array([left_m, front_m, foot_m]) - self.low_m
        upright = (0.0, 0.0, float(np.sin(self.yaw_rad / 2)), float(np.cos(self.yaw_rad / 2)))
        body = self.unplaced.at(center, turned(upright, self.unplaced.asset.stance))
        return replace(body, fixed=not can_stand(self.unplaced.asset))

    @property
    def size_m(self) -> Array:
        """Width, depth and height (3,) of the box."""
        return self.high_m - self.low_m


@dataclass(frozen=True, slots=True)
class Column:
    """Equal products one behind the other, of which those in front may be missing.

    Attributes:
        products: One product for each place, from front to back.
        missing: Number of places in front that are empty.
        pushed_m: How far the first place is behind the front edge of the board.
        gap_m: Free space beside the column, and behind each product.
    """

    products: tuple[Product, ...]
    missing: int
    pushed_m: float
    gap_m: float

    @property
    def number(self) -> int:
        """Number of products, without those that are missing."""
        return len(self.products) - self.missing

    @property
    def width_m(self) -> float:
        """Width of the widest product and the gap."""
        return max(float(product.size_m[0]) for product in self.products) + self.gap_m

    @property
    def depth_m(self) -> float:
        """Depth that the places take, from the front edge of the board."""
        return self.pushed_m + sum(float(product.size_m[1]) + self.gap_m for product in self.products)

    @property
    def height_m(self) -> float:
        """Height of the tallest product."""
        return max(float(product.size_m[2]) for product in self.products)

    def bodies(self, left_m: float, front_m: float, foot_m: float) -> Iterator[Body]:
        """The products of the column, but for those that are missing at its front.

        Args:
            left_m: x of the left end of the column.
            front_m: y of the front edge of the board.
            foot_m: z of the feet of the products.
        """
        behind_m = front_m + self.pushed_m
        for place, product in enumerate(self.products):
            aside_m = (self.width_m - float(product.size_m[0])) / 2
            if place >= self.missing:
                yield product.at(left_m + aside_m, behind_m, foot_m)
            behind_m += float(product.size_m[1]) + self.gap_m


Line = list[Column]
"""The columns of a board from left to right; some of them may be empty."""


def dealt(groups: Sequence[Line], boards: int) -> list[Line]:
    """Lines of columns, one for each board; each group joins the line that is the shortest so far."""
    lines: list[Line] = [[] for _ in range(boards)]
    for group in groups:
        lengths = [width_of(line) for line in lines]
        lines[lengths.index(min(lengths))] += group
    return lines


def width_of(line: Line) -> float:
    """Width in metres that the columns of a line take."""
    return sum(column.width_m for column in line)


def along(line: Line, width_m: float, rng: np.random.Generator) -> Iterator[tuple[float, Column]]:
    """Yields each column with x of its left end; what is left of the width is divided at random.

    Args:
        line: The columns, from left to right.
        width_m: Width of the board, whose middle is at x = 0.
        rng: Generator; one random number for each column and one more are drawn.
    """
    shares = rng.random(len(line) + 1) ** 2
    free_m = (width_m - width_of(line)) * shares / max(float(shares.sum()), 1e-9)
    left_m = -width_m / 2
    for column, before_m in zip(line, free_m[:-1], strict=True):
        left_m += float(before_m)
        yield left_m, column
        left_m += column.width_m
