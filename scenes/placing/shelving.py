"""Products on shelf boards: rows of identical products, one behind the other, stand side by side."""

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
    """A product with its rotation about the vertical, not yet placed.

    Attributes:
        unplaced: The body.
        yaw_rad: Rotation about the vertical; at 0 its front faces -y.
        low_m: Lowest corner (3,) of the rotated product's bounding box, relative to the centre of mass.
        high_m: Highest corner (3,) of this box.
    """

    unplaced: UnplacedBody
    yaw_rad: float
    low_m: Array
    high_m: Array

    @staticmethod
    def turned_by(unplaced: UnplacedBody, yaw_rad: float) -> "Product":
        """Returns the body as an upright product, rotated about the vertical axis by `yaw_rad`."""
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
        """Returns the body, placed with the left, front and bottom of its bounding box at x, y and z.

        If the product would fall or roll, the physics simulation does not move the body.

        Args:
            left_m: World x of the left face, in metres.
            front_m: World y of the front face, in metres.
            foot_m: World z of the bottom face, in metres.
        """
        center = np.array([left_m, front_m, foot_m]) - self.low_m
        upright = (0.0, 0.0, float(np.sin(self.yaw_rad / 2)), float(np.cos(self.yaw_rad / 2)))
        body = self.unplaced.at(center, turned(upright, self.unplaced.asset.stance))
        return replace(body, fixed=not can_stand(self.unplaced.asset))

    @property
    def size_m(self) -> Array:
        """Width, depth and height (3,) of the bounding box."""
        return self.high_m - self.low_m


@dataclass(frozen=True, slots=True)
class Column:
    """Identical products in a row from front to back; the first ones may be missing.

    Attributes:
        products: One product per position, from front to back.
        missing: Number of empty positions at the front.
        pushed_m: Distance of the first position from the front edge of the board.
        gap_m: Free space beside the column, and behind each product.
    """

    products: tuple[Product, ...]
    missing: int
    pushed_m: float
    gap_m: float

    @property
    def number(self) -> int:
        """Number of products, excluding missing ones."""
        return len(self.products) - self.missing

    @property
    def width_m(self) -> float:
        """Width of the widest product plus the gap."""
        return max(float(product.size_m[0]) for product in self.products) + self.gap_m

    @property
    def depth_m(self) -> float:
        """Distance from the front edge of the board to the end of the last position."""
        return self.pushed_m + sum(float(product.size_m[1]) + self.gap_m for product in self.products)

    @property
    def height_m(self) -> float:
        """Height of the tallest product."""
        return max(float(product.size_m[2]) for product in self.products)

    def bodies(self, left_m: float, front_m: float, foot_m: float) -> Iterator[Body]:
        """Yields the products of the column, except those missing at its front.

        Args:
            left_m: x of the left end of the column.
            front_m: y of the front edge of the board.
            foot_m: z of the bottom of the products.
        """
        behind_m = front_m + self.pushed_m
        for place, product in enumerate(self.products):
            aside_m = (self.width_m - float(product.size_m[0])) / 2
            if place >= self.missing:
                yield product.at(left_m + aside_m, behind_m, foot_m)
            behind_m += float(product.size_m[1]) + self.gap_m


Line = list[Column]
"""The columns of a board from left to right; a column may be empty."""


def dealt(groups: Sequence[Line], boards: int) -> list[Line]:
    """Distributes groups of columns over shelf boards, one group after another.

    Returns a list with the columns of each board. Each group goes to the board with the shortest line of
    columns so far.
    """
    lines: list[Line] = [[] for _ in range(boards)]
    for group in groups:
        lengths = [width_of(line) for line in lines]
        lines[lengths.index(min(lengths))] += group
    return lines


def width_of(line: Line) -> float:
    """Total width of a line's columns in metres."""
    return sum(column.width_m for column in line)


def along(line: Line, width_m: float, rng: np.random.Generator) -> Iterator[tuple[float, Column]]:
    """Yields each column with the x coordinate of its left end; random gaps fill the rest of the board.

    Args:
        line: The columns, from left to right.
        width_m: Width of the board, whose middle is at x = 0.
        rng: Generator; consumes one random number per column, and one more.
    """
    shares = rng.random(len(line) + 1) ** 2
    free_m = (width_m - width_of(line)) * shares / max(float(shares.sum()), 1e-9)
    left_m = -width_m / 2
    for column, before_m in zip(line, free_m[:-1], strict=True):
        left_m += float(before_m)
        yield left_m, column
        left_m += column.width_m
