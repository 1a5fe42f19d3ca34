"""The scene kind `tabletop`: objects lie on a table with legs, in a room or outdoors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import model_validator

from scenes.assets.catalogue import Catalogue
from scenes.assets.mesh import Mesh
from scenes.assets.shapes import cylinder
from scenes.cameras.camera import Viewpoints
from scenes.floor import FloorSettings
from scenes.furnishing.furniture import CUBE, FurnitureSettings, cubes, cuboid
from scenes.geometry import Pose, Scale
from scenes.placing.physics import PhysicsSettings
from scenes.placing.release import Release
from scenes.scene import Array, Scene, UnplacedBody, random_disc
from scenes.settings import NonNegative, Positive, Range, Share, Streams, length_m, uniform, within
from scenes.space import BoundingVolume
from scenes.spec import Body, Region, SceneSpec
from scenes.walls import WallSettings

DISC = "disc"
"""Name of the mesh for round table tops."""
LEVEL = (0.0, 0.0, 0.0, 1.0)
ROUND_LEGS = 0.62
"""Distance of a round table's legs from its centre along x and y, divided by the table's radius."""
STACK = 20.0
"""Height of the region above the table for objects at rest, in multiples of the typical object size."""
TRIES = 4
"""Number of positions sampled per object; the lowest is used, so that most objects touch the table."""


class TableSettings(FurnitureSettings):
    """The table, and its colours and textures."""

    length: Positive = (7.0, 14.0)
    """Length of the table, or diameter of a round one, in multiples of the typical object size."""
    depth: Positive = (6.0, 9.0)
    """Depth of a rectangular table, in multiples of the typical object size."""
    height: Positive = (4.0, 8.0)
    """Height of the table above the floor, in multiples of the typical object size."""
    length_m: Annotated[Range, within(0.01, 50.0)] | None = None
    """Length or diameter in metres, in place of length; null uses length."""
    depth_m: Annotated[Range, within(0.01, 50.0)] | None = None
    """Depth in metres, in place of depth; null uses depth."""
    height_m: Annotated[Range, within(0.01, 20.0)] | None = None
    """Height above the floor in metres, in place of height; the table top is at most half as thick."""
    thickness: Positive = (0.2, 0.5)
    """Thickness of the table top, in multiples of the typical object size."""
    leg: Positive = (0.3, 0.8)
    """Width of each of the four legs, in multiples of the typical object size."""
    overhang: NonNegative = (0.0, 0.6)
    """Distance of the legs from the edge of the table, in multiples of the typical object size."""
    round: Share = 0.25
    """Fraction of tables that are round; the others are rectangular."""

    @model_validator(mode="after")
    def _stands_on_legs(self) -> Self:
        if self.height[0] <= self.thickness[1]:
            raise ValueError("height must be larger than thickness; the legs take up the difference")
        if self.round < 1 and 2 * (self.overhang[1] + self.leg[1]) > min(self.length[0], self.depth[0]):
            raise ValueError("overhang plus leg must be at most half of length and of depth")
        return self

    def table(self, rng: np.random.Generator, unit_m: float) -> "Table":
        """Samples the size of a table.

        Args:
            rng: Generator; always consumes seven random numbers.
            unit_m: The typical object size in metres.
        """
        length = length_m(rng, self.length, self.length_m, unit_m)
        depth = length_m(rng, self.depth, self.depth_m, unit_m)
        height = length_m(rng, self.height, self.height_m, unit_m)
        table = Table(
            length_m=length,
            depth_m=depth,
            height_m=height,
            thickness_m=unit_m * uniform(rng, self.thickness),
            leg_m=unit_m * uniform(rng, self.leg),
            overhang_m=unit_m * uniform(rng, self.overhang),
            is_round=rng.random() < self.round,
        )
        return table if self.length_m is self.depth_m is self.height_m is None else table.proportioned()


@dataclass(frozen=True, slots=True)
class Table:
    """A sampled table, centred above the origin.

    Its sizes are those of `TableSettings`, in metres.
    """

    length_m: float
    depth_m: float
    height_m: float
    thickness_m: float
    leg_m: float
    overhang_m: float
    is_round: bool

    def proportioned(self) -> "Table":
        """Returns the table with thickness, legs and overhang reduced if they are too large for its size."""
        side_m = min(self.length_m, self.length_m if self.is_round else self.depth_m)
        leg_m = min(self.leg_m, side_m / 8)
        return replace(
            self,
            thickness_m=min(self.thickness_m, self.height_m / 2),
            leg_m=leg_m,
            overhang_m=min(self.overhang_m, side_m / 2 - leg_m - side_m / 8),
        )

    @property
    def half_m(self) -> Array:
        """Half sides (2,) of the rectangle around the table top."""
        return np.array([self.length_m, self.length_m if self.is_round else self.depth_m]) / 2

    def top(self) -> tuple[Scale, Pose]:
        """Returns the scale and the pose of the table top.

        They apply to a cube with sides of 1 m, or, if the table is round, to a cylinder with a diameter and a
        height of 1 m.
        """
        (x, y), under = self.half_m, self.height_m - self.thickness_m
        return cuboid((-x, -y, under), (x, y, self.height_m))

    def legs(self) -> Iterator[tuple[Scale, Pose]]:
        """Yields the scale and the pose of each leg, which apply to a cube with sides of 1 m."""
        under, leg = self.height_m - self.thickness_m, self.leg_m
        x, y = self.half_m * ROUND_LEGS if self.is_round else self.half_m - self.overhang_m
        for left in (-x, x - leg):
            for front in (-y, y - leg):
                yield cuboid((left, front, 0.0), (left + leg, front + leg, under))

    def region(self, unit_m: float) -> Region:
        """Returns the region above the table top, from which objects leave only if they fall off.

        Args:
            unit_m: The typical object size in metres, which determines the height of the region.
        """
        middle = Pose((0.0, 0.0, self.height_m + STACK / 2 * unit_m), LEVEL)
        half_m = (float(self.half_m[0]), float(self.half_m[1]), STACK / 2 * unit_m)
        return Region(middle, half_m, self.is_round)


class Tabletop(Scene):
    """Objects lie on a table with four legs, in a room or in front of a background."""

    kind: Literal["tabletop"] = "tabletop"
    spread: Positive = (0.35, 0.7)
    """Part of the table onto which objects fall, as a fraction of its length and depth."""
    drop_height: NonNegative = (0.02, 0.15)
    """Free height below an object when it is released, in multiples of the typical object size."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of each object."""
    table: TableSettings = TableSettings(saturation=(0.0, 0.5), friction=(0.9, 1.1))
    """The table, and its colours and textures."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor, below the table."""
    walls: WallSettings = WallSettings(number=(0, 4), gap=(4.0, 25.0), height=(20.0, 30.0))
    """Walls of the room, and their colours and textures; without a wall, the background is visible."""
    physics: PhysicsSettings = PhysicsSettings()
    """How objects fall and come to rest."""

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """Furniture meshes by name: a cube for legs and rectangular tops, and a disc for round tops."""
        return {**cubes(), DISC: cylinder(0.5, 1.0)}

    @property
    def viewpoints(self) -> Viewpoints:
        """Viewpoints from all sides, at elevations from 5 degrees (horizon in view) to 60 degrees."""
        return Viewpoints(elevation_deg=(5.0, 60.0))

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene with bodies above a table.

        Physics later lets them fall, and the scene is rejected if an object falls off the table.

        Raises:
            RejectedDraw: `no_place` if the stack would be too high for a stable simulation.
        """
        unit_m, rng = catalogue.typical_size_m, streams("furniture")
        table = self.table.table(rng, unit_m)
        spread_m = table.half_m * uniform(rng, self.spread)

        def place(body: UnplacedBody) -> Array:
            beside = random_disc(body.rng) if table.is_round else 2 * body.rng.random(2) - 1
            return np.asarray(spread_m * beside)

        def lowest(x: float, y: float, volume: BoundingVolume) -> float:
            return table.height_m + volume.below_m

        release = Release(unit_m, self.drop_height, self.friction, lowest, tries=TRIES)
        bodies = release.bodies(list(self._unplaced(catalogue, streams)), place)
        physics = self.physics.within(table.length_m + table.height_m + STACK * unit_m, table.region(unit_m))
        parts = self._parts(table, catalogue, rng)
        floor = self.floor.surface(streams("looks"), unit_m, catalogue.album("floor"))
        background = self._background(catalogue, streams)
        room = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, (*bodies, *parts), floor, background, physics, room)

    def _parts(self, table: Table, catalogue: Catalogue, rng: np.random.Generator) -> tuple[Body, ...]:
        """Samples the appearance of the table, and returns its bodies: the top and four legs."""
        top = DISC if table.is_round else CUBE
        parts = [(top, *table.top()), *((CUBE, *leg) for leg in table.legs())]
        return self.table.pieces(rng, catalogue.album("table"), catalogue.furniture, parts)
