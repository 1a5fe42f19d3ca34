"""Masks and measures of labels, compared with analytic silhouettes and separate renders."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.shapes import SHAPES, sphere
from scenes.cameras.camera import ImageSettings, Shell
from scenes.kinds.drop import Drop
from scenes.kinds.floating import Floating
from scenes.scene import Scene
from scenes.shot import Camera
from sim.render.raster.projection import body_box
from sim.sample import Sample, measure, num_planes
from sim.settled import Settled
from tests.rig import (
    GREY,
    RENDERS,
    Picture,
    Rig,
    aimed,
    camera_at,
    catalogue_from,
    catalogue_of,
    iou,
    shot,
    sphere_depth,
    still,
)

RADIUS_M = 0.1
MIXED = {name: {"shape": name, "size_m": [0.05, 0.1]} for name in SHAPES}


def planes_agree(sample: Sample) -> bool:
    """Whether only bits of existing instances are set."""
    used = np.zeros_like(sample.amodal)
    for instance in sample.instances:
        plane, bit = divmod(instance.id - 1, 8)
        used[..., plane] |= sample.amodal_mask(instance.id).astype(np.uint8) << np.uint8(bit)
    return np.array_equal(used, sample.amodal)


def test_amodal_mask_of_a_hidden_sphere_is_the_analytic_disc(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 128), "box": SHAPES["box"](0.3)}))
    settled = still(made.body("sphere", (0, 0, 0.1)), made.body("box", (0.1, 0, 0.3)), floor=GREY)
    camera = camera_at((0.02, -0.05, 0.7), (0.01, 0.02, 0), 340, (320, 240), 0.3)
    picture = made.shoot(settled, shot(camera))
    sample, disc = picture.sample, np.isfinite(sphere_depth(camera, (0, 0, 0.1), RADIUS_M))
    assert np.count_nonzero(disc) > 10_000
    assert iou(sample.amodal_mask(1), disc) >= 0.999
    hidden = measure(sample)[0]
    assert 0.3 < hidden.occlusion < 0.7
    seen = disc & (picture.gbuffer.body == 0)
    assert hidden.visible_fraction == pytest.approx(
        np.count_nonzero(seen) / np.count_nonzero(disc), abs=0.001
    )


@pytest.mark.parametrize(
    ("cx", "cy"), [(0.0, 120.3), (320.4, 120.0), (161.0, 1.5), (0.3, 239.0), (-20.0, 120)]
)
def test_sphere_partly_outside_is_measured_over_the_unbounded_image(
    rig: Callable[..., Rig], cx: float, cy: float
) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 128)}))
    settled = still(made.body("sphere", (0, 0, 0)))
    camera = replace(camera_at((0.6, 0, 0.1), (0, 0, 0), 340, (320, 240)), cx=cx, cy=cy)
    sample = made.shoot(settled, shot(camera)).sample
    box = (-200, -200, 500, 500)
    whole = np.isfinite(sphere_depth(camera, (0, 0, 0), RADIUS_M, box))
    inside = whole[200:440, 200:520]
    (instance,) = sample.instances
    assert iou(sample.amodal_mask(1), inside) >= 0.998
    assert instance.whole_px == pytest.approx(np.count_nonzero(whole), rel=0.0015)
    truncation = 1 - np.count_nonzero(inside) / np.count_nonzero(whole)
    assert 0.4 < truncation < 0.9
    assert instance.truncation == pytest.approx(truncation, abs=0.001)
    rows, columns = np.nonzero(whole)
    expected = (columns.min() - 200, rows.min() - 200, columns.max() - 199, rows.max() - 199)
    np.testing.assert_allclose(instance.whole_xyxy, expected, atol=1)


@pytest.mark.parametrize("apart_m", [0.07, 0.1, 0.15])
def test_visible_fraction_of_overlapping_spheres(rig: Callable[..., Rig], apart_m: float) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 128)}))
    centers = (0.0, 0.0, 0.0), (0.3, apart_m, 0.02)
    camera = camera_at((1.2, 0.1, 0.2), (0.1, 0.05, 0), 260)
    sample = made.shoot(still(*(made.body("sphere", at) for at in centers)), shot(camera)).sample
    far, near = (sphere_depth(camera, center, RADIUS_M) for center in centers)
    expected = np.count_nonzero(far < near) / np.count_nonzero(np.isfinite(far))
    assert 0.1 < expected < 0.95
    fractions = [found.visible_fraction for found in measure(sample)]
    np.testing.assert_allclose(fractions, [expected, 1.0], atol=0.01)


def view_of(made: Rig, settled: Settled, index: int, image: ImageSettings) -> Camera:
    kind = Shell(elevation_deg=(-80, 80), fill=(0.5, 2.0))
    return kind.aim(aimed(scene=index, view=0), 0, image, made.bounds(settled))


def check_masks(made: Rig, settled: Settled, camera: Camera, picture: Picture, most_off: int) -> None:
    sample, view = picture.sample, shot(camera)
    seen = [instance.body for instance in sample.instances]
    assert planes_agree(sample)
    assert [instance.id for instance in sample.instances] == list(range(1, len(seen) + 1))
    for instance in sample.instances:
        amodal, visible = sample.amodal_mask(instance.id), sample.ids == instance.id
        assert np.array_equal(visible, picture.frame.body == instance.body)
        assert not (visible & ~amodal).any()
        alone = made.renderer.rasterise(still(settled.spec.bodies[instance.body]), view)
        assert np.count_nonzero(amodal != (alone.body == 0)) <= most_off
        x0, y0, x1, y1 = body_box(made.files, settled.spec.bodies[instance.body], camera)
        wx0, wy0, wx1, wy1 = instance.whole_xyxy
        assert x0 < wx0 < wx1 < x1
        assert y0 < wy0 < wy1 < y1
        assert instance.whole_px >= np.count_nonzero(amodal) > 0
    unlabelled = set(np.unique(picture.frame.body)) - set(seen) - {-1}
    assert all(settled.spec.bodies[body].category is None for body in unlabelled)


@pytest.mark.parametrize(
    ("render", "count"),
    [
        pytest.param("tiny", 30, marks=pytest.mark.slow),
        pytest.param("egl", 30, marks=pytest.mark.slow),
        ("tiny", 5),
        ("egl", 2),
    ],
)
@pytest.mark.parametrize("kind", [Drop, Floating])
def test_masks_of_random_scenes(rig: Callable[..., Rig], render: str, kind: type[Scene], count: int) -> None:
    made = rig(catalogue_from(MIXED, other={"shape": "cone", "size_m": 0.1}), RENDERS[render])
    for index in range(count):
        number = (1, 3, 7, 12, 20, 40)[index % 6] if kind is Floating else (1, 2, 6, 12)[index % 4]
        scene = kind.model_validate(
            {"num_objects": (number, number), "num_distractors": (0, 2), "spread": (3.0, 5.0)}
        )
        settled, _ = made.drawn(scene, index)
        image = (
            ImageSettings(width=640, height=480) if index % 5 == 4 else ImageSettings(width=160, height=120)
        )
        camera = view_of(made, settled, index, image)
        # When bodies are rendered as a group, a pixel at an edge may be rounded differently.
        check_masks(made, settled, camera, made.shoot(settled, shot(camera)), int(render == "egl"))


def test_distractors_hide_but_are_not_labelled(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 48), "box": SHAPES["box"](0.3)}))
    front = replace(made.body("box", (0.1, 0, 0.3)), category=None)
    camera = camera_at((0, 0, 1), (0, 0, 0), 150)
    sample = made.shoot(still(front, made.body("sphere", (0, 0, 0))), shot(camera)).sample
    (instance,) = sample.instances
    assert (instance.id, instance.body, instance.category, instance.asset) == (1, 1, 0, "sphere")
    assert set(np.unique(sample.ids)) == {0, 1}
    assert 0.2 < measure(sample)[0].occlusion < 0.8


def test_hidden_object_is_an_instance_without_a_box(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"sphere": sphere(0.02, 48), "box": SHAPES["box"](0.3)}))
    camera = camera_at((0, 0, 1), (0, 0, 0), 150)
    bodies = made.body("box", (0, 0, 0.3)), made.body("sphere", (0, 0, 0)), made.body("sphere", (9, 0, 0))
    measures = measure(made.shoot(still(*bodies), shot(camera)).sample)
    assert [found.box_xyxy is None for found in measures] == [False, True]
    assert (measures[1].visible_px, measures[1].occlusion, measures[1].visible_fraction) == (0, 1.0, 0.0)


def test_pose_is_that_of_the_mesh_in_the_camera(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": SHAPES["box"](0.2)}))
    body = made.body("box", (0.05, 0.1, 0.0), (0.5, 0.5, 0.5, 0.5), scale=1.3)
    camera = camera_at((0.4, -0.5, 0.6), (0, 0, 0), 150, roll_rad=0.4)
    (instance,) = made.shoot(still(body), shot(camera)).sample.instances
    points = made.catalogue.groups[0][0].mesh.vertices_m * instance.scale
    local = instance.pose.apply(points)
    pixels = local[:, :2] / local[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    np.testing.assert_allclose(pixels, camera.project(body.pose.apply(points))[0], atol=1e-9)
    x0, y0, x1, y1 = instance.whole_xyxy
    np.testing.assert_allclose([*pixels.min(axis=0), *pixels.max(axis=0)], [x0, y0, x1, y1], atol=1)


@pytest.mark.parametrize(("instances", "planes"), [(0, 1), (1, 1), (8, 1), (9, 3), (16, 3), (24, 3), (25, 4)])
def test_bit_planes_are_never_two(instances: int, planes: int) -> None:
    assert num_planes(instances) == planes


@pytest.mark.slow
def test_more_than_255_instances(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"sphere": sphere(0.02, 12)}))
    places = [(0.06 * (i % 20), 0.06 * (i // 20), 0.0) for i in range(300)]
    camera = camera_at((0.6, 0.45, 1.6), (0.6, 0.45, 0), 400, (640, 480))
    sample = made.shoot(still(*(made.body("sphere", at) for at in places)), shot(camera)).sample
    assert sample.ids.dtype == np.uint16
    assert len(sample.instances) == 300
    assert all(found.visible_fraction == 1.0 for found in measure(sample))
