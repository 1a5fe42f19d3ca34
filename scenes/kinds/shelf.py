"""The scene kind `shelf`: products stand in rows on the boards of a shelf, and face forward."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.assets.mesh import Mesh
from scenes.cameras.camera import Viewpoints
from scenes.floor import FloorSettings
from scenes.furnishing.furniture import CUBE, FurnitureSettings, cubes
from scenes.furnishing.rack import Rack
from scenes.placing.physics import PhysicsSettings
from scenes.placing.shelving import LIFT, Column, Line, Product, along, dealt, width_of
from scenes.scene import Scene, UnplacedBody
from scenes.settings import (
    IntRange,
    NonNegative,
    Positive,
    Range,
    Share,
    Streams,
    uniform,
    uniform_int,
    within,
)
from scenes.spec import Body, SceneSpec
from scenes.walls import WallSettings

BEHIND_RAD = np.pi / 2
"""Azimuth of the wall behind the shelf, whose front faces -y."""
MAX_MISSING = 0.9
"""Largest fraction of missing products."""
MIN_WIDTH = 5.0
"""Smallest width of a shelf, in multiples of the typical object size."""
SLACK = 1.05
"""Width of a shelf, relative to the total width of the columns on its fullest board."""
RAIL = 0.35
"""Height of a price rail, in multiples of the typical object size."""


class Boards(FurnitureSettings):
    """Boards, sides and back of the shelf, and their colours and textures."""

    number: Annotated[IntRange, within(1, 20)] = (2, 4)
    """Number of boards, one above the other."""
    height: NonNegative = (0.3, 4.0)
    """Height of the lowest board above the floor, in multiples of the typical object size."""
    headroom: Positive = (0.25, 0.8)
    """Free height above the tallest product of a board, in multiples of the typical object size."""
    thickness: Positive = (0.1, 0.3)
    """Thickness of the boards, in multiples of the typical object size."""
    back: Share = 0.7
    """Fraction of shelves with a back; the others are open behind."""
    sides: Share = 0.5
    """Fraction of shelves with closed sides; the others have a post at each corner."""
    rail: Share = 0.4
    """Fraction of shelves with a rail for prices along the front of each board."""


class Shelf(Scene):
    """Products stand in rows on the boards of a shelf and face forward; some are missing."""

    kind: Literal["shelf"] = "shelf"
    num_objects: Annotated[IntRange, within(0, 4000)] = (15, 50)
    """Number of labelled products on the shelf, whose width adapts to them."""
    facings: Annotated[IntRange, within(1, 100)] = (1, 4)
    """Number of identical products side by side."""
    rows: Annotated[IntRange, within(1, 20)] = (1, 3)
    """Number of identical products one behind the other."""
    gap: NonNegative = (0.02, 0.15)
    """Free space between neighbours, in multiples of the typical object size."""
    pushed: NonNegative = (0.0, 0.3)
    """Distance of products from the front edge, in multiples of the typical object size."""
    missing: Annotated[Range, within(0.0, MAX_MISSING)] = (0.0, 0.3)
    """Fraction of places on the shelf that are empty; places in front are emptied first."""
    yaw_deg: Annotated[Range, within(-180.0, 180.0)] = (-6.0, 6.0)
    """Rotation of each product about the vertical in degrees; at 0 its front faces forward."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of each product."""
    boards: Boards = Boards(saturation=(0.0, 0.3), value=(0.5, 1.0), textured=0.4)
    """Boards, sides and back of the shelf, and their colours and textures."""
    rails: FurnitureSettings = FurnitureSettings(textured=0.0)
    """Colours and textures of the rails for prices."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings(number=(1, 1), gap=(0.05, 1.0), height=(12.0, 30.0))
    """Walls around the shelf, the first of them behind it, and their colours and textures."""
    physics: PhysicsSettings = PhysicsSettings()
    """How products come to rest."""

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """A cube for all parts of the shelf."""
        return cubes()

    @property
    def viewpoints(self) -> Viewpoints:
        """Viewpoints in front, at the height of the products and a little above."""
        return Viewpoints(azimuth_deg=(-125.0, -55.0), elevation_deg=(-5.0, 25.0))

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a shelf whose products stand just above its boards, with their fronts towards -y."""
        unit_m, rng = catalogue.typical_size_m, streams("furniture")
        lines = dealt(self._groups(catalogue, streams), uniform_int(rng, self.boards.number))
        rack = self._rack(lines, unit_m, rng)
        bodies = tuple(self._standing(lines, rack, unit_m, rng))
        cube = catalogue.furniture[CUBE]
        parts = self.boards.piece(rng, catalogue.album("boards"), cube, rack.frame())
        rails = self.rails.piece(rng, catalogue.album("rails"), cube, rack.rails())
        floor = self.floor.surface(streams("looks"), unit_m, catalogue.album("floor"))
        background = self._background(catalogue, streams)
        room = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        room = room and replace(room, turn_rad=BEHIND_RAD)
        physics = self.physics.within(2 * (rack.width_m + rack.high_m), rack.region())
        bodies += (*parts, *rails)
        return SceneSpec(scene, split, attempt, bodies, floor, background, physics, room)

    def _groups(self, catalogue: Catalogue, streams: Streams) -> list[Line]:
        """Samples groups of identical products until there are `num_objects` products.

        Each distractor is added as a group of its own, at a random position between the others.
        """
        rng, unit_m = streams("poses"), catalogue.typical_size_m
        missing, most = uniform(rng, self.missing), self._number(streams)
        groups: list[Line] = []
        for product in self._objects(catalogue, streams):
            if most <= 0:
                break
            group = self._group(product, missing, most, unit_m)
            most -= sum(column.number for column in group)
            groups.append(group)
        for distractor in self._distractors(catalogue, streams):
            place = int(rng.random() * (len(groups) + 1))
            groups.insert(place, [self._column(distractor, 1, 0, unit_m)])
        return groups

    def _group(self, product: UnplacedBody, missing: float, most: int, unit_m: float) -> Line:
        """Samples columns of identical products.

        Args:
            product: The product.
            missing: Probability that a product is missing because it has been sold.
            most: Maximum number of products in all columns together.
            unit_m: The typical object size in metres.
        """
        rng, columns = product.rng, []
        rows = uniform_int(rng, self.rows)
        for _ in range(uniform_int(rng, self.facings)):
            gone = int(np.count_nonzero(rng.random(rows) < missing))
            there = min(rows - gone, most)
            most -= there
            if gone + there:
                columns.append(self._column(product, gone + there, gone, unit_m))
        return columns

    def _column(self, product: UnplacedBody, places: int, missing: int, unit_m: float) -> Column:
        """Samples a column of identical products.

        Args:
            product: The product.
            places: Number of positions in the column, from front to back.
            missing: Number of empty positions at the front.
            unit_m: The typical object size in metres.
        """
        rng = product.rng
        pushed_m, gap_m = (unit_m * uniform(rng, bounds) for bounds in (self.pushed, self.gap))
        products = tuple(
            Product.turned_by(product, np.radians(uniform(rng, self.yaw_deg))) for _ in range(places)
        )
        return Column(products, missing, pushed_m, gap_m)

    def _rack(self, lines: list[Line], unit_m: float, rng: np.random.Generator) -> Rack:
        """Samples a shelf that is large enough for its products.

        Args:
            lines: The columns of products on each board.
            unit_m: The typical object size in metres.
            rng: Generator of the shelf.
        """
        boards, high_m, tops_m = self.boards, unit_m * uniform(rng, self.boards.height), []
        thick_m = unit_m * uniform(rng, boards.thickness)
        for line in lines:
            tops_m.append(high_m + thick_m)
            tallest_m = max((column.height_m for column in line), default=unit_m)
            high_m += thick_m + tallest_m + unit_m * uniform(rng, boards.headroom)
        return Rack(
            width_m=max(MIN_WIDTH * unit_m, *(SLACK * width_of(line) for line in lines)),
            depth_m=max((column.depth_m for line in lines for column in line), default=unit_m),
            tops_m=tuple(tops_m),
            high_m=high_m,
            thickness_m=thick_m,
            back=rng.random() < boards.back,
            sides=rng.random() < boards.sides,
            rail_m=RAIL * unit_m if rng.random() < boards.rail else 0.0,
        )

    def _standing(
        self, lines: list[Line], rack: Rack, unit_m: float, rng: np.random.Generator
    ) -> Iterator[Body]:
        """Yields the products just above their boards, with sampled friction; distractors come last."""
        bodies = [
            replace(body, friction=uniform(rng, self.friction))
            for line, top_m in zip(lines, rack.tops_m, strict=True)
            for left_m, column in along(line, rack.width_m, rng)
            for body in column.bodies(left_m, rack.front_m, top_m + LIFT * unit_m)
        ]
        return iter(sorted(bodies, key=lambda body: not body.labelled))
