"""The measured workload: everyday objects at default settings, for sim2coco and for hand-written scripts."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from scenes.assets.catalogue import Asset
from scenes.assets.categories import Category
from scenes.assets.reading.file import read_mesh
from scenes.shot import Shot
from scenes.spec import Body
from sim.settled import Settled
from sim2coco.cli.config import settings_of
from sim2coco.context import WorkerContext
from sim2coco.pipeline import aim, draw_and_settle
from sim2coco.recipe import Recipe
from sim2coco.seeding import rng_for

SMALL = {"width": 64, "height": 64}
HAND_WRITTEN = Path(__file__).with_name("handwritten_tiny.py")
HAND_WRITTEN_EGL = Path(__file__).with_name("handwritten_egl.py")


def recipe(objects: int = 10, views: int = 5, augment: str = "none", **changes: object) -> Recipe:
    """The default settings, but each scene has exactly `objects` everyday objects and no distractors.

    Args:
        objects: Labelled objects in each scene.
        views: Images of each scene.
        augment: Name of a config option in `conf/augment`.
        changes: Settings that replace these defaults.
    """
    tree: dict[str, object] = {
        "seed": 1,
        "views": views,
        "assets": settings_of("assets", "everyday") | {"distractors": {}},
        "scene": settings_of("scene", "drop") | {"num_objects": objects, "empty_share": 0.0},
        "camera": settings_of("camera", "shell"),
        "light": settings_of("light", "day"),
        "quality": settings_of("quality", "default"),
        "augment": settings_of("augment", augment),
    }
    return Recipe.parse(tree | changes)


def cheap(views: int = 20) -> Recipe:
    """Settings for the cheapest images possible, for measurements that do not depend on image content."""
    box = {"box": {"shape": "box", "size_m": 0.1}}
    scene = {"kind": "floating", "num_objects": 1, "empty_share": 0.0}
    camera = {"kind": "shell", "fill": 0.6}
    assets = {"categories": box}
    return recipe(views=views, assets=assets, scene=scene, camera=camera, image=SMALL, quality={})


def plain_scenes(ours: Recipe, count: int) -> list[dict[str, Any]]:
    """The first `count` scenes of a recipe as JSON values, for scripts without sim2coco.

    A scene consists of bodies (with meshes and start poses) and views (cameras and lights).
    """
    with tempfile.TemporaryDirectory() as folder, closing(WorkerContext(ours, Path(folder))) as context:
        return [scene for index in range(count) for scene in _plain_scene(context, index)]


def _plain_scene(context: WorkerContext, scene: int) -> Iterator[dict[str, Any]]:
    settled, _ = draw_and_settle(context, scene)
    if settled is None:
        return
    shots = [shot for view in range(context.recipe.views) for shot in aim(context, settled, view)]
    bodies = [_plain_body(context, body) for body in _start(context, settled)]
    yield {"bodies": bodies, "views": [_plain_view(shot) for shot in shots]}


def _start(context: WorkerContext, settled: Settled) -> tuple[Body, ...]:
    """The bodies of a settled scene, at their poses before physics."""
    ours, spec = context.recipe, settled.spec

    def streams(name: str, **key: int) -> np.random.Generator:
        return rng_for(ours.seed, scene=spec.scene, attempt=spec.attempt, stream=name, **key)

    return ours.scene.draw(spec.scene, spec.split, spec.attempt, context.catalogue, streams).bodies


def _plain_body(context: WorkerContext, body: Body) -> dict[str, Any]:
    asset = context.catalogue.assets[body.asset]
    category = context.recipe.assets.categories[asset.name]
    return {
        "mesh": str(_file(category)),
        "scale": body.largest_scale * _enlarged(asset, category),
        "mass_kg": asset.mass_kg * body.volume_scale,
        "category": asset.category,
        "position_m": body.pose.position_m,
        "quat_xyzw": body.pose.quat_xyzw,
        "color_rgb": body.look.color_rgb,
    }


def _file(category: Category) -> Path:
    assert category.path is not None
    return category.path.resolved


@cache
def _file_size(path: Path) -> float:
    return float(read_mesh(path).extents_m.max())


def _enlarged(asset: Asset, category: Category) -> float:
    """Ratio of an asset's size to the size of the mesh in its file."""
    return float(asset.mesh.extents_m.max()) / _file_size(_file(category))


def _plain_view(shot: Shot) -> dict[str, Any]:
    camera = shot.camera
    eye, axes = np.array(camera.pose.position_m), camera.pose.rotation()
    return {
        "eye_m": eye.tolist(),
        "target_m": (eye + axes[:, 2]).tolist(),
        "up": (-axes[:, 1]).tolist(),
        "fov_deg": float(np.degrees(2 * np.arctan(camera.height / 2 / camera.fy))),
        "light": shot.light.direction,
    }
