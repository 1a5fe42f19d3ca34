"""A kind of scene with furniture, as a plug-in would define it: objects that fall onto a table."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from scenes.assets.catalogue import Catalogue
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.mesh import Mesh
from scenes.assets.shapes import box
from scenes.furnishing.furniture import FurnitureSettings
from scenes.geometry import Pose, Vec3
from scenes.looks import LookSettings
from scenes.scene import Scene
from scenes.settings import Settings, Streams
from scenes.shot import Camera
from scenes.spec import Body, Physics, SceneSpec, Surface
from tests.rig import UPRIGHT, Array, rays

TOP_M, WIDE_M, DEEP_M = 0.5, 1.0, 0.8
"""Height of the table's top side, and its sides along x and y."""
THICK_M, LEG_M = 0.04, 0.06


def table_parts() -> list[tuple[Vec3, Pose]]:
    """A top and four legs, as scales of a cube with sides of 1 m, and where they are."""
    long_m = TOP_M - THICK_M
    top = (WIDE_M, DEEP_M, THICK_M), Pose((0.0, 0.0, TOP_M - THICK_M / 2), UPRIGHT)
    corners = [(x, y) for x in (-0.45, 0.45) for y in (-0.35, 0.35)]
    return [top, *(((LEG_M, LEG_M, long_m), Pose((x, y, long_m / 2), UPRIGHT)) for x, y in corners)]


class Surroundings(Settings):
    """Surfaces one level down: they are found there too."""

    table: FurnitureSettings = FurnitureSettings(textured=0.0)
    """The table."""


class OnTable(Scene):
    """Objects fall onto a table."""

    kind: Literal["on_table"] = "on_table"
    around: Surroundings = Surroundings()
    """What is around the objects."""
    floor: LookSettings = LookSettings(textured=0.0)
    """The floor."""

    @property
    def furniture(self) -> Mapping[str, Mesh]:
        """A cube of which every part is made."""
        return {"cube": box(1.0, 1.0, 1.0)}

    def draw(self, scene: int, split: str, attempt: int, catalogue: Catalogue, streams: Streams) -> SceneSpec:
        """Objects in two rows over the table."""
        bodies = []
        for place, unplaced in enumerate(self._unplaced(catalogue, streams)):
            x, y = 0.2 * (place // 2) - 0.2, 0.3 * (place % 2) - 0.15
            center = np.array([x, y, TOP_M + unplaced.radius_m + 0.02])
            bodies.append(replace(unplaced.at(center, unplaced.random_rotation()), friction=0.6))
        asset, album = catalogue.furniture["cube"], catalogue.album("around.table")
        table = self.around.table.piece(streams("furniture"), album, asset, table_parts())
        floor = Surface(self.floor.draw(streams("looks"), catalogue.album("floor")), 0.3, 0.0)
        background = self._background(catalogue, streams)
        physics = Physics(gravity_m_s2=9.81, time_step_s=1 / 240, max_seconds=6.0, bounds_m=3.0)
        return SceneSpec(scene, split, attempt, (*bodies, *table), floor, background, physics)


del Scene.family["on_table"]  # other tests look at all kinds there are: those here name it themselves


def catalogue_with_table(categories: Mapping[str, object]) -> Catalogue:
    """The catalogue of the scenes above."""
    return load_catalogue(Assets.parse({"categories": dict(categories)}), None, OnTable().furniture)


def box_depth(camera: Camera, body: Body, sides_m: Vec3 = (1.0, 1.0, 1.0)) -> Array:
    """Depth (h, w) at which the ray of each pixel's centre meets a box; infinite where it passes by."""
    turn, half = body.pose.rotation(), np.array(body.axes) * np.array(sides_m) / 2
    eye = (np.array(camera.pose.position_m) - np.array(body.pose.position_m)) @ turn
    return met(np.broadcast_to(eye, (camera.height, camera.width, 3)), rays(camera) @ turn, half)


def met(start: Array, ray: Array, half: Array) -> Array:
    """How many times a ray (..., 3) from a start (..., 3) it takes to meet a box about the origin."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-half - start) / ray, (half - start) / ray
    into, out_of = np.minimum(one, other).max(axis=-1), np.maximum(one, other).min(axis=-1)
    return np.where((into <= out_of) & (into > 0), into, np.inf)
