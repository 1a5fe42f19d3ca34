"""Rig for rendering in tests: a client, mesh files and a renderer; and scenes that are built by hand."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenes.assets.catalogue import Asset, Catalogue
from scenes.assets.categories import Assets
from scenes.assets.images import Pictures, load_images
from scenes.assets.loading import load_catalogue
from scenes.assets.mesh import Mesh
from scenes.geometry import Pose, Quat, Vec3, look_at, quaternion, vec3
from scenes.scene import Scene
from scenes.settings import Streams
from scenes.shot import Camera, Light, Shot
from scenes.spec import Body, Look, RejectedDraw, SceneSpec, Surface
from scenes.walls import walls_around
from sim.annotate import annotate
from sim.boxes import Box
from sim.bullet import Client
from sim.meshfiles import MeshFiles
from sim.render.compose import Frame
from sim.render.raster.gbuffer import GBuffer
from sim.render.sensor.rolling import rasterised
from sim.render.settings import Egl, Relit, Render, Tiny
from sim.sample import Sample
from sim.settle import settle
from sim.settled import Settled
from sim2coco.seeding import rng_for

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

RENDERS: dict[str, Render] = {"relit": Relit(), "tiny": Tiny(), "egl": Egl()}
UPRIGHT: Quat = (0.0, 0.0, 0.0, 1.0)
PLAIN = Look((0.8, 0.8, 0.8))
GREY = Surface(Look((0.5, 0.5, 0.5)), tile_m=0.2, turn_rad=0.0)
LIGHT = Light(vec3(np.array([0.36, 0.48, 0.8])), (1.0, 1.0, 1.0), 0.5, 0.5, 0.1, 0.7, 0.01)


class Picture(NamedTuple):
    """The results of all stages for one shot."""

    gbuffer: GBuffer
    frame: Frame
    sample: Sample

    def bytes(self) -> list[bytes]:
        """The bytes of all arrays."""
        arrays = (
            *(self.gbuffer.color, self.gbuffer.depth_m, self.gbuffer.body),
            *(self.frame.image, self.frame.depth_m, self.frame.body),
            *(self.sample.ids, self.sample.amodal),
        )
        return [array.tobytes() for array in arrays]


class Rig:
    """Settles, renders and labels scenes with the assets of one catalogue."""

    def __init__(
        self,
        client: Client,
        catalogue: Catalogue,
        folder: Path,
        images: Mapping[str, str | None],
        render: Render,
    ) -> None:
        self.client, self.catalogue = client, catalogue
        self.files = MeshFiles(catalogue, folder)
        pictures = Pictures(load_images(images))
        self.renderer = render.renderer(client, self.files, pictures)
        self.composer = render.composer(self.files, pictures)

    def body(
        self,
        name: str,
        at_m: Any,
        quat: Quat = UPRIGHT,
        scale: float = 1.0,
        look: Look = PLAIN,
    ) -> Body:
        """A body of the asset with a given name."""
        (asset,) = (asset for asset in self.catalogue.assets.values() if asset.name == name)
        return Body(asset.key, asset.category, scale, Pose(vec3(np.array(at_m, float)), quat), look, 0.6)

    def settle(self, spec: SceneSpec) -> Settled:
        settled = settle(self.client, self.files, spec)
        around = walls_around(spec.room, [self.files.hull(body) for body in settled.spec.bodies])
        return replace(settled, walls=around)

    def shoot(self, settled: Settled, shot: Shot) -> Picture:
        gbuffer = rasterised(self.renderer, settled, shot)
        frame = self.composer.compose(self.renderer, gbuffer, settled, shot)
        return Picture(gbuffer, frame, annotate(self.files, settled, shot, gbuffer, frame))

    def bounds(self, settled: Settled) -> tuple[Vec3, float]:
        """Centre and radius of a sphere that contains all bodies."""
        bodies = settled.spec.bodies
        if not bodies:
            return (0.0, 0.0, 0.0), 0.1
        points = np.concatenate([self.files.hull(b) for b in bodies])
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        return vec3(middle), float(np.linalg.norm(points - middle, axis=1).max())

    def drawn(self, scene: Scene, index: int, seed: int = 7) -> tuple[Settled, list[str]]:
        """A sampled and settled scene, and the reasons of the draws that were rejected before it."""
        reasons: list[str] = []
        for attempt in range(scene.max_attempts):
            try:
                spec = scene.draw(index, "train", attempt, self.catalogue, streams(index, attempt, seed))
                return self.settle(spec), reasons
            except RejectedDraw as error:
                reasons.append(error.reason)
        raise AssertionError(f"scene {index}: {reasons}")


def streams(scene: int, attempt: int = 0, seed: int = 7) -> Streams:
    """The random generators of one scene."""

    def stream(name: str, **key: int) -> np.random.Generator:
        return rng_for(seed, scene=scene, stream=name, attempt=attempt, **key)

    return stream


def catalogue_of(meshes: Mapping[str, Mesh], mass_kg: float = 0.2) -> Catalogue:
    """A catalogue with one asset per category, made from meshes."""
    groups = []
    for index, (name, mesh) in enumerate(meshes.items()):
        center = mesh.center_of_mass_m
        radius_m = float(np.linalg.norm(mesh.vertices_m - center, axis=1).max())
        key = f"{name}@{mesh.content_hash[:16]}"
        asset = Asset(
            key=key,
            name=name,
            content=mesh.content_hash,
            category=index,
            surface=mesh,
            extents_m=vec3(mesh.extents_m),
            scale=(1.0, 1.0),
            mass_kg=mass_kg,
            center_of_mass_m=vec3(center),
            radius_m=radius_m,
            recolored=False,
            color_rgb=None,
            licence="unknown",
        )
        groups.append((asset,))
    names = tuple(meshes)
    return Catalogue(names, ("object",) * len(names), (1.0,) * len(names), tuple(groups), (), ())


def catalogue_from(categories: Mapping[str, object], **distractors: object) -> Catalogue:
    """The catalogue for settings given as plain dictionaries."""
    return load_catalogue(Assets.parse({"categories": dict(categories), "distractors": distractors}))


def still(*bodies: Body, floor: Surface | None = None) -> Settled:
    """A scene of bodies at given poses, without physics."""
    return Settled(SceneSpec(0, "train", 0, bodies, floor, GREY, None), 0.0)


def camera_at(
    position_m: Any,
    target_m: Any,
    focal_px: float,
    size_wh: tuple[int, int] = (160, 120),
    roll_rad: float = 0.0,
) -> Camera:
    """A camera that is aimed at a point; its principal point is the image centre."""
    position, target = np.array(position_m, float), np.array(target_m, float)
    pose = Pose(vec3(position), quaternion(look_at(position, target, roll_rad)))
    width, height = size_wh
    return Camera(width, height, focal_px, focal_px, width / 2, height / 2, pose)


def shot(camera: Camera, light: Light = LIGHT) -> Shot:
    return Shot(0, 0, 0, camera, light)


def rays(camera: Camera, box: Box | None = None) -> Array:
    """World directions (h, w, 3), scaled to depth 1, of the pixel centres in a box of the image plane."""
    x0, y0, x1, y1 = box or (0, 0, camera.width, camera.height)
    x = (np.arange(x0, x1) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(y0, y1) + 0.5 - camera.cy) / camera.fy
    local = np.stack([*np.meshgrid(x, y), np.ones((y1 - y0, x1 - x0))], axis=-1)
    return np.asarray(local @ camera.pose.rotation().T)


def sphere_depth(camera: Camera, center_m: Any, radius_m: float, box: Box | None = None) -> Array:
    """Depth (h, w) at which the ray of each pixel centre meets a sphere; infinite if it does not."""
    toward = np.array(center_m) - np.array(camera.pose.position_m)
    ray = rays(camera, box)
    along, squared = ray @ toward, (ray**2).sum(axis=-1)
    root = along**2 - squared * (toward @ toward - radius_m**2)
    return np.where(root >= 0, (along - np.sqrt(np.maximum(root, 0))) / squared, np.inf)


def iou(first: Mask, second: Mask) -> float:
    return float(np.count_nonzero(first & second) / np.count_nonzero(first | second))


def centroid(mask: Mask) -> Array:
    return np.asarray(np.argwhere(mask).mean(axis=0))


def aimed(scene: int, view: int) -> np.random.Generator:
    """The random generator for the camera of one view."""
    return rng_for(7, scene=scene, stream="camera", view=view)
