"""Dense meshes, which are drawn without PyBullet, look as PyBullet draws them."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.exact import exact_mask
from scenes.assets.mesh import Mesh, Part
from scenes.assets.shapes import SHAPES
from sim.boxes import size
from sim.bullet import pb
from sim.render.raster.gbuffer import GBuffer
from tests.rig import LIGHT, RENDERS, Rig, camera_at, catalogue_of, shot, still

DENSE = "sim.render.raster.densebodies.DENSE_FACES"
TURN = (0.1, 0.5, -0.3, 0.8062257748298549)


def half(mesh: Mesh, texture: np.ndarray | None = None) -> Mesh:
    """The part of a mesh above its middle: an open shell, which shows its inside."""
    (part,) = mesh.parts
    kept = part.vertices_m[part.faces].mean(axis=1)[:, 2] > 0
    return Mesh((replace(part, faces=part.faces[kept], texture=texture),))


def two_colours(mesh: Mesh) -> Mesh:
    (part,) = mesh.parts
    left = part.vertices_m[part.faces].mean(axis=1)[:, 0] < 0
    return Mesh(
        tuple(
            Part(part.vertices_m, part.normals, part.uvs, part.faces[kept], color)
            for kept, color in ((left, (0.9, 0.3, 0.2)), (~left, (0.2, 0.5, 0.9)))
        )
    )


def meshes(rng: np.random.Generator) -> dict[str, Mesh]:
    texture = cv2.resize(rng.integers(0, 255, (3, 4, 3), dtype=np.uint8), (64, 48))
    return {
        "torus": two_colours(SHAPES["torus"](0.1)),
        "tube": SHAPES["tube"](0.1),
        "bowl": half(SHAPES["sphere"](0.1)),
        "shade": half(SHAPES["capsule"](0.1), np.asarray(texture, np.uint8)),
    }


def both(made: Rig, patch: pytest.MonkeyPatch, name: str, focal_px: float) -> tuple[GBuffer, GBuffer]:
    """What PyBullet draws of a body, and what is drawn without it."""
    settled = still(replace(made.body(name, (0, 0, 0), TURN), look=made.body(name, (0, 0, 0)).look))
    view = shot(camera_at((0.3, -0.5, 0.4), (0.01, 0.0, 0.0), focal_px), replace(LIGHT, specular=0.0))
    drawn = made.renderer.rasterise(settled, view)
    with patch.context() as within:
        within.setattr(DENSE, 0)
        made.client.contents = None  # the scene is loaded anew
        within.setattr(pb, "getCameraImage", None)
        return drawn, made.renderer.rasterise(settled, view)


@pytest.mark.parametrize("render", ["relit", "tiny"])
@pytest.mark.parametrize("focal_px", [300.0, 3000.0], ids=["whole", "close"])
def test_dense_bodies_look_as_pybullet_draws_them(
    rig: Callable[..., Rig],
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    render: str,
    focal_px: float,
) -> None:
    made = rig(catalogue_of(meshes(rng)), RENDERS[render])
    for asset in made.catalogue.assets.values():
        expected, found = both(made, monkeypatch, asset.name, focal_px)
        shown = (expected.body == 0) & (found.body == 0)
        assert np.count_nonzero(shown) > 300
        assert np.count_nonzero((expected.body == 0) != (found.body == 0)) <= 1
        assert expected.silhouettes[0] is not None and found.silhouettes[0] is not None
        assert np.count_nonzero(expected.silhouettes[0].mask != found.silhouettes[0].mask) <= 4
        np.testing.assert_allclose(expected.depth_m[shown], found.depth_m[shown], rtol=2e-4)
        differs = np.abs(expected.color[shown].astype(int) - found.color[shown]).max(axis=1)
        assert (differs <= 3).mean() > 0.98, asset.name  # the rest are edges of texels and of parts


def test_work_in_parts_gives_the_same(
    rig: Callable[..., Rig], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig(catalogue_of(meshes(rng)), RENDERS["relit"])
    _, whole = both(made, monkeypatch, "torus", 3000.0)
    monkeypatch.setattr("sim.render.raster.dense.MOST_AT_ONCE", 700)
    _, parts = both(made, monkeypatch, "torus", 3000.0)
    for plane in ("color", "depth_m", "body"):
        assert np.array_equal(getattr(whole, plane), getattr(parts, plane))


def test_dense_bodies_cast_the_same_shadow(
    rig: Callable[..., Rig], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig(catalogue_of(meshes(rng)), RENDERS["tiny"])
    settled = still(made.body("torus", (0, 0, 0.1), TURN), made.body("tube", (0.2, 0, 0.1)))
    view = shot(camera_at((0.3, -0.5, 0.4), (0.1, 0.0, 0.0), 200.0))
    expected = made.renderer.shadow_map(settled, view, 128)
    monkeypatch.setattr("sim.render.raster.densebodies.DENSE_FACES", 3000)  # the torus
    made.client.contents = None
    found = made.renderer.shadow_map(settled, view, 128)
    assert expected is not None and found is not None
    assert np.count_nonzero(expected.blocked) > 1000
    assert np.count_nonzero(expected.blocked != found.blocked) <= 20  # TinyRenderer skips small triangles


def test_dense_and_other_bodies_hide_each_other(
    rig: Callable[..., Rig], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for render, dense_faces in (("relit", 3000), ("egl", 3000), ("egl", 0)):  # the torus, or both
        made = rig(catalogue_of(meshes(rng)), RENDERS[render])
        settled = still(made.body("torus", (0, 0, 0), TURN), made.body("tube", (0.0, 0, 0.02)))
        view = shot(camera_at((0.3, -0.5, 0.4), (0.0, 0.0, 0.0), 300.0))
        expected = made.renderer.rasterise(settled, view)
        with monkeypatch.context() as patch:
            patch.setattr(DENSE, dense_faces)
            made.client.contents = None
            found = made.renderer.rasterise(settled, view)
        made.client.contents = None
        assert {0, 1} <= set(np.unique(expected.body).tolist())
        assert np.count_nonzero(expected.body != found.body) <= 4, render
        differs = np.abs(expected.color.astype(int) - found.color).max(axis=2)
        assert (differs[expected.body == found.body] <= 3).mean() > 0.99, render


def test_a_dense_body_that_reaches_behind_the_camera_is_clipped(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only bodies without a label may; none of their triangles may be lost."""
    made = rig(catalogue_of({"plate": SHAPES["box"](2.0)}), RENDERS["tiny"])
    body = replace(made.body("plate", (0, 0, -1.2)), category=None, role="distractor")
    view = shot(camera_at((0.3, -0.4, 0.3), (0.0, 0.4, -0.2), 200.0))
    expected = made.renderer.rasterise(still(body), view)
    monkeypatch.setattr(DENSE, 0)
    found = made.renderer.rasterise(still(body), view)
    assert np.count_nonzero(expected.body == 0) > 10_000
    assert np.array_equal(expected.body, found.body)


def test_small_masks_of_opengl_are_exact(rig: Callable[..., Rig]) -> None:
    """OpenGL rounds vertices, which is more than a fiftieth of a mask of 46 pixels."""
    made = rig(catalogue_of({"washer": SHAPES["tube"](0.1)}), RENDERS["egl"])
    settled = still(made.body("washer", (0, 0, 0), scale=0.2))
    (body,) = settled.spec.bodies
    vertices, faces = made.files.triangles(body.asset, 0)
    areas = []
    for turn in np.linspace(0, 6, 40):
        view = shot(camera_at((np.cos(turn), np.sin(turn), 0.7), (0, 0.001 * turn, 0), 700 + 60 * turn))
        silhouette = made.renderer.rasterise(settled, view).silhouettes[0]
        assert silhouette is not None
        pixels, _ = view.camera.project(made.files.center_pose(body).apply(vertices.T * body.scale))
        exact = exact_mask(pixels - silhouette.box[:2], faces.T, size(silhouette.box))
        assert np.array_equal(silhouette.mask, exact)
        areas.append(np.count_nonzero(exact))
    assert 20 < min(areas) < max(areas) < 256
