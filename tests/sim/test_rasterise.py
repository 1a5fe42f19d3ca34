"""Ids and depth of rendered bodies, compared with analytic spheres and planes."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from scenes.assets.mesh import Mesh, Part
from scenes.assets.shapes import SHAPES, box, sphere
from sim.meshfiles import RenderedFaces
from sim.render.raster.gbuffer import RejectedView
from tests.rig import (
    LIGHT,
    RENDERS,
    Rig,
    camera_at,
    catalogue_of,
    centroid,
    iou,
    rays,
    shot,
    sphere_depth,
    still,
)

RASTERISERS = ("tiny", "egl")
RADIUS_M = 0.1
CENTER_M = np.array([0.03, -0.02, 0.3])
# Direction from the sphere to the camera, offset of the target from the sphere's centre, and roll. The camera
# never aims at the centre itself, because the ambiguous pixels of a disc centred on the grid come in sets of
# eight, and would not average out.
VIEWS = [
    (np.array([x, y, z]) / np.linalg.norm([x, y, z]), np.array([u, v, w]) * 0.09, roll)
    for (x, y, z), (u, v, w), roll in zip(
        [*product((-1, 1), (-1, 1), (-0.7, 0.9)), (1, 0, 0), (0, -1, 0.1), (0, 0, 1), (0.1, 0, -1)],
        [(0.3, 0.2, 0.4), (1, 0, 0), (0, -1, 0), (0, 0, 1), (0.5, 0.5, 0), (0, -0.5, 0.5)] * 2,
        np.linspace(0, 6, 12),
        strict=True,
    )
]


@pytest.mark.parametrize("render", RASTERISERS)
@pytest.mark.parametrize(
    ("focal_px", "least_px", "least_iou"), [(340, 10_000, 0.999), (176, 2_500, 0.998)], ids=["whole", "half"]
)
def test_sphere_is_the_analytic_disc(
    rig: Callable[..., Rig], render: str, focal_px: float, least_px: int, least_iou: float
) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 128)}), RENDERS[render])
    settled = still(made.body("sphere", CENTER_M, (0.1, 0.5, -0.3, 0.8062257748298549)))
    offsets = []
    for direction, beside, roll in VIEWS:
        camera = camera_at(CENTER_M + 0.6 * direction, CENTER_M + beside, focal_px, (320, 240), roll)
        gbuffer = made.renderer.rasterise(settled, shot(camera))
        depth_m = sphere_depth(camera, CENTER_M, RADIUS_M)
        seen, disc = gbuffer.body == 0, np.isfinite(depth_m)
        assert np.count_nonzero(disc) >= least_px
        assert iou(seen, disc) >= least_iou
        offsets.append(np.linalg.norm(centroid(seen) - centroid(disc)))
        error_m = np.abs(gbuffer.depth_m[seen & disc] - depth_m[seen & disc])
        assert error_m.max() < 0.1 * RADIUS_M  # near the silhouette the depth of a sphere changes quickly
        assert np.median(error_m) < 0.1 * 0.6 / focal_px  # a tenth of a pixel
    assert np.mean(offsets) <= 0.05


def test_depth_of_a_face_is_exact_and_its_ids_are_where_its_corners_project(
    rig: Callable[..., Rig],
) -> None:
    made = rig(catalogue_of({"box": box(0.2, 0.14, 0.1)}))
    settled = still(made.body("box", (0.1, 0.05, 0.25)))
    camera = camera_at((0.1, 0.05, 0.9), (0.1, 0.05, 0.0), 250)
    gbuffer = made.renderer.rasterise(settled, shot(camera))
    corners, depth_m = camera.project(np.array([[0.0, -0.02, 0.3], [0.2, 0.12, 0.3]]))
    np.testing.assert_allclose(depth_m, 0.6)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    rows, columns = np.mgrid[:120, :160] + 0.5
    inside = (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
    assert np.array_equal(gbuffer.body == 0, inside)
    np.testing.assert_allclose(gbuffer.depth_m[inside], 0.6, rtol=1e-5)
    assert np.isinf(gbuffer.depth_m[~inside]).all()


@pytest.mark.parametrize("render", RASTERISERS)
def test_depth_of_a_slanted_face_is_that_of_its_plane(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_of({"box": box(0.4, 0.4, 0.1)}), RENDERS[render])
    camera = camera_at((0.3, -0.5, 0.6), (0, 0, 0.1), 140)
    gbuffer = made.renderer.rasterise(still(made.body("box", (0, 0, 0.05))), shot(camera))
    position = np.array(camera.pose.position_m)
    plane_m = (0.1 - position[2]) / rays(camera)[..., 2]
    points = position + plane_m[..., None] * rays(camera)
    top = (gbuffer.body == 0) & (np.abs(points[..., :2]) < 0.195).all(axis=-1)
    assert np.count_nonzero(top) > 3000
    np.testing.assert_allclose(gbuffer.depth_m[top], plane_m[top], rtol=1e-3)


@pytest.mark.parametrize("render", RASTERISERS)
def test_ids_are_body_indices_and_the_nearest_body_wins(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 48), "box": SHAPES["box"](0.1)}), RENDERS[render])
    bodies = [
        made.body("box", (0, 0, -1)),
        made.body("sphere", (0, 0, 0)),
        made.body("sphere", (0.1, 0, 0.2)),
    ]
    camera = camera_at((0, 0, 1), (0, 0, 0), 150)
    gbuffer = made.renderer.rasterise(still(*bodies), shot(camera))
    near, far = (sphere_depth(camera, center, RADIUS_M) for center in ((0.1, 0, 0.2), (0, 0, 0)))
    expected = np.where(np.isfinite(near), 2, np.where(np.isfinite(far), 1, -1))
    assert np.mean(gbuffer.body == expected) > 0.99  # 48 segments, and the box is hidden
    assert set(np.unique(gbuffer.body)) == {-1, 1, 2}


@pytest.mark.parametrize("render", RASTERISERS)
def test_unequal_focal_lengths_and_a_principal_point_outside(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 128)}), RENDERS[render])
    camera = replace(camera_at((0, -0.6, 0.3), CENTER_M, 170), fx=230.0, cx=-20.5, cy=31.25)
    camera = replace(camera, pose=camera_at((-0.3, -0.6, 0.3), (-0.1, 0, 0.3), 170).pose)
    seen = made.renderer.rasterise(still(made.body("sphere", CENTER_M)), shot(camera)).body == 0
    disc = np.isfinite(sphere_depth(camera, CENTER_M, RADIUS_M))
    assert np.count_nonzero(disc) > 2500
    assert iou(seen, disc) > 0.998


@pytest.mark.parametrize("faces", [pytest.param(358_800, marks=pytest.mark.slow), 62_000], ids=str)
def test_fine_mesh_far_away_is_drawn_coarser_rather_than_not_at_all(
    rig: Callable[..., Rig], faces: int
) -> None:
    mesh = sphere(RADIUS_M, round(faces**0.5))
    assert len(mesh.faces) == pytest.approx(faces, rel=0.02)
    made = rig(catalogue_of({"sphere": mesh}))
    focal_px = 6.4 / RADIUS_M * 2.0
    for shift in (0.0, 0.31, 0.77):
        camera = replace(camera_at((2, 0, 0), (0, 0, 0), focal_px), cx=80 + shift, cy=60 - shift)
        seen = made.renderer.rasterise(still(made.body("sphere", (0, 0, 0))), shot(camera)).body == 0
        disc = np.isfinite(sphere_depth(camera, (0, 0, 0), RADIUS_M))
        assert 120 < np.count_nonzero(disc) < 140
        assert np.count_nonzero(seen) == pytest.approx(np.count_nonzero(disc), rel=0.05)


def test_coarser_mesh_that_lost_a_part_keeps_the_others_colors(rig: Callable[..., Rig]) -> None:
    (grain,), (ball,) = sphere(1e-5, 24).parts, sphere(0.05, 300).parts
    parts = (replace(grain, color_rgb=(1, 0, 0)), replace(ball, color_rgb=(0, 0, 1)))
    made = rig(catalogue_of({"two": Mesh(parts)}))
    body = made.body("two", (0, 0, 0))
    settled = still(replace(body, look=replace(body.look, color_rgb=None)), made.body("two", (0, 0.2, 0)))
    view = shot(camera_at((1, 0, 0), (0, 0, 0), 100))
    for _ in range(2):
        gbuffer = made.renderer.rasterise(settled, view)
        color = gbuffer.color[gbuffer.body == 0].astype(int)
        assert len(color) > 50
        assert (color[:, 2] > color[:, 0] + 50).all()


@pytest.mark.parametrize(
    ("distance_m", "ok"), [(0.05, False), (0.104, False), (0.3, True), (-0.3, True)], ids=str
)
def test_view_from_within_a_body_is_rejected(rig: Callable[..., Rig], distance_m: float, ok: bool) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 48)}))
    bodies = made.body("sphere", (0, 0, 0)), made.body("sphere", (0, 0, 4 * np.sign(distance_m)))
    camera = camera_at((0, 0, -distance_m), (0, 0, 1), 60)
    if ok:
        picture = made.shoot(still(*bodies), shot(camera))
        assert len(picture.sample.instances) == (2 if distance_m > 0 else 0)
    else:
        with pytest.raises(RejectedView, match="too_close"):
            made.shoot(still(*bodies), shot(camera))


def test_no_bodies_no_pixels(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 48)}))
    gbuffer = made.renderer.rasterise(still(), shot(camera_at((1, 0, 0), (0, 0, 0), 60)))
    assert (gbuffer.body == -1).all()
    assert np.isinf(gbuffer.depth_m).all()


def test_light_changes_no_id_and_no_depth(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"bolt": SHAPES["bolt"](0.2)}))
    settled, camera = still(made.body("bolt", (0, 0, 0))), camera_at((0.3, 0.2, 0.3), (0, 0, 0), 150)
    bright = made.renderer.rasterise(settled, shot(camera))
    dark = made.renderer.rasterise(
        settled, shot(camera, replace(LIGHT, direction=(0.0, 0.0, -1.0), ambient=0.0, diffuse=0.3))
    )
    assert np.array_equal(bright.body, dark.body)
    assert np.array_equal(bright.depth_m, dark.depth_m)
    assert not np.array_equal(bright.color, dark.color)


@pytest.mark.parametrize("render", RASTERISERS)
def test_an_open_surface_is_seen_from_both_sides(rig: Callable[..., Rig], render: str) -> None:
    """TinyRenderer culls back faces: without added back sides, open surfaces would have holes."""
    sheet = Part(
        np.array([[-0.1, -0.1, 0.0], [0.1, -0.1, 0.0], [0.1, 0.1, 0.0], [-0.1, 0.1, 0.0]]),
        np.tile((0.0, 0.0, 1.0), (4, 1)),
        np.zeros((4, 2)),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )
    made = rig(catalogue_of({"sheet": Mesh((sheet,))}), RENDERS[render])
    settled = still(made.body("sheet", (0, 0, 0)))
    seen = [
        np.count_nonzero(
            made.renderer.rasterise(
                settled, shot(camera_at(np.array([0.01, 0.02, height_m]), np.zeros(3), 200, (128, 96), 0.0))
            ).body
            == 0
        )
        for height_m in (0.5, -0.5)
    ]
    assert seen[0] > 5000
    assert abs(seen[0] - seen[1]) < 0.01 * seen[0]


@pytest.mark.parametrize("render", RASTERISERS)
def test_order_of_faces_and_omitted_back_faces_change_nothing(
    rig: Callable[..., Rig], render: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ball,), (other,) = sphere(0.05, 64).parts, sphere(0.04, 48).parts
    cup = replace(
        other,
        vertices_m=np.add(other.vertices_m, (0.06, 0.02, 0.0)),
        faces=other.faces[: len(other.faces) // 2],
    )
    within = replace(other, vertices_m=np.add(other.vertices_m * 0.8, 0.02))
    mesh = Mesh((ball, cup, within))
    made, plain = (rig(catalogue_of({"cup": mesh}), RENDERS[render]) for _ in range(2))
    settled = still(made.body("cup", (0, 0, 0)))

    def every_back(key: str, level: int) -> tuple[RenderedFaces, ...]:
        parts = plain.files.mesh(key, level).parts
        both = [(np.concatenate([part.faces, part.faces[:, ::-1]]), len(part.faces)) for part in parts]
        return tuple((faces, np.arange(len(faces)) >= front) for faces, front in both)

    monkeypatch.setattr(plain.files, "rendered_faces", every_back)
    drawn = [len(faces) for faces, _ in made.files.rendered_faces(settled.spec.bodies[0].asset, 0)]
    assert drawn == [len(ball.faces), 2 * len(cup.faces), len(within.faces)]
    for turn in np.linspace(0, 6, 9):
        eye = 0.4 * np.cos(turn), 0.4 * np.sin(turn), 0.3 * np.sin(2 * turn)
        view = shot(camera_at(eye, (0, 0, 0), 150))
        seen, expected = (one.renderer.rasterise(settled, view) for one in (made, plain))
        assert np.count_nonzero(expected.body == 0) > 800
        assert np.array_equal(seen.body, expected.body)
        np.testing.assert_allclose(seen.depth_m, expected.depth_m, rtol=1e-4)
