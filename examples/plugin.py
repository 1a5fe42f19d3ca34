"""A plug-in: one file that adds a scene with a table, a check, a light and an annotation format.

sim2coco generate --plugin examples/plugin.py scene=on_table light=flash 'export.formats=[coco,csv]' \
    '+quality.checks.border={kind: border}' out=data/table num_images=20
"""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.assets.images import Album
from scenes.assets.mesh import Mesh
from scenes.assets.shapes import box
from scenes.furnishing.furniture import FurnitureSettings
from scenes.geometry import Pose, on_sphere, vec3
from scenes.light import LightKind
from scenes.looks import LookSettings
from scenes.scene import Scene
from scenes.settings import Positive, Share, Streams, uniform
from scenes.shot import Light
from scenes.spec import Physics, SceneSpec, Surface
from sim.sample import Instance, Measures
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage
from sim2coco.export.format import Add, Format
from sim2coco.quality.judge import Check
from sim2coco.storage import Store

UPRIGHT = (0.0, 0.0, 0.0, 1.0)
THICKNESS_M = 0.04


class OnTable(Scene):
    """Objects fall onto a square table with four legs."""

    kind: Literal["on_table"] = "on_table"
    height_m: Positive = (0.3, 0.6)
    """Height of the table top above the floor."""
    table: FurnitureSettings = FurnitureSettings(textured=0.5)
    """Colours and textures of the table."""
    floor: LookSettings = LookSettings()
    """Colours and textures of the floor."""

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """A cube with sides of 1 m; scaled along each axis it is the table top and each leg."""
        return {"cube": box(1.0, 1.0, 1.0)}

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Objects in a grid above the table; its side is 8 typical object sizes."""
        rng, unit_m = streams("furniture"), catalogue.typical_size_m
        top_m, half_m = uniform(rng, self.height_m), 4 * unit_m
        slab = ((2 * half_m, 2 * half_m, THICKNESS_M), Pose((0.0, 0.0, top_m - THICKNESS_M / 2), UPRIGHT))
        leg_m, foot_m = top_m - THICKNESS_M, half_m - unit_m / 4
        legs = [
            ((unit_m / 2, unit_m / 2, leg_m), Pose((x * foot_m, y * foot_m, leg_m / 2), UPRIGHT))
            for x in (-1, 1)
            for y in (-1, 1)
        ]
        cube, album = catalogue.furniture["cube"], catalogue.album("table")
        table = self.table.piece(rng, album, cube, [slab, *legs])
        bodies = []
        for index, unplaced in enumerate(self._unplaced(catalogue, streams)):
            level, cell = divmod(index, 9)
            place = np.array([cell % 3 - 1, cell // 3 - 1]) * 2 * unit_m
            center = np.array([*place, top_m + 1.05 * unplaced.radius_m + 2.5 * level * unit_m])
            bodies.append(replace(unplaced.at(center, unplaced.random_rotation()), friction=0.6))
        floor = Surface(self.floor.draw(streams("looks"), catalogue.album("floor")), 4 * unit_m, 0.0)
        physics = Physics(gravity_m_s2=9.81, time_step_s=1 / 240, max_seconds=6.0, bounds_m=4.0)
        background = self._background(catalogue, streams)
        return SceneSpec(scene, split, attempt, (*bodies, *table), floor, background, physics)


class Border(Check):
    """Drops labels of objects that are cut off by the border of the image."""

    kind: Literal["border"] = "border"
    max_truncation: Share = 0.0
    """Largest fraction of an object that may lie outside the image."""

    def drops(self, instance: Instance, measures: Measures) -> bool:
        """Whether too much of the object lies outside."""
        return instance.truncation > self.max_truncation


class Flash(LightKind):
    """One strong, hard light from a random direction, like a camera's flash in a dark room."""

    kind: Literal["flash"] = "flash"
    strength: Positive = (2.0, 4.0)
    """Irradiance by the flash, divided by that of the dark room."""

    def draw(self, streams: Streams, album: Album) -> Light:
        """The light of one view. Always draws three random numbers."""
        rng = streams("light")
        direction = vec3(on_sphere(rng.random() * 2 * np.pi, np.radians(30 + 50 * rng.random())))
        strength = uniform(rng, self.strength)
        return Light(direction, (1.0, 1.0, 1.0), 0.2, 0.2 * strength, 0.5, 1.0, 0.005)


class Csv(Format):
    """One table of all visible boxes: file name, category, x, y, width, height."""

    kind: Literal["csv"] = "csv"

    @contextmanager
    def write(self, target: Store, info: DatasetInfo) -> Iterator[Add]:
        """Writes `boxes.csv`."""
        text = io.StringIO()
        rows = csv.writer(text)

        def add(image: LabelledImage) -> None:
            for label in image.labels:
                rows.writerow([image.path, info.categories[label.category], *map(int, label.bbox)])

        yield add
        target.put("boxes.csv", text.getvalue().encode())
