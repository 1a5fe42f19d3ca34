"""Furniture of cuboids is found by rays: its depth, and the size and place of its texture."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.categories import Assets
from scenes.assets.images import Texture
from scenes.assets.loading import load_catalogue
from scenes.assets.materials.kinds import MATERIALS
from scenes.assets.mesh import Mesh
from scenes.assets.shapes import box, cylinder, wedge
from scenes.assets.solids import joined
from scenes.furnishing.furniture import cuboid, tile_side_m
from scenes.furnishing.wire import COUNTS, layers
from scenes.geometry import Pose, Vec3, vec3
from scenes.kinds.tabletop import TableSettings, Tabletop
from scenes.spec import Body, Look
from sim.render.raster.boards import Face
from sim.render.raster.casting import cast
from sim.render.raster.cuboids import Cuboid, Cuboids, cuboid_depth, shape_of
from sim.render.raster.rays import pixel_rays
from tests.rig import RENDERS, Rig, camera_at, catalogue_of, shot, still, streams
from tests.table import box_depth, catalogue_with_table

TURNED = (0.2, -0.3, 0.5, 0.7874007874011811)
WHITE = Look((1.0, 1.0, 1.0))
SHAPES = {"brick": {"shape": "box", "size_m": 0.1}}
EYES: tuple[Vec3, ...] = (
    (0.4, -1.9, 0.9),
    (-0.3, 0.2, 0.9),
    (0.05, -0.1, 2.0),
    (-0.9, 0.9, 0.2),
    (0.45, -0.1, 0.5),
)
"""Some of them between the planes of two of the sides, so that one face is in view."""


def board(made: Rig, look: Look = WHITE, tile_m: float = 0.0) -> Body:
    scale, pose = cuboid((-0.4, -0.15, 0.4), (0.4, 0.15, 0.6))
    key = made.catalogue.furniture["cube"].key
    return Body(key, None, scale, pose, look, 0.6, role="furniture", fixed=True, tile_m=tile_m)


@pytest.mark.parametrize("eye_m", EYES)
@pytest.mark.parametrize("turned", [False, True], ids=["level", "turned"])
def test_depth_is_that_of_the_cuboid(rig: Callable[..., Rig], eye_m: Vec3, turned: bool) -> None:
    made = rig(catalogue_with_table(SHAPES))
    body = board(made)
    body = replace(body, pose=replace(body.pose, quat_xyzw=TURNED)) if turned else body
    camera = camera_at(eye_m, (0.05, 0.02, 0.5), 150, (160, 120))
    seen = made.renderer.rasterise(still(body), shot(camera))
    expected = box_depth(camera, body, (1.0, 1.0, 1.0))
    assert np.isfinite(expected).sum() > 300
    np.testing.assert_array_equal(seen.body == 0, np.isfinite(expected))
    np.testing.assert_allclose(seen.depth_m, expected, rtol=1e-6)


def test_a_camera_in_the_plane_of_a_side_does_not_see_it() -> None:
    camera = camera_at((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), 50, (64, 64))
    turn = camera.pose.rotation()
    half = np.array([0.5, 0.5, 0.5])
    for sign in (1.0, -1.0):
        at = Cuboid(half, np.array([-2.0, 0.0, 0.5 * sign]), turn)
        depth_m = cuboid_depth(at, camera, (0, 0, 64, 64))
        assert np.isfinite(depth_m).sum() > 100
        assert np.nanmin(depth_m) == pytest.approx(1.5)
        assert np.ptp(depth_m[np.isfinite(depth_m)]) < 1e-9
    behind = Cuboid(half, np.array([2.0, 0.0, 0.0]), turn)
    inside = Cuboid(half, np.array([0.1, 0.0, 0.5]), turn)
    assert np.isinf(cuboid_depth(behind, camera, (0, 0, 64, 64))).all()
    assert np.isinf(cuboid_depth(inside, camera, (0, 0, 64, 64))).all()


GRID = layers()["bars_10"]
IN_GAP = (0.0, 0.05, 0.01)


@pytest.mark.parametrize("eye_m", [*EYES, (0.1, -0.5, 0.42), (0.6, 0.2, 0.44), IN_GAP], ids=str)
def test_bars_are_where_their_triangles_are(rig: Callable[..., Rig], eye_m: Vec3) -> None:
    """Also between two bars, where all that is seen are their sides."""
    made = rig(catalogue_of({"bars": GRID}))
    scale, pose = cuboid((-0.5, -0.3, 0.4), (0.5, 0.3, 0.44), Pose((0.0, 0.0, 0.0), TURNED))
    key = next(iter(made.catalogue.assets))
    body = Body(key, None, scale, pose, WHITE, 0.6, role="furniture", fixed=True)
    eye = vec3(pose.apply(np.array([IN_GAP]))[0]) if eye_m == IN_GAP else eye_m
    camera = camera_at(eye, vec3(pose.apply(np.array([[0.2, 0.0, 0.0]]))[0]), 120, (160, 120))
    depth_m = cuboid_depth(Cuboids(made.files).seen(body, camera), camera, (0, 0, 160, 120))
    inside = pose.inside(camera.pose)
    placed = (inside.rotation() * np.array(scale)) @ GRID.vertices_m.T + np.array(inside.position_m)[:, None]
    met = cast(pixel_rays(camera).reshape(-1, 2), placed, GRID.faces.T, 0.0).depth_m.reshape(120, 160)
    assert np.isfinite(met).sum() > 300
    assert (np.isfinite(met) != np.isfinite(depth_m)).sum() <= 2  # rays through an edge
    both = np.isfinite(met) & np.isfinite(depth_m)
    assert np.quantile(np.abs(depth_m[both] / met[both] - 1), 0.999) < 1e-6


def test_only_cuboids_are_cuboids() -> None:
    for count, (name, mesh) in zip(COUNTS, layers().items(), strict=True):
        bars = shape_of(mesh)
        assert bars is not None, name
        assert len(bars.ends) == 2 * count
    brick = shape_of(box(1.0, 0.5, 0.2))
    assert brick is not None
    np.testing.assert_allclose(brick.half, (0.5, 0.25, 0.1))
    np.testing.assert_allclose(brick.ends, (-0.5, 0.5))
    (part,) = box(1.0, 1.0, 1.0).parts
    textured = replace(part, texture=np.zeros((8, 8, 3), np.uint8))
    for other in (cylinder(0.5, 1.0), wedge(1.0, 1.0, 1.0), Mesh((textured,)), Mesh((part, part))):
        assert shape_of(other) is None
    moved = box(1.0, 1.0, 1.0).moved(np.array([0.0, 0.1, 0.0]))
    assert shape_of(moved) is None


@pytest.mark.parametrize(
    ("render", "shape"),
    [("relit", "cube"), ("egl", "cube"), ("relit", "disc"), ("tiny", "disc"), ("relit", "bar")],
)
def test_the_texture_has_its_size_in_metres(rig: Callable[..., Rig], render: str, shape: str) -> None:
    """Seen from straight above, the texture of a board, disc or wide bar comes again after each tile."""
    meshes = {"cube": box(1.0, 1.0, 1.0), "disc": cylinder(0.5, 1.0), "bar": wide_bars()}
    made = rig(catalogue_of(meshes), RENDERS[render])
    camera = camera_at((0.0, 0.0, 2.0), (0.0, 0.001, 0.6), 500, (320, 160))
    half_m = 0.4 if shape == "disc" else 0.15
    scale, pose = cuboid((-0.4, -half_m, 0.4), (0.4, half_m, 0.6))
    (key,) = (asset.key for asset in made.catalogue.assets.values() if asset.name == shape)
    look = Look((1.0, 1.0, 1.0), Texture("checker", 0))
    body = Body(key, None, scale, pose, look, 0.6, role="furniture", fixed=True, tile_m=0.16)
    color = made.renderer.rasterise(still(body), shot(camera)).color.astype(float)
    row = color[80, 35:285, 1] - color[80, 35:285, 1].mean()
    period_px = 500 / 1.4 * 0.16
    assert row.std() > 3
    for tiles in (1, 2):
        step = round(tiles * period_px)
        assert np.corrcoef(row[step:], row[:-step])[0, 1] > 0.9


def wide_bars() -> Mesh:
    """Two bars along y with a small gap: from above, a row of pixels crosses both."""
    (bar,) = box(0.499, 1.0, 1.0).parts
    bars = [Mesh((bar,)).moved(np.array([x, 0.0, 0.0])).parts[0] for x in (-0.2505, 0.2505)]
    return Mesh((joined(*bars),))


def test_a_table_has_the_texture_of_its_top() -> None:
    """Not one as small as a leg: a tile of wood is as wide as the top, unless that is more than natural."""
    kind = Tabletop(table=TableSettings(textured=1.0, textures=("veneer",)), num_objects=(1, 1))
    catalogue = load_catalogue(Assets.parse({"categories": SHAPES}), None, kind.furniture)
    for index in range(4):
        spec = kind.draw(index, "train", 0, catalogue, streams(index))
        top, *legs = (body for body in spec.bodies if body.role == "furniture")
        natural_m = sum(MATERIALS["veneer"].tile_m) / 2
        assert {leg.tile_m for leg in legs} == {top.tile_m}
        assert top.tile_m == pytest.approx(min(natural_m, sorted(top.axes)[1]))


def test_textures_are_not_mirrored_and_not_upside_down() -> None:
    """Right times up is outward on every face, and up is never down in the world."""
    half = np.array([0.5, 0.2, 0.3])
    for axis in range(3):
        for side in (1.0, -1.0):
            eye = np.zeros(3)
            eye[axis] = side
            face = Face(axis, side, Cuboid(half, eye, np.eye(3)))
            (right, right_sign), (down, down_sign) = face.texture_axes(np.eye(3))
            outward = np.cross(right_sign * np.eye(3)[right], -down_sign * np.eye(3)[down])
            np.testing.assert_array_equal(outward, side * np.eye(3)[axis])
            assert half[right] >= half[down]
            assert down != 2 or down_sign < 0


def test_materials_have_their_natural_size_on_furniture() -> None:
    wood, dots = (Look((1.0, 1.0, 1.0), Texture(kind, 0)) for kind in ("veneer", "dots"))
    table: list[Vec3] = [(2.0, 1.0, 0.04), (0.1, 0.1, 0.7)]
    assert tile_side_m(Look((1.0, 1.0, 1.0)), table) == 0.0
    assert tile_side_m(wood, table) == pytest.approx(0.7)
    assert tile_side_m(wood, [(0.4, 0.2, 0.01)]) == pytest.approx(0.2)
    assert tile_side_m(wood, [(20.0, 12.0, 0.2)]) == pytest.approx(2.0)
    assert tile_side_m(dots, table) == pytest.approx(1.0)
