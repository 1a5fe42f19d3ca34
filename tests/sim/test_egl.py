"""The OpenGL renderer: its colours, its limits, and workarounds for defects of the plug-in."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scenes.assets.images import Texture
from scenes.assets.mesh import Mesh, Part
from scenes.assets.shapes import SHAPES, sphere
from scenes.kinds.drop import Drop
from scenes.spec import Look
from sim.render.raster.egl import client as eglclient
from sim.render.raster.egl import renderer as module
from sim.render.raster.egl.client import egl_client
from sim.render.raster.pinholes import open_pixels
from sim.render.settings import Egl, Relit
from tests.rig import (
    Mask,
    Rig,
    camera_at,
    catalogue_from,
    catalogue_of,
    centroid,
    iou,
    shot,
    sphere_depth,
    still,
)

pytestmark = pytest.mark.usefixtures("egl")

RADIUS_M = 0.1


def turned(rng: np.random.Generator) -> Any:
    """A random orientation."""
    quat = rng.normal(size=4)
    return tuple(float(value) for value in quat / np.linalg.norm(quat))


def inner(mask: Mask) -> Mask:
    """The pixels of a mask whose four neighbours are in the mask as well."""
    shrunk = mask.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            shrunk &= np.roll(mask, step, axis)
    return np.asarray(shrunk)


def quarters(size_px: tuple[int, int]) -> Any:
    """A texture (h, w, 3) whose four quarters are red, green, blue and white."""
    width, height = size_px
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (250, 10, 20)
    pixels[: height // 2, width // 2 :] = (10, 240, 30)
    pixels[height // 2 :, : width // 2] = (20, 30, 230)
    pixels[height // 2 :, width // 2 :] = (245, 235, 225)
    return pixels


def sheet(texture: Any = None) -> Mesh:
    """A square with side 0.2 that faces up; its texture is upright when y points up."""
    part = Part(
        np.array([[-0.1, -0.1, 0.0], [0.1, -0.1, 0.0], [0.1, 0.1, 0.0], [-0.1, 0.1, 0.0]]),
        np.tile((0.0, 0.0, 1.0), (4, 1)),
        np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        (1.0, 1.0, 1.0),
        texture,
    )
    return Mesh((part,))


def test_no_color_of_ninety_objects_of_one_mesh_is_wrong(
    rig: Callable[..., Rig], rng: np.random.Generator
) -> None:
    made = rig(catalogue_of({"bolt": SHAPES["bolt"](0.1)}), Egl())
    wrong = 0
    for _ in range(30):
        colors = rng.permutation(np.eye(3)) * rng.uniform(0.5, 1.0, (3, 1))
        bodies = [
            made.body("bolt", (0.13 * place, 0, 0), turned(rng), rng.uniform(0.7, 1.2), Look(tuple(color)))
            for place, color in zip((-1, 0, 1), colors.tolist(), strict=True)
        ]
        gbuffer = made.renderer.rasterise(still(*bodies), shot(camera_at((0, -0.5, 0.1), (0, 0, 0), 150)))
        for index, color in enumerate(colors):
            pixels = gbuffer.color[gbuffer.body == index]
            assert len(pixels) > 50
            wrong += int(np.abs(pixels - 255 * color).max() > 1)
    assert wrong == 0


@pytest.mark.parametrize("size_px", [(64, 32), (61, 37)], ids=str)
@pytest.mark.parametrize("drawn", [False, True], ids=["its own", "drawn"])
def test_a_texture_is_where_the_mesh_says(
    rig: Callable[..., Rig],
    monkeypatch: pytest.MonkeyPatch,
    drawn: bool,
    size_px: tuple[int, int],
) -> None:
    texture = quarters(size_px)
    made = rig(catalogue_of({"sheet": sheet(None if drawn else texture)}), Egl())
    look = Look((1.0, 1.0, 1.0), Texture("image", 0)) if drawn else Look()
    monkeypatch.setattr(made.renderer, "_pictures", lambda choice: texture)
    camera = camera_at(np.array([0.0, 0.0, 1.0]), np.zeros(3), 500, (128, 128), 0.0)
    body = made.body("sheet", (0, 0, 0), look=look)
    gbuffer = made.renderer.rasterise(still(body), shot(camera))
    for x, y in ((-1, 1), (1, 1), (-1, -1), (1, -1)):
        (column, row), *_ = camera.project(np.array([[0.08 * x, 0.08 * y, 0.0]]))[0]
        expected = texture[0 if y > 0 else -1, 0 if x < 0 else -1].astype(int)
        assert np.abs(gbuffer.color[int(row), int(column)] - expected).max() <= 2


def test_colors_and_labels_are_those_of_the_software_renderer(rig: Callable[..., Rig]) -> None:
    everyday = {
        "duck": {"path": "pybullet_data:duck.obj", "size_m": 0.1},
        "lego": {"path": "pybullet_data:lego/lego.obj", "size_m": 0.06, "color": "random"},
        "mug": {"path": "pybullet_data:objects/mug.obj", "size_m": 0.1, "color": "random"},
    }
    catalogue = catalogue_from(everyday)
    scene = Drop.parse({"num_objects": 8, "empty_share": 0.0, "objects": {"textured": 0.7}})
    software, opengl = (rig(catalogue, render) for render in (Relit(), Egl()))
    settled, _ = software.drawn(scene, 3)
    center, radius_m = software.bounds(settled)
    view = shot(camera_at(np.array(center) + radius_m * np.array([1, -2, 2]), center, 500, (320, 240)))
    first, second = (made.shoot(settled, view) for made in (software, opengl))
    assert any(body.look.texture for body in settled.spec.bodies)
    for instance, other in zip(first.sample.instances, second.sample.instances, strict=True):
        assert iou(first.sample.ids == instance.id, second.sample.ids == other.id) > 0.98
    both = (first.gbuffer.body == second.gbuffer.body) & (first.gbuffer.body >= 0)
    difference = np.abs(first.gbuffer.color[both].astype(int) - second.gbuffer.color[both])
    assert np.median(difference) <= 1
    assert difference.mean() < 4
    difference = np.abs(first.frame.image.astype(int) - second.frame.image)
    assert difference.mean() < 0.5


def test_a_large_picture_is_drawn_in_tiles(rig: Callable[..., Rig]) -> None:
    size_wh = 2048, 1536
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 256)}), Egl())
    camera = camera_at((0.05, -0.5, 0.1), (0.004, 0.0, 0.003), 0.45 * size_wh[0] * 2.2, size_wh, 0.2)
    gbuffer = made.renderer.rasterise(still(made.body("sphere", (0, 0, 0))), shot(camera))
    depth_m = sphere_depth(camera, (0, 0, 0), RADIUS_M)
    seen, disc = gbuffer.body == 0, np.isfinite(depth_m)
    assert disc[:, size_wh[0] // 2].sum() > size_wh[1] / 2
    assert iou(seen, disc) >= 0.999
    assert np.linalg.norm(centroid(seen) - centroid(disc)) < 0.05
    both = inner(seen & disc)
    assert np.abs(gbuffer.depth_m[both] / depth_m[both] - 1).max() < 0.02
    assert np.median(np.abs(gbuffer.depth_m[both] / depth_m[both] - 1)) < 1e-4


def strips(rng: np.random.Generator) -> Mesh:
    """A plate of 0.2 m, of 30 strips that are cut at different places: vertices lie on edges of others."""
    heights, quads = np.linspace(-0.1, 0.1, 31), []
    for low, high in pairwise(heights):
        cuts = [-0.1, *sorted(rng.uniform(-0.1, 0.1, 12)), 0.1]
        quads += [[(a, low, 0), (b, low, 0), (b, high, 0), (a, high, 0)] for a, b in pairwise(cuts)]
    corners = np.array(quads)[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    normals = np.tile((0.0, 0.0, 1.0), (len(corners), 1))
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    return Mesh((Part(corners, normals, corners[:, :2], faces),))


def test_no_pixel_is_open_between_triangles(
    rig: Callable[..., Rig], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, view = (
        rig(catalogue_of({"plate": strips(rng)}), Egl()),
        camera_at((0.02, 0.01, 0.4), (0, 0, 0), 500),
    )
    holes = {True: 0, False: 0}
    for _ in range(6):
        quat = rng.normal(size=4) * 0.15 + (0, 0, 0, 1)
        settled = still(made.body("plate", (0, 0, 0), tuple((quat / np.linalg.norm(quat)).tolist())))
        for complete in holes:
            with monkeypatch.context() as patch:
                if not complete:
                    patch.setattr(module.EglRenderer, "_complete", lambda *_: None)
                gbuffer = made.renderer.rasterise(settled, shot(view))
            holes[complete] += len(open_pixels(gbuffer.body)[0])
    assert holes[True] == 0
    assert holes[False] > 0


def test_one_mesh_at_two_sizes(rig: Callable[..., Rig]) -> None:
    """The plug-in itself treats meshes from one file as the same, whatever their scale."""
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 96)}), Egl())
    camera = camera_at((0, -1.5, 0.2), (0, 0, 0), 200)
    for first, second in ((1.0, 0.5), (0.7, 1.2)):
        bodies = (
            made.body("sphere", (-0.2, 0, 0), scale=first),
            made.body("sphere", (0.2, 0, 0), scale=second),
        )
        seen = made.renderer.rasterise(still(*bodies), shot(camera)).body
        for index, scale in enumerate((first, second)):
            disc = np.isfinite(sphere_depth(camera, bodies[index].pose.position_m, RADIUS_M * scale))
            assert iou(seen == index, disc) > 0.97


def test_a_scene_too_fine_for_the_plugin_is_drawn_coarser(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 200), "box": SHAPES["box"](0.1)}), Egl())
    monkeypatch.setattr(module, "CAPACITY", 1 << 20)
    bodies = [made.body("sphere", (0.25 * place, 0, 0)) for place in (-1, 0, 1)]
    settled, camera = still(*bodies, made.body("box", (0, 0, 0.3))), camera_at((0, -1, 0.1), (0, 0, 0), 200)
    egl_client()._used = eglclient.CAPACITY + 1  # forces a restart, whatever other tests have loaded
    gbuffer = made.renderer.rasterise(settled, shot(camera))
    assert 0 < egl_client()._used <= 1 << 20
    for index, body in enumerate(bodies):
        disc = np.isfinite(sphere_depth(camera, body.pose.position_m, RADIUS_M))
        assert iou(gbuffer.body == index, disc) > 0.95


def test_starting_the_plugin_anew_changes_nothing(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    made = rig(catalogue_of({"bolt": SHAPES["bolt"](0.1), "box": SHAPES["box"](0.1)}), Egl())
    view = shot(camera_at((0, -0.6, 0.2), (0, 0, 0), 150))
    scenes = [
        still(*(made.body(name, rng.normal(0, 0.06, 3), turned(rng)) for name in ("bolt", "box", "bolt")))
        for _ in range(3)
    ]
    before = [made.shoot(settled, view).bytes() for settled in scenes]
    monkeypatch.setattr(eglclient, "MAX_SHAPES", 2)
    numbers = set()
    for settled, expected in zip(scenes, before, strict=True):
        assert made.shoot(settled, view).bytes() == expected
        numbers.add(egl_client()._shapes)
    assert numbers == {3}


def test_the_light_of_a_shot_is_left_to_the_composer(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"bolt": SHAPES["bolt"](0.2)}), Egl())
    settled, view = (
        still(made.body("bolt", (0, 0, 0))),
        shot(camera_at((0.3, 0.2, 0.3), (0, 0, 0), 150)),
    )
    dark = replace(view, light=replace(view.light, direction=(0.0, 0.6, -0.8), ambient=0.1, diffuse=0.3))
    first, second = made.renderer.rasterise(settled, view), made.renderer.rasterise(settled, dark)
    assert np.array_equal(first.color, second.color)
    assert np.array_equal(first.depth_m, second.depth_m)


def test_another_thread_gets_an_error_and_does_not_crash(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": SHAPES["box"](0.1)}), Egl())
    settled, view = still(made.body("box", (0, 0, 0))), shot(camera_at((0, -0.5, 0.2), (0, 0, 0), 150))
    told: list[Exception] = []

    def draw() -> None:
        try:
            made.renderer.rasterise(settled, view)
        except RuntimeError as error:
            told.append(error)

    other = threading.Thread(target=draw)
    other.start()
    other.join()
    assert "works only in the thread" in str(told[0])


@pytest.mark.parametrize("bodies", [1, 12, 4000])
def test_light_is_oblique_to_the_axis_of_every_body(rng: np.random.Generator, bodies: int) -> None:
    for _ in range(20):
        axes = rng.normal(size=(bodies, 3))
        axes /= np.linalg.norm(axes, axis=1, keepdims=True)
        light, along = module._oblique_light(axes)
        np.testing.assert_allclose(along, axes @ light)
        assert np.abs(along).min() > 0.1 / bodies
