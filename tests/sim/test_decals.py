"""Masks of decals, compared with the analytic projection of their outlines on a plane and on a cylinder."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scenes.assets.images import IMAGE, Pictures, Texture, file_hash, load_images
from scenes.assets.shapes import SHAPES, cylinder
from scenes.decal import Decal
from scenes.distortion import Distortion
from scenes.geometry import Pose, look_at, quaternion, vec3
from scenes.spec import Body
from sim.boxes import boxes_of
from sim.render.raster.decals.sticker import Stickers
from sim.sample import Instance, Sample, measure
from sim2coco.extras import semantic_ids
from tests.rig import (
    RENDERS,
    Array,
    Mask,
    Picture,
    Rig,
    camera_at,
    catalogue_from,
    catalogue_of,
    iou,
    rays,
    shot,
    still,
)

SIZE_M = 0.2
RADIUS_M = 0.03
"""Radius of the disc that decals show; a decal is twice as wide and has the disc in its middle."""
WITHOUT_GPU = ("relit", "tiny")


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the picture of an opaque red disc, half as wide as the picture, on transparent green."""
    x, y = np.meshgrid(*[(np.arange(400) + 0.5) / 200 - 1] * 2)
    inside = np.clip((0.5 - np.hypot(x, y)) * 200 + 0.5, 0, 1)
    pixels = np.zeros((400, 400, 4), np.uint8)
    pixels[..., 1], pixels[..., 2], pixels[..., 3] = 255 * (inside == 0), 255 * (inside > 0), 255 * inside
    folder = tmp_path_factory.mktemp("discs")
    (folder / "disc.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return folder


def disc_at(folder: Path, at_m: Array, normal: Array, **values: object) -> Decal:
    """A decal with the disc at a point of a body, in the frame of its pose."""
    x = np.cross(normal, (0.3, 0.5, 0.2))
    x /= np.linalg.norm(x)
    frame = Pose(vec3(at_m), quaternion(np.column_stack([x, np.cross(normal, x), normal])))
    file = folder / "disc.png"
    decal = Decal(
        category=2,
        kind="image",
        frame=frame,
        size_m=(4 * RADIUS_M, 4 * RADIUS_M),
        depth_m=2 * RADIUS_M,
        color_rgb=(0.1, 0.1, 0.1),
        strength=1.0,
        seed=3,
        picture=Texture(IMAGE, 0, f"disc.png@{file_hash(file)}"),
    )
    return replace(decal, **values)  # type: ignore[arg-type]


def rig_of(rig: Callable[..., Rig], disc: Path, render: str = "relit") -> Rig:
    shapes = {"box": SHAPES["box"](SIZE_M), "cylinder": cylinder(0.4 * SIZE_M, SIZE_M, 180)}
    return rig(catalogue_of(shapes), RENDERS[render], **{"defects.disc": str(disc)})


def with_decals(body: Body, *decals: Decal) -> Body:
    return replace(body, decals=decals)


def labels(sample: Sample) -> tuple[list[Instance], list[Instance]]:
    """The instances of objects, and those of decals."""
    found = sample.instances
    return [one for one in found if one.on is None], [one for one in found if one.on is not None]


def whole(sample: Sample) -> tuple[int, int, int, int]:
    return 0, 0, sample.ids.shape[1], sample.ids.shape[0]


def on_top(made: Rig, folder: Path, **values: object) -> Body:
    """A box at the origin with the disc on its upper side."""
    body = made.body("box", (0, 0, 0))
    top_m = float(made.files.hull(body)[:, 2].max())
    return with_decals(body, disc_at(folder, np.array([0.02, -0.01, top_m]), np.array([0.0, 0, 1]), **values))


@pytest.mark.parametrize(
    ("render", "focal_px"), [("relit", 450), ("relit", 900), ("tiny", 450), ("egl", 450)]
)
def test_a_disc_on_a_plane_is_the_projected_disc(
    rig: Callable[..., Rig], disc: Path, request: pytest.FixtureRequest, render: str, focal_px: int
) -> None:
    if render == "egl":
        request.getfixturevalue("egl")
    made = rig_of(rig, disc, render)
    body = on_top(made, disc)
    camera = camera_at((0.25, -0.2, 0.6), (0.02, 0, 0.05), focal_px, (320, 240), 0.4)
    sample = made.shoot(still(body), shot(camera)).sample
    expected = disc_on_plane(camera, body)
    (decal,) = labels(sample)[1]
    mask = sample.visible_mask(decal, whole(sample))
    assert np.ptp(np.nonzero(mask)[1]) + 1 >= 40
    assert iou(mask, expected) >= 0.99
    assert np.array_equal(mask, sample.amodal_mask(decal.id))


def disc_on_plane(camera: object, body: Body) -> Mask:
    """The pixels whose rays meet the plane of the first decal within the disc."""
    (decal, *_) = body.decals
    at_m = body.pose.apply(np.array([decal.frame.position_m]))[0]
    ray, eye = rays(camera), np.array(camera.pose.position_m)  # type: ignore[arg-type, attr-defined]
    met_m = eye + ray * ((at_m[2] - eye[2]) / ray[..., 2])[..., None]
    return np.asarray(np.linalg.norm(met_m - at_m, axis=-1) <= RADIUS_M)


@pytest.mark.parametrize("render", WITHOUT_GPU)
def test_a_disc_on_a_cylinder_is_the_projected_disc(rig: Callable[..., Rig], disc: Path, render: str) -> None:
    made = rig_of(rig, disc, render)
    body = made.body("cylinder", (0, 0, 0))
    radius_m = float(made.files.hull(body)[:, 0].max())
    out = np.array([np.cos(0.2), np.sin(0.2), 0.0])
    body = with_decals(body, disc_at(disc, radius_m * out, out))
    camera = camera_at((0.7, 0.35, 0.25), (0, 0, 0), 700, (320, 240), 0.1)
    sample = made.shoot(still(body), shot(camera)).sample
    expected = disc_on_cylinder(rays(camera), np.array(camera.pose.position_m), radius_m, body.decals[0])
    (decal,) = labels(sample)[1]
    mask = sample.visible_mask(decal, whole(sample))
    assert np.ptp(np.nonzero(mask)[0]) + 1 >= 40
    assert iou(mask, expected) >= 0.99


def disc_on_cylinder(ray: Array, eye_m: Array, radius_m: float, decal: Decal) -> Mask:
    """The pixels whose rays first meet an upright cylinder about the z axis within the disc of a decal."""
    a, b = (ray[..., :2] ** 2).sum(axis=-1), ray[..., :2] @ eye_m[:2]
    root = b**2 - a * (eye_m[:2] @ eye_m[:2] - radius_m**2)
    with np.errstate(invalid="ignore"):
        met_m = eye_m + ray * ((-b - np.sqrt(root)) / a)[..., None]
    local = decal.frame.apply_inverse(met_m.reshape(-1, 3)).reshape(met_m.shape)
    return np.asarray((np.hypot(local[..., 0], local[..., 1]) <= RADIUS_M) & (local[..., 2] > -RADIUS_M))


def test_the_far_side_hides_a_decal(rig: Callable[..., Rig], disc: Path) -> None:
    made = rig_of(rig, disc)
    # A plate so thin that the depth limit alone would lay the decal on both sides.
    plate = made.body("box", (0, 0, 0))
    plate = replace(plate, scale=(1.0, 1.0, 0.02))
    top_m = float(made.files.hull(plate)[:, 2].max())
    decal = disc_at(disc, np.array([0.0, 0.0, top_m]), np.array([0.0, 0, 1]))
    settled = still(with_decals(plate, decal))
    for height_m, expected in ((0.6, 1), (-0.6, 0)):
        camera = camera_at((0.1, 0.1, height_m), (0, 0, 0), 300)
        sample = made.shoot(settled, shot(camera)).sample
        assert [len(found) for found in labels(sample)] == [1, expected]


def test_another_body_hides_a_part_of_a_decal(rig: Callable[..., Rig], disc: Path) -> None:
    made = rig_of(rig, disc)
    body, other = on_top(made, disc), made.body("cylinder", (0.145, -0.09, 0.4), scale=0.25)
    camera = camera_at((0.25, -0.2, 0.7), (0.02, 0, 0.05), 500, (320, 240))
    free, hidden = (made.shoot(still(*bodies), shot(camera)).sample for bodies in ((body,), (body, other)))
    (decal,), (covered,) = labels(free)[1], labels(hidden)[1]
    assert np.array_equal(free.amodal_mask(decal.id), hidden.amodal_mask(covered.id))
    mask = hidden.visible_mask(covered, whole(hidden))
    assert np.array_equal(mask, free.amodal_mask(decal.id) & (hidden.ids != 2))
    found = measure(hidden)[covered.id - 1]
    assert found.visible_px == mask.sum()
    assert 0.1 < found.occlusion < 0.9
    assert found.occlusion == pytest.approx(1 - mask.sum() / free.amodal_mask(decal.id).sum())


def test_a_decal_beyond_the_edge_of_the_image_is_truncated(rig: Callable[..., Rig], disc: Path) -> None:
    made = rig_of(rig, disc)
    body = on_top(made, disc)
    camera = camera_at((0, 0, 0.7), (0, 0, 0), 500, (320, 240))
    (inside,) = labels(made.shoot(still(body), shot(camera)).sample)[1]
    left, _, right, _ = inside.whole_xyxy
    shifted = replace(camera, cx=camera.cx - (left + right) / 2)
    (cut,) = labels(made.shoot(still(body), shot(shifted)).sample)[1]
    assert inside.truncation == 0
    assert cut.truncation == pytest.approx(0.5, abs=0.03)
    assert cut.whole_px == inside.whole_px


def test_a_later_decal_lies_on_an_earlier_one(rig: Callable[..., Rig], disc: Path) -> None:
    made = rig_of(rig, disc)
    body = on_top(made, disc)
    frame = body.decals[0].frame
    moved = replace(frame, position_m=(frame.position_m[0] + RADIUS_M, *frame.position_m[1:]))
    both = with_decals(body, body.decals[0], replace(body.decals[0], frame=moved))
    sample = made.shoot(still(both), shot(camera_at((0, 0, 0.7), (0, 0, 0), 500))).sample
    under, over = labels(sample)[1]
    masks = [sample.visible_mask(one, whole(sample)) for one in (under, over)]
    assert not (masks[0] & masks[1]).any()
    assert np.array_equal(masks[1], sample.amodal_mask(over.id))
    assert np.array_equal(masks[0] | masks[1], sample.amodal_mask(under.id) | sample.amodal_mask(over.id))
    assert 0.2 < measure(sample)[under.id - 1].occlusion < 0.6


@pytest.mark.parametrize("render", WITHOUT_GPU)
def test_the_picture_is_painted_where_the_mask_is(rig: Callable[..., Rig], disc: Path, render: str) -> None:
    made = rig_of(rig, disc, render)
    body, plain = on_top(made, disc), made.body("box", (0, 0, 0))
    camera = shot(camera_at((0.1, -0.1, 0.6), (0.02, 0, 0.05), 500, (320, 240)))
    painted, bare = made.shoot(still(body), camera), made.shoot(still(plain), camera)
    mask = painted.sample.amodal_mask(2).astype(np.uint8)
    inside, outside = cv2.erode(mask, np.ones((5, 5))) > 0, cv2.dilate(mask, np.ones((7, 7))) == 0
    assert np.array_equal(painted.gbuffer.color[outside], bare.gbuffer.color[outside])
    red, green, blue = painted.gbuffer.color[inside].astype(int).mean(axis=0)
    assert red > 100
    assert max(green, blue) < 5
    assert_same_labels(painted, bare)


def assert_same_labels(one: Picture, other: Picture) -> None:
    """That decals change neither ids nor depth nor amodal masks of objects."""
    assert np.array_equal(one.sample.ids, other.sample.ids)
    assert np.array_equal(one.sample.depth_m, other.sample.depth_m)
    for instance in other.sample.instances:
        assert np.array_equal(one.sample.amodal_mask(instance.id), other.sample.amodal_mask(instance.id))


@pytest.mark.parametrize("kind", ["scratch", "dent", "stain", "crack"])
def test_a_defect_is_seen_within_its_mask(rig: Callable[..., Rig], disc: Path, kind: str) -> None:
    made = rig_of(rig, disc)
    drawn = on_top(made, disc, kind=kind, picture=None, size_m=(0.12, 0.06))
    camera = shot(replace(camera_at((0.02, -0.1, 0.6), (0.02, 0, 0.05), 500, (320, 240))))
    painted, bare = made.shoot(still(drawn), camera), made.shoot(still(made.body("box", (0, 0, 0))), camera)
    (decal,) = labels(painted.sample)[1]
    mask = painted.sample.amodal_mask(decal.id)
    changed = np.abs(painted.frame.image.astype(int) - bare.frame.image).max(axis=2)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7))) > 0
    assert np.count_nonzero(mask) > 100
    assert changed[mask].mean() > 15
    # The exposure follows the image, and may change everything by a grey level or two.
    assert changed[~near].max() <= 4


def test_the_same_decal_is_the_same_picture_and_another_seed_is_another(disc: Path) -> None:
    decal = disc_at(disc, np.zeros(3), look_at(np.zeros(3), np.ones(3), 0)[:, 2], kind="crack", picture=None)
    one, same, other = (Stickers(Pictures({}))(replace(decal, seed=seed)) for seed in (5, 5, 6))
    assert np.array_equal(one.coverage, same.coverage)
    assert np.array_equal(one.slope, same.slope)
    assert not np.array_equal(one.coverage, other.coverage)


def test_decals_with_the_same_image_share_its_memory(disc: Path) -> None:
    stickers = Stickers(Pictures(load_images({"defects.disc": str(disc)})))
    decal, shapes = disc_at(disc, np.zeros(3), np.array([0.0, 0, 1])), []
    tracemalloc.start()
    for step in range(20):
        moved = replace(decal, frame=replace(decal.frame, position_m=(0.01 * step, 0.0, 0.0)))
        shapes.append(stickers(moved).coverage.shape)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert shapes == [(400, 400)] * 20
    assert held < 2 * 28 * 400 * 400  # bytes of two stickers


def test_decals_have_no_keypoints_of_their_object(rig: Callable[..., Rig], disc: Path) -> None:
    tree = {"box": {"shape": "box", "size_m": SIZE_M, "keypoints": {"corner": [0.05, 0.05, 0.05]}}}
    made = rig(catalogue_from(tree), RENDERS["relit"], **{"defects.disc": str(disc)})
    sample = made.shoot(still(on_top(made, disc)), shot(camera_at((0, 0, 0.7), (0, 0, 0), 450))).sample
    (box,), (decal,) = labels(sample)
    assert box.keypoints is not None
    assert decal.keypoints is None


def test_behind_a_lens_decals_have_masks_and_nothing_is_painted_twice(
    rig: Callable[..., Rig], disc: Path
) -> None:
    made = rig_of(rig, disc)
    camera = camera_at((0.02, 0, 0.7), (0.02, 0, 0), 300, (160, 120))
    lens = Distortion("brown", (-0.05, *[0.0] * 7), 1.0)
    picture = made.shoot(still(on_top(made, disc)), shot(replace(camera, distortion=lens)))
    (decal,) = labels(picture.sample)[1]
    mask = picture.sample.visible_mask(decal, whole(picture.sample))
    red, green, _ = picture.frame.image[mask].mean(axis=0)
    assert red > 2 * green
    assert not picture.gbuffer.color.any()
    assert picture.gbuffer.tilt is None


def test_the_mask_of_a_decal_needs_only_the_decals_of_its_object(rig: Callable[..., Rig], disc: Path) -> None:
    """Otherwise the time for a scene with many decals grows with the square of their number."""
    made = rig_of(rig, disc)
    body = on_top(made, disc)
    both = with_decals(body, *body.decals, *body.decals)
    sample = made.shoot(still(both), shot(camera_at((0, 0, 0.7), (0, 0, 0), 450))).sample
    box, under, over = sample.instances
    others: Any = (replace(box, id=4), replace(under, id=5, on=4), None)
    many = replace(sample, instances=(box, under, over, *others))
    assert not many.visible_mask(under, whole(sample)).any()
    assert np.array_equal(many.visible_mask(over, whole(sample)), sample.amodal_mask(over.id))
    assert boxes_of(sample.ids, 2) == [measure(sample)[0].box_xyxy, None]
    expected = np.where(sample.ids > 0, box.category + 1, 0)
    expected[sample.amodal_mask(over.id)] = over.category + 1
    assert np.array_equal(semantic_ids(sample, (), 3), expected)
