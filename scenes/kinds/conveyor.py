"""The scene kind `conveyor`: objects lie on a belt between two rails, one after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.assets.mesh import Mesh
from scenes.cameras.camera import Viewpoints
from scenes.floor import FloorSettings
from scenes.furnishing.furniture import CUBE, FurnitureSettings, Part, cubes, cuboid
from scenes.geometry import Pose, Vec3, vec3
from scenes.placing.physics import PhysicsSettings
from scenes.placing.release import Release
from scenes.scene import Array, Scene, UnplacedBody
from scenes.settings import (
    IntRange,
    NonNegative,
    Positive,
    Range,
    Streams,
    length_m,
    uniform,
    uniform_int,
    within,
)
from scenes.space import BoundingVolume
from scenes.spec import Region, SceneSpec
from scenes.walls import WallSettings

END = 3.0
"""Length of the belt beyond the first and the last object, in multiples of the typical object size."""
BEYOND = 1.4
"""Length of the belt without its ends, divided by the length that the objects need."""
THICKNESS = 0.25
"""Thickness of the belt, in multiples of the typical object size."""
STACK = 10
"""Height of the region above the belt that contains the objects, in multiples of the typical object size."""


class BeltSettings(FurnitureSettings):
    """The belt, and its colours and textures."""

    width: Positive = (2.0, 5.0)
    """Width between the rails, in multiples of the typical object size; not used if width_m is set."""
    width_m: Annotated[Range, within(0.001, 20.0)] | None = None
    """Width between the rails in metres, in place of width; null uses width."""
    height: Annotated[Range, within(2 * THICKNESS)] = (1.0, 6.0)
    """Height of the belt above the floor, in multiples of the typical object size."""


class RailSettings(FurnitureSettings):
    """The rails along both sides of the belt and their legs, and their colours and textures."""

    width: Positive = (0.1, 0.35)
    """Width of a rail, in multiples of the typical object size."""
    height: NonNegative = (0.1, 0.4)
    """Height of a rail above the belt, in multiples of the typical object size."""


class Conveyor(Scene):
    """Objects lie on a conveyor belt between two rails, one after the other, in one or several lanes."""

    kind: Literal["conveyor"] = "conveyor"
    lanes: Annotated[IntRange, within(1, 20)] = (1, 4)
    """Number of lanes; each object goes to the shortest lane so far, a wide one to several adjacent lanes."""
    spacing: NonNegative = (0.0, 1.2)
    """Free space between an object and the next in its lane, in multiples of the typical object size."""
    speed_m_s: NonNegative = (0.1, 1.0)
    """Speed of the belt in m/s; it matters only for motion blur."""
    exposure_ms: NonNegative = (0.0, 0.0)
    """Exposure time in ms; the motion blur along the belt is speed times exposure time; 0 is no blur."""
    drop_height: NonNegative = (0.02, 0.1)
    """Free height below an object when it is released, in multiples of the typical object size."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.5, 0.9)
    """Friction coefficient of each object."""
    belt: BeltSettings = BeltSettings(
        saturation=(0.0, 0.5),
        value=(0.05, 0.5),
        textured=0.5,
        textures=("plain", "noise", "speckle"),
        friction=(0.7, 1.0),
    )
    """The belt, and its colours and textures."""
    rails: RailSettings = RailSettings(saturation=(0.0, 0.4), value=(0.3, 0.9), textured=0.0)
    """The rails along both sides of the belt and their legs, and their colours and textures."""
    floor: FloorSettings = FloorSettings(saturation=(0.0, 0.3))
    """Colours and textures of the floor below the belt."""
    walls: WallSettings = WallSettings()
    """Walls around the belt, and their colours and textures."""
    physics: PhysicsSettings = PhysicsSettings()
    """How objects fall and come to rest."""

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """A cube for belt, rails and legs."""
        return cubes()

    @property
    def viewpoints(self) -> Viewpoints:
        """Viewpoints from above."""
        return Viewpoints(elevation_deg=(60.0, 90.0))

    @property
    def moved_by(self) -> str | None:
        """Name of the exposure time setting if there is motion blur; otherwise None."""
        return "exposure_ms" if self.exposure_ms[1] and self.speed_m_s[1] else None

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene with bodies above the belt, at random angles.

        Bodies that would touch are released above each other.

        Raises:
            RejectedDraw: `no_place` if a stack of bodies would be too high for a stable simulation.
        """
        unit_m, rng = catalogue.typical_size_m, streams("furniture")
        unplaced = list(self._unplaced(catalogue, streams))
        gaps_m = [unit_m * uniform(body.rng, self.spacing) for body in unplaced]
        lanes = uniform_int(rng, self.lanes)
        width_m = length_m(rng, self.belt.width, self.belt.width_m, unit_m)
        slots, reach_m = in_lanes(unplaced, gaps_m, lanes, width_m)
        belt = self._belt(rng, (BEYOND * reach_m + END * unit_m, width_m / 2), unit_m)
        release = Release(unit_m, self.drop_height, self.friction, belt.lowest)
        bodies = release.bodies(unplaced, lambda body: belt.place(body, slots[body]))
        album = catalogue.album
        parts = (
            *self.belt.pieces(rng, album("belt"), catalogue.furniture, belt.belt()),
            *self.rails.pieces(rng, album("rails"), catalogue.furniture, belt.frame()),
        )
        drift_m = uniform(rng, self.speed_m_s) * uniform(rng, self.exposure_ms) / 1000
        drift = vec3(belt.turned.rotation()[:, 0] * drift_m) if drift_m else None
        floor = self.floor.surface(streams("looks"), unit_m, album("floor"))
        background = self._background(catalogue, streams)
        physics = self.physics.within(2 * belt.half_m[0] + STACK * unit_m, belt.region)
        room = self.walls.plan(streams, unit_m, album("walls"))
        all_bodies = (*bodies, *parts)
        return SceneSpec(scene, split, attempt, all_bodies, floor, background, physics, room, drift)

    def _belt(self, rng: np.random.Generator, half_m: tuple[float, float], unit_m: float) -> "Belt":
        """Samples the belt. Always consumes four random numbers."""
        return Belt(
            half_m=half_m,
            height_m=unit_m * uniform(rng, self.belt.height),
            thick_m=THICKNESS * unit_m,
            rail_m=(unit_m * uniform(rng, self.rails.width), unit_m * uniform(rng, self.rails.height)),
            turn_rad=2 * np.pi * float(rng.random()),
            region_m=STACK * unit_m,
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """Position of an object along the belt, and the strip of lanes that it occupies.

    Attributes:
        along_m: Position of the object's centre along the belt.
        strip_m: The two edges of the strip across the belt; the middle of the belt is at 0.
    """

    along_m: float
    strip_m: tuple[float, float]


def in_lanes(
    unplaced: Sequence[UnplacedBody], gaps_m: Sequence[float], lanes: int, width_m: float
) -> tuple[dict[UnplacedBody, Slot], float]:
    """Returns the slot of each body, and half the total length in metres that the bodies need.

    A body wider than a lane occupies several neighbouring lanes, so bodies do not overlap. Each body is added
    to the lanes that are shortest so far.

    Args:
        unplaced: The bodies.
        gaps_m: Free space after each body, along its lane.
        lanes: Number of lanes.
        width_m: Width of the belt.
    """
    ends_m, lane_m, slots = np.zeros(lanes), width_m / lanes, []
    for body, gap_m in zip(unplaced, gaps_m, strict=True):
        taken = min(int(np.ceil(2 * body.radius_m / lane_m)), lanes)
        begins_m = np.lib.stride_tricks.sliding_window_view(ends_m, taken).max(axis=1)
        first = int(np.argmin(begins_m))
        begin_m = float(begins_m[first])
        strip_m = (first * lane_m - width_m / 2, (first + taken) * lane_m - width_m / 2)
        slots.append((begin_m + body.radius_m, strip_m))
        ends_m[first : first + taken] = begin_m + 2 * body.radius_m + gap_m
    half_m = float(ends_m.max()) / 2
    placed = zip(unplaced, slots, strict=True)
    return {body: Slot(along_m - half_m, strip_m) for body, (along_m, strip_m) in placed}, half_m


@dataclass(frozen=True, slots=True)
class Belt:
    """A conveyor of given size; before the rotation by `turn_rad`, its belt runs along x.

    Attributes:
        half_m: Half length and half width of the belt.
        height_m: Height of the upper side of the belt above the floor.
        thick_m: Thickness of the belt.
        rail_m: Width of a rail, and its height above the belt.
        turn_rad: Rotation about the vertical axis.
        region_m: Height of the region above the belt that contains the objects.
    """

    half_m: tuple[float, float]
    height_m: float
    thick_m: float
    rail_m: tuple[float, float]
    turn_rad: float
    region_m: float

    @property
    def turned(self) -> Pose:
        """The frame of the conveyor, with its origin on the floor below the middle of the belt."""
        half = self.turn_rad / 2
        return Pose((0.0, 0.0, 0.0), (0.0, 0.0, float(np.sin(half)), float(np.cos(half))))

    @property
    def region(self) -> Region:
        """The region above the belt."""
        middle = Pose((0.0, 0.0, self.height_m + self.region_m / 2), (0.0, 0.0, 0.0, 1.0))
        return Region(self.turned.of(middle), (*self.half_m, self.region_m / 2))

    def place(self, body: UnplacedBody, slot: Slot) -> Array:
        """Samples the release position (2,) of a body within its slot. Consumes one random number."""
        low_m, high_m = slot.strip_m
        free_m = max((high_m - low_m) / 2 - body.radius_m, 0.0)
        aside_m = (low_m + high_m) / 2 + free_m * (2 * body.rng.random() - 1)
        return self.turned.apply(np.array([[slot.along_m, aside_m, 0.0]]))[0, :2]

    def lowest(self, x: float, y: float, volume: BoundingVolume) -> float:
        """Lowest height of a body's centre at which the whole body is above the belt.

        A body that is too wide for the belt must also be above the rails.
        """
        rail_m = self.rail_m[1] if volume.aside_m > self.half_m[1] else 0.0
        return self.height_m + rail_m + volume.below_m

    def belt(self) -> Iterator[Part]:
        """Yields one part: the belt."""
        (x, y), top_m = self.half_m, self.height_m
        yield self._box((-x, -y, top_m - self.thick_m), (x, y, top_m))

    def frame(self) -> Iterator[Part]:
        """Yields the parts of the frame: two rails and four legs."""
        (x, y), (wide_m, high_m) = self.half_m, self.rail_m
        under_m, top_m = self.height_m - self.thick_m, self.height_m + high_m
        for side in (-y - wide_m, y):
            yield self._box((-x, side, under_m), (x, side + wide_m, top_m))
            for end in (-0.8 * x, 0.8 * x):
                yield self._box((end - wide_m / 2, side, 0.0), (end + wide_m / 2, side + wide_m, under_m))

    def _box(self, low_m: Vec3, high_m: Vec3) -> Part:
        return (CUBE, *cuboid(low_m, high_m, self.turned))
