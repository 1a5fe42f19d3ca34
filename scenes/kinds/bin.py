"""The scene kind `bin`: objects lie in an open box with solid or wire walls."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.assets.mesh import Mesh
from scenes.cameras.camera import Viewpoints
from scenes.floor import FloorSettings
from scenes.furnishing.crate import Crate
from scenes.furnishing.furniture import FurnitureSettings, cubes
from scenes.furnishing.wire import BAR_SHARE, layers
from scenes.placing.physics import PhysicsSettings
from scenes.placing.release import PILE_TRIES, Release
from scenes.scene import Scene, UnplacedBody
from scenes.settings import (
    IntRange,
    NonNegative,
    Positive,
    Range,
    Share,
    ShareRange,
    Streams,
    length_m,
    uniform,
    within,
)
from scenes.spec import SceneSpec
from scenes.walls import WallSettings

RIM = 1.2
"""Height and overhang of a rim, in multiples of the wall thickness."""


class BinSettings(FurnitureSettings):
    """The bin: its size and its walls, and their colours and textures."""

    length: Positive = (3.0, 5.0)
    """Length of the inside, in multiples of the typical object size; not used if length_m is set."""
    width: Positive = (2.5, 4.0)
    """Width of the inside, in multiples of the typical object size; not used if width_m is set."""
    height: Positive = (1.0, 2.0)
    """Height of the walls, in multiples of the typical object size; not used if height_m is set."""
    length_m: Annotated[Range, within(0.001, 20.0)] | None = None
    """Length of the inside in metres, in place of length; null uses length."""
    width_m: Annotated[Range, within(0.001, 20.0)] | None = None
    """Width of the inside in metres, in place of width; null uses width."""
    height_m: Annotated[Range, within(0.001, 20.0)] | None = None
    """Height of the walls in metres, in place of height; null uses height."""
    thickness: Positive = (0.04, 0.15)
    """Thickness of solid walls and the bottom, in multiples of the typical object size."""
    rim: Share = 0.5
    """Fraction of solid bins whose walls have a rim at the top."""
    wire: Share = 0.2
    """Fraction of bins that are made of wire instead of solid walls."""
    wire_gap: Positive = (0.3, 0.6)
    """Distance between neighbouring wires, in multiples of the typical object size."""
    tilt_deg: Annotated[Range, within(0.0, 45.0)] = (0.0, 12.0)
    """Tilt of the bin about one of its lower edges, in degrees; its other side stands on a support."""


class Bin(Scene):
    """Objects lie in an open bin with walls of solid material or wire."""

    kind: Literal["bin"] = "bin"
    num_objects: Annotated[IntRange, within(0, 4000)] = (3, 30)
    """Number of labelled objects in a scene; fill_level determines it within this range."""
    fill_level: ShareRange | None = (0.1, 0.6)
    """Bounding-box volume of the objects, as a fraction of the bin's volume; null samples num_objects."""
    drop_height: NonNegative = (0.1, 0.5)
    """Free height below an object when it is released, in multiples of the typical object size."""
    friction: Annotated[Range, within(0.0, 10.0)] = (0.4, 0.9)
    """Friction coefficient of each object."""
    bin: BinSettings = BinSettings(
        saturation=(0.0, 0.9), value=(0.2, 0.95), textured=0.4, friction=(0.6, 1.0)
    )
    """The bin: its size and its walls, and their colours and textures."""
    floor: FloorSettings = FloorSettings()
    """Colours and textures of the floor."""
    walls: WallSettings = WallSettings()
    """Walls around the bin, and their colours and textures."""
    physics: PhysicsSettings = PhysicsSettings(max_seconds=4.0)
    """How objects fall and come to rest."""

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """The meshes of which bins are made, keyed by name.

        Solid walls are scaled cubes, and wire walls are made of meshes with parallel bars.
        """
        return cubes() | layers()

    @property
    def viewpoints(self) -> Viewpoints:
        """Viewpoints on all sides, high enough to look into the bin."""
        return Viewpoints(elevation_deg=(45.0, 90.0))

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Samples a scene with bodies inside and above the bin. Bounding volumes do not overlap.

        Raises:
            RejectedDraw: `no_place` if the stack would be too high for a stable simulation.
        """
        unit_m, rng = catalogue.typical_size_m, streams("furniture")
        crate = drawn_crate(rng, self.bin, unit_m)
        bodies = [*self._contents(catalogue, streams, crate), *self._distractors(catalogue, streams)]
        release = Release(unit_m, self.drop_height, self.friction, crate.lowest, tries=PILE_TRIES)
        dropped = release.bodies(bodies, crate.place)
        album = catalogue.album("bin")
        walls = self.bin.pieces(rng, album, catalogue.furniture, crate.parts())
        floor = self.floor.surface(streams("looks"), unit_m, catalogue.album("floor"))
        background = self._background(catalogue, streams)
        physics = self.physics.within(100 * unit_m, crate.region, pile=True)
        room = self.walls.plan(streams, unit_m, catalogue.album("walls"))
        return SceneSpec(scene, split, attempt, (*dropped, *walls), floor, background, physics, room)

    def _contents(self, catalogue: Catalogue, streams: Streams, crate: Crate) -> Iterator[UnplacedBody]:
        """Yields the labelled objects of a scene.

        If a fill level is set, their number depends on it: the objects' bounding boxes together have this
        fraction of the bin's volume, as far as `num_objects` allows.
        """
        objects, number = self._objects(catalogue, streams), self._number(streams)
        if self.fill_level is None or not number:
            yield from islice(objects, number)
            return
        wanted_m3 = uniform(streams("furniture", body=0), self.fill_level) * crate.volume_m3
        least, most = self.num_objects
        for index, unplaced in enumerate(islice(objects, most)):
            if index >= least and wanted_m3 <= 0:
                return
            wanted_m3 -= float(np.prod(np.array(unplaced.asset.extents_m) * unplaced.body.axes))
            yield unplaced


def drawn_crate(rng: np.random.Generator, settings: BinSettings, unit_m: float) -> Crate:
    """Samples the size of a bin. Always consumes nine random numbers."""
    half_length_m = length_m(rng, settings.length, settings.length_m, unit_m) / 2
    half_width_m = length_m(rng, settings.width, settings.width_m, unit_m) / 2
    height_m = length_m(rng, settings.height, settings.height_m, unit_m)
    thick_m = unit_m * uniform(rng, settings.thickness)
    rim, wire = rng.random() < settings.rim, rng.random() < settings.wire
    gap_m = unit_m * uniform(rng, settings.wire_gap)
    if wire:
        thick_m = 2 * BAR_SHARE * gap_m
    return Crate(
        half_m=(half_length_m, half_width_m),
        height_m=height_m,
        thick_m=thick_m,
        rim_m=RIM * thick_m if rim and not wire else 0.0,
        gap_m=gap_m if wire else None,
        tilt_rad=float(np.radians(uniform(rng, settings.tilt_deg))),
        turn_rad=float(2 * np.pi * rng.random()),
    )
