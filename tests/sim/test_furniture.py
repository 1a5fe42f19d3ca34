"""Furniture: bodies rest on it, it occludes and casts shadows, and has no label; and scales per axis."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh
from scenes.assets.shapes import box, sphere
from scenes.furnishing.furniture import FurnitureSettings
from scenes.geometry import Pose, Vec3, vec3
from scenes.shot import Camera
from scenes.spec import Body, Look, SceneSpec
from sim.render.lighting.points import PointClouds
from sim.render.raster.gbuffer import RejectedView
from sim.render.settings import Relit
from sim.sample import measure
from sim.settled import Settled
from tests.rig import (
    GREY,
    LIGHT,
    PLAIN,
    RENDERS,
    UPRIGHT,
    Array,
    Mask,
    Rig,
    camera_at,
    catalogue_of,
    iou,
    rays,
    shot,
    still,
    streams,
)
from tests.table import TOP_M, OnTable, box_depth, catalogue_with_table, met, table_parts

RASTERISERS = ("tiny", "egl")
BRICK: Vec3 = (0.05, 0.07, 0.1)
SHAPES: Mapping[str, object] = {
    "brick": {"shape": "box", "size_m": 0.1},
    "ball": {"shape": "sphere", "size_m": 0.1},
    "nut": {"shape": "nut", "size_m": 0.06},
}
TURNED = (0.2, -0.3, 0.5, 0.7874007874011811)


def table(made: Rig, look: Look = PLAIN) -> tuple[Body, ...]:
    """The parts of the table."""
    key = made.catalogue.furniture["cube"].key
    return tuple(
        Body(key, None, scale, pose, look, 0.6, role="furniture", fixed=True) for scale, pose in table_parts()
    )


def lowest_m(made: Rig, body: Body) -> float:
    return float(body.apply(made.files.assets[body.asset].mesh.vertices_m)[:, 2].min())


def falling(*bodies: Body) -> SceneSpec:
    physics = OnTable().draw(0, "train", 0, catalogue_with_table(SHAPES), streams(0)).physics
    return SceneSpec(0, "train", 0, bodies, GREY, GREY, physics)


def test_objects_rest_on_the_table_and_the_table_where_it_is(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_with_table(SHAPES))
    scene = OnTable(num_objects=(6, 6), empty_share=0.0)
    for index in range(3):
        settled, _ = made.drawn(scene, index)
        objects, parts = settled.spec.bodies[:6], settled.spec.bodies[6:]
        assert {body.role for body in objects} == {"object"}
        assert [(part.scale, part.pose) for part in parts] == table_parts()
        assert {(part.role, part.fixed, part.category) for part in parts} == {("furniture", True, None)}
        heights = [lowest_m(made, body) for body in objects]
        np.testing.assert_allclose(
            heights, TOP_M, atol=0.001
        )  # no object hovers, penetrates the table or fell off


def test_what_falls_beside_the_table_lies_on_the_floor(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_with_table(SHAPES))
    settled = made.settle(falling(made.body("ball", (0.7, 0.0, 0.9)), *table(made)))
    assert abs(lowest_m(made, settled.spec.bodies[0])) < 0.001
    assert settled.spec.bodies[1:] == table(made)


def test_a_shelf_in_mid_air_holds_what_falls_on_it(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_with_table(SHAPES))
    shelf, *_ = table(made)
    brick = made.body("brick", (0.2, 0.1, TOP_M + 0.1), TURNED)
    settled = made.settle(falling(brick, shelf))
    assert lowest_m(made, settled.spec.bodies[0]) == pytest.approx(TOP_M, abs=0.001)
    assert settled.spec.bodies[1] == shelf


def test_a_scene_of_furniture_alone_is_at_rest_as_drawn(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_with_table(SHAPES))
    assert made.settle(falling(*table(made))) == Settled(falling(*table(made)), 0.0)


def test_body_placed_inside_the_table_is_pushed_out(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_with_table(SHAPES))
    ball = made.body("ball", (0.0, 0.0, TOP_M - 0.02))
    (body, *_) = made.settle(falling(ball, *table(made))).spec.bodies
    heights = lowest_m(made, body), lowest_m(made, body) + 0.1
    assert heights[0] > TOP_M - 0.001 or heights[1] < TOP_M - 0.04 + 0.001


def behind(made: Rig) -> tuple[Body, ...]:
    """Bricks on, under and behind the table, and the table itself."""
    places = ((0.0, 0.1, TOP_M + 0.05), (0.1, 0.2, 0.06), (0.45, 0.55, 0.07), (-0.3, 0.9, 0.3))
    bricks = [made.body("brick", place, TURNED, 1.0 + 0.4 * i) for i, place in enumerate(places)]
    return (*bricks, *table(made))


@pytest.mark.parametrize("render", RASTERISERS)
@pytest.mark.parametrize(
    ("eye_m", "target_m"),
    [
        ((0.4, -1.9, 0.9), (0.0, 0.0, 0.35)),
        ((-1.7, 0.6, 0.3), (0.0, 0.1, 0.3)),
        ((0.1, -0.6, 0.8), (0, 0, 0.5)),
    ],
    ids=["in front", "below", "over its edge"],
)
def test_the_table_hides_what_is_behind_it_and_has_no_label(
    rig: Callable[..., Rig], render: str, eye_m: Any, target_m: Any
) -> None:
    made = rig(catalogue_with_table(SHAPES), RENDERS[render])
    settled, camera = still(*behind(made)), camera_at(eye_m, target_m, 300, (320, 240))
    picture = made.shoot(settled, shot(camera))
    depths = [box_depth(camera, body, BRICK if body.labelled else (1, 1, 1)) for body in settled.spec.bodies]
    nearest = np.where(np.isinf(np.min(depths, axis=0)), -1, np.argmin(depths, axis=0))
    assert np.count_nonzero(picture.frame.body != nearest) <= 4  # of 76,800, along edges
    assert {instance.body for instance in picture.sample.instances} <= set(range(4))
    assert len(picture.sample.instances) > 0
    for instance, measures in zip(picture.sample.instances, measure(picture.sample), strict=True):
        alone = np.isfinite(depths[instance.body])
        assert np.count_nonzero(picture.sample.amodal_mask(instance.id) != alone) <= 4
        hidden = 1 - np.count_nonzero(nearest == instance.body) / np.count_nonzero(alone)
        assert measures.occlusion == pytest.approx(hidden, abs=0.01)
    table_px = (nearest >= 4) & (picture.frame.body >= 4)
    assert np.count_nonzero(table_px) > 5000
    assert not picture.sample.ids[table_px].any()


@pytest.mark.parametrize("render", RASTERISERS)
def test_furniture_may_extend_behind_the_camera_but_not_into_the_near_plane(
    rig: Callable[..., Rig], render: str
) -> None:
    made = rig(catalogue_with_table(SHAPES), RENDERS[render])
    brick = made.body("brick", (0.0, 0.1, TOP_M + 0.05))
    settled = still(brick, *table(made))
    over = camera_at((0.02, -0.2, TOP_M + 0.12), (0.0, 0.1, TOP_M + 0.02), 300, (320, 240))
    picture = made.shoot(settled, shot(over))
    depths = [box_depth(over, body, BRICK if body.labelled else (1, 1, 1)) for body in settled.spec.bodies]
    nearest = np.where(np.isinf(np.min(depths, axis=0)), -1, np.argmin(depths, axis=0))
    assert np.count_nonzero(picture.frame.body != nearest) <= 4
    for height_m in (TOP_M + 0.001, TOP_M - 0.02):  # on the table, and in it
        with pytest.raises(RejectedView, match="too_close"):
            made.shoot(settled, shot(camera_at((0.0, -0.3, height_m), (0.0, 0.1, TOP_M), 300)))


@pytest.mark.parametrize("render", ["relit", "egl"])
def test_the_table_shades_the_floor(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_with_table(SHAPES), RENDERS[render])
    toward = np.array([0.3, -0.35, 0.8]) / np.linalg.norm([0.3, -0.35, 0.8])
    light = replace(LIGHT, direction=vec3(toward), softness=0.001)
    camera = camera_at((-1.2, 1.9, 1.3), (-0.1, 0.2, 0.1), 280, (320, 240))
    settled = still(*table(made), floor=GREY)
    bright, dark = (made.shoot(settled, shot(camera, replace(light, shadow=s))).frame for s in (0.0, 1.0))
    floor = (bright.body < 0) & np.isfinite(bright.depth_m)
    points = np.array(camera.pose.position_m) + np.where(floor, bright.depth_m, 0.0)[..., None] * rays(camera)
    shaded = floor & in_shadow(points, toward, settled.spec.bodies)
    darker = bright.image[..., 1].astype(int) - dark.image[..., 1] > 15
    near = np.ones((9, 9), np.uint8)
    inner = cv2.erode(shaded.astype(np.uint8), near) > 0
    outer = floor & (cv2.dilate(shaded.astype(np.uint8), near) == 0)
    assert min(np.count_nonzero(inner), np.count_nonzero(outer)) > 1500
    assert darker[inner].mean() > 0.995
    assert darker[outer].mean() < 0.005


def in_shadow(points: Array, toward: Array, bodies: tuple[Body, ...]) -> NDArray[np.bool_]:
    """Mask of points (h, w, 3) that are occluded by boxes in the direction `toward` a light."""
    found = np.zeros(points.shape[:2], np.bool_)
    for body in bodies:
        ray = np.broadcast_to(toward, points.shape)
        found |= np.isfinite(met(points - np.array(body.pose.position_m), ray, np.array(body.axes) / 2))
    return found


ELLIPSOID: Vec3 = (0.3, 0.12, 0.06)
"""Half axes of the ellipsoid in metres."""


def ellipsoid(made: Rig) -> Body:
    """A ball with a radius of 1 m, scaled along each axis."""
    body = made.body("ball", (0.02, -0.01, 0.4), TURNED)
    return replace(body, scale=ELLIPSOID)


def on_ellipsoid(camera: Camera, body: Body) -> tuple[Mask, Array]:
    """Where the rays of pixels meet it (h, w), and its normals there (h, w, 3) in the world."""
    turn, axes = body.pose.rotation(), np.array(body.axes)
    eye = (np.array(camera.pose.position_m) - np.array(body.pose.position_m)) @ turn / axes
    ray = rays(camera) @ turn / axes
    along, squared = ray @ eye, (ray**2).sum(axis=-1)
    root = along**2 - squared * (eye @ eye - 1)
    depth_m = (-along - np.sqrt(np.maximum(root, 0))) / squared
    normal = (eye + depth_m[..., None] * ray) / axes @ turn.T
    return root >= 0, np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


@pytest.mark.parametrize("render", RASTERISERS)
def test_a_ball_scaled_per_axis_is_an_ellipsoid(rig: Callable[..., Rig], render: str) -> None:
    made = rig(catalogue_of({"ball": sphere(1.0, 128)}), RENDERS[render])
    body = ellipsoid(made)
    for eye_m in ((0.5, -0.6, 0.7), (-0.8, 0.1, 0.5), (0.1, 0.2, 1.2)):
        camera = camera_at(eye_m, (0.0, 0.0, 0.4), 330, (256, 256))
        seen = made.renderer.rasterise(still(body), shot(camera)).body == 0
        disc, _ = on_ellipsoid(camera, body)
        assert np.count_nonzero(disc) > 5000
        assert iou(seen, disc) > 0.998


def test_normals_of_a_scaled_mesh_are_square_to_it() -> None:
    mesh = sphere(1.0, 64)
    scaled = mesh.scaled(ELLIPSOID)
    (part,) = scaled.parts
    expected = part.vertices_m / np.array(ELLIPSOID) ** 2
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(part.normals, expected, atol=1e-9)
    np.testing.assert_allclose(scaled.extents_m, 2 * np.array(ELLIPSOID), rtol=1e-9)
    for wrong in ((1.0, 0.0, 1.0), (1.0, -2.0, 1.0), (1.0, float("nan"), 1.0)):
        with pytest.raises(ValueError, match="by a positive number only"):
            mesh.scaled(wrong)


def test_tiny_shades_a_scaled_ball_by_the_normals_of_the_ellipsoid(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"ball": sphere(1.0, 128)}), RENDERS["tiny"])
    body, camera = ellipsoid(made), camera_at((0.5, -0.6, 0.7), (0.0, 0.0, 0.4), 330, (256, 256))
    disc, normal = on_ellipsoid(camera, body)
    toward = np.array([0.36, -0.48, 0.8])
    light = replace(LIGHT, direction=vec3(toward), ambient=0.0, diffuse=1.0, specular=0.0)
    gbuffer = made.renderer.rasterise(still(body), shot(camera, light))
    facing = normal @ toward
    lit = disc & (gbuffer.body == 0) & (facing > 0.1)
    assert np.count_nonzero(lit) > 3000
    share = gbuffer.color[lit].astype(float)[:, 1] / 255 / 0.8
    assert np.abs(share - facing[lit]).mean() < 0.01
    assert np.abs(share - facing[lit]).max() < 0.1  # near the silhouette normals change from pixel to pixel


@pytest.mark.parametrize("render", ["relit", "egl"])
def test_a_scaled_ball_is_lit_as_the_ellipsoid_is(rig: Callable[..., Rig], render: str) -> None:
    """With sunlight only, brightness increases with the cosine between normal and light."""
    made = rig(catalogue_of({"ball": sphere(1.0, 128)}), RENDERS[render])
    body, camera = (
        replace(ellipsoid(made), roughness=1.0),
        camera_at((0.5, -0.6, 0.7), (0, 0, 0.4), 330, (256, 256)),
    )
    disc, normal = on_ellipsoid(camera, body)
    toward = np.array([0.36, -0.48, 0.8])
    light = replace(LIGHT, direction=vec3(toward), ambient=0.001, diffuse=1.0, specular=0.0, shadow=0.0)
    frame = made.shoot(still(body), shot(camera, light)).frame
    inner = cv2.erode((disc & (frame.body == 0)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    facing = (normal @ toward)[inner]
    level = frame.image[..., 1][inner].astype(float)
    lit = facing > 0.1
    assert np.count_nonzero(lit) > 3000
    first, second = (np.argsort(np.argsort(values[lit])) for values in (facing, level))
    assert np.corrcoef(first, second)[0, 1] > 0.995


def test_points_are_spread_evenly_over_a_scaled_body(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"cube": box(1.0, 1.0, 1.0)}), Relit())
    slab = replace(made.body("cube", (0.1, 0.2, 0.3), TURNED), scale=(1.0, 0.6, 0.03))
    cloud = PointClouds(made.files).scene(still(slab).spec, 0.01)
    inside = slab.pose.apply_inverse(cloud.points_m.T.astype(float))
    assert np.abs(inside).max(axis=0) == pytest.approx((0.5, 0.3, 0.015), abs=1e-3)
    areas = np.array([0.6 * 0.03, 1.0 * 0.03, 1.0 * 0.6]) / (0.6 * 0.03 + 1.0 * 0.03 + 1.0 * 0.6)
    facing = np.abs(cloud.normal.T @ slab.pose.rotation())
    assert (facing > 0.999).mean(axis=0) == pytest.approx(areas, abs=0.01)


@pytest.mark.parametrize("render", RENDERS)
def test_the_same_seed_gives_the_same_bytes(rig: Callable[..., Rig], render: str) -> None:
    scene, shots = OnTable(num_objects=(4, 4)), shot(camera_at((0.5, -0.9, 1.1), (0, 0, 0.5), 150))
    pictures = []
    for _ in range(2):
        made = rig(catalogue_with_table(SHAPES), RENDERS[render])
        pictures.append(made.shoot(made.drawn(scene, 3)[0], shots).bytes())
    assert pictures[0] == pictures[1]


def test_all_parts_of_one_piece_have_the_same_look() -> None:
    catalogue = catalogue_with_table(SHAPES)
    settings = FurnitureSettings(roughness=(0.2, 0.3), friction=(0.7, 0.8))
    draws = []
    for _ in range(2):
        rng = streams(0)("furniture")
        draws.append(
            settings.piece(rng, catalogue.album("table"), catalogue.furniture["cube"], table_parts())
        )
    assert draws[0] == draws[1]
    assert len({(part.look, part.roughness, part.friction) for part in draws[0]}) == 1
    assert 0.2 <= draws[0][0].roughness <= 0.3
    assert 0.7 <= draws[0][0].friction <= 0.8


def test_role_and_category_of_a_body_agree() -> None:
    pose = Pose((0.0, 0.0, 0.0), UPRIGHT)
    assert Body("it@0", None, 1.0, pose, PLAIN, 0.5).role == "distractor"
    assert Body("it@0", 2, 1.0, pose, PLAIN, 0.5).role == "object"
    with pytest.raises(ValueError, match="furniture cannot have a category"):
        Body("it@0", 2, 1.0, pose, PLAIN, 0.5, role="furniture")
    with pytest.raises(ValueError, match="scale of a body must be positive"):
        Body("it@0", 2, (1.0, 0.0, 1.0), pose, PLAIN, 0.5)


def test_furniture_of_a_mesh_that_no_category_has(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_with_table(SHAPES))
    asset = made.catalogue.furniture["cube"]
    assert made.catalogue.assets[asset.key] is asset
    assert asset.key == f"cube@{Mesh(asset.mesh.parts).content_hash[:16]}"
    assert asset not in made.catalogue.drawn()
