"""Triangles that TinyRenderer skips: their pixels are found, and look like those that it draws."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.exact import exact_mask
from scenes.assets.mesh import Mesh, Part
from scenes.assets.shapes import sphere
from scenes.spec import Look
from sim.boxes import size
from sim.render.raster.subpixel import barycentric
from sim.render.raster.tiny import TinyRenderer
from tests.rig import LIGHT, RENDERS, Rig, camera_at, catalogue_of, shot, still


def tilted_plate(cells: int, texture: np.ndarray | None) -> Mesh:
    """A square of 0.2 m, in two colours or with a texture, of `2 cells²` triangles."""
    x, y = (side.ravel() for side in np.meshgrid(*[np.linspace(0, 0.2, cells + 1)] * 2, indexing="ij"))
    index = np.arange(len(x)).reshape(cells + 1, -1)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    faces = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])]).astype(np.int32)
    normals = np.tile((0.0, -0.6, 0.8), (len(x), 1))
    vertices = np.column_stack([x, 0.8 * y, 0.6 * y])
    uvs = np.column_stack([x, y]) * 10 + 0.25
    right = x[faces].mean(axis=1) > 0.1
    parts = ((~right, (0.9, 0.3, 0.2)), (right, (0.2, 0.5, 0.9)))
    return Mesh(tuple(Part(vertices, normals, uvs, faces[chosen], color, texture) for chosen, color in parts))


@pytest.mark.parametrize(("render", "textured"), [("relit", False), ("tiny", True)])
def test_a_plate_of_skipped_triangles_looks_like_one_of_large_triangles(
    rig: Callable[..., Rig],
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    render: str,
    textured: bool,
) -> None:
    texture = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8) if textured else None
    monkeypatch.setattr("scenes.assets.levels.MIN_FACES", 10**9)
    monkeypatch.setattr("sim.render.raster.densebodies.DENSE_FACES", 10**9)
    made = rig(
        catalogue_of({"fine": tilted_plate(420, texture), "plain": tilted_plate(2, texture)}), RENDERS[render]
    )
    view = shot(camera_at((0.1, -0.5, 0.5), (0.1, 0.05, 0.05), 105), replace(LIGHT, specular=0.0))
    fine, plain = (
        made.renderer.rasterise(still(replace(made.body(name, (0, 0, 0)), look=Look())), view)
        for name in ("fine", "plain")
    )
    monkeypatch.setattr(TinyRenderer, "_complete", lambda *_: None)
    assert not (made.renderer.rasterise(still(made.body("fine", (0, 0, 0))), view).body == 0).any()
    both = (fine.body == 0) & (plain.body == 0)
    assert np.count_nonzero(both) > 700
    assert np.count_nonzero((fine.body == 0) != (plain.body == 0)) <= 2
    np.testing.assert_allclose(fine.depth_m[both], plain.depth_m[both], rtol=2e-5)
    differs = np.abs(fine.color[both].astype(int) - plain.color[both]).max(axis=1)
    assert (differs <= 2).mean() > 0.96  # the rest are pixels on the edge of a texel or colour


def test_pinholes_are_closed(rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch) -> None:
    """The triangles around the poles of a sphere are small."""
    made = rig(catalogue_of({"sphere": sphere(0.05, 98)}))
    settled = still(made.body("sphere", (0, 0, 0)))
    (body,) = settled.spec.bodies
    vertices, faces = made.files.triangles(body.asset, 0)
    wrong = {True: 0, False: 0}
    for turn in np.linspace(0, 6, 12):
        view = shot(camera_at((0.2 * np.cos(turn), 0.2 * np.sin(turn), 0.6), (0, 0, 0), 60))
        pixels, _ = view.camera.project(made.files.center_pose(body).apply(vertices.T * body.scale))
        for complete in wrong:
            with monkeypatch.context() as patch:
                if not complete:
                    patch.setattr(TinyRenderer, "_complete", lambda *_: None)
                silhouette = made.renderer.rasterise(settled, view).silhouettes[0]
            assert silhouette is not None
            exact = exact_mask(pixels - silhouette.box[:2], faces.T, size(silhouette.box))
            wrong[complete] += int(np.count_nonzero(exact != silhouette.mask))
    assert wrong[True] == 0
    assert wrong[False] > 0


def test_of_skipped_triangles_the_nearest_is_drawn_and_nothing_behind_what_is_drawn(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.assets.levels.MIN_FACES", 10**9)
    (low, _), (plain, _) = tilted_plate(400, None).parts, tilted_plate(2, None).parts
    layers = [
        replace(low, color_rgb=(1.0, 0.0, 0.0)),
        replace(low, vertices_m=np.add(low.vertices_m, (0, 0, 0.02)), color_rgb=(0.0, 1.0, 0.0)),
        replace(plain, vertices_m=np.add(plain.vertices_m, (0.05, 0, 0.04)), color_rgb=(0.0, 0.0, 1.0)),
    ]
    made = rig(catalogue_of({"layers": Mesh(tuple(layers))}), RENDERS["relit"])
    view = shot(camera_at((0.05, 0.08, 0.9), (0.05, 0.08, 0.0), 200))
    gbuffer = made.renderer.rasterise(still(replace(made.body("layers", (0, 0, 0)), look=Look())), view)
    seen = gbuffer.color[gbuffer.body == 0]
    counts = {name: np.count_nonzero(seen.argmax(axis=1) == channel) for channel, name in enumerate("rgb")}
    assert counts["b"] > 400
    assert counts["g"] > 150
    assert counts["r"] < 60  # a rim, as the camera does not look straight down


def test_a_triangle_seen_edge_on_has_the_depth_of_its_longest_side(rng: np.random.Generator) -> None:
    """Meshes have triangles without area where others meet in a T: rounding is all that is left of it."""
    start, stop = rng.uniform(-300, 300, (2, 2, 2000))
    middle = rng.uniform(0, 1, 2000)
    corners = np.stack([start, start + middle * (stop - start), stop], axis=1) + rng.normal(
        0, 1e-7, (2, 3, 2000)
    )
    share = rng.uniform(0, 1, 2000)
    weights = barycentric(corners, start + share * (stop - start))
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    np.testing.assert_allclose(weights[1] * middle + weights[2], share, atol=0.01)
