"""Depth files, compared with the analytic depth of a floor, a wall and a sphere."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from scenes.assets.shapes import sphere
from scenes.cameras.camera import ImageSettings
from scenes.spec import Wall
from sim.sample import Sample
from sim2coco import Recipe, generate
from sim2coco.codec import encode_depth
from sim2coco.labels import files_of
from sim2coco.records import picture_files
from sim2coco.review.dataset import DataSet
from tests.rig import GREY, RENDERS, Picture, Rig, camera_at, catalogue_of, rays, shot, sphere_depth, still

CENTER_M, RADIUS_M = (0.0, 0.0, 0.1), 0.1
CAMERA = camera_at((0.9, 0.2, 0.3), (0.0, 0.0, 0.15), 150.0)
WITH_DEPTH = ImageSettings(extra=("depth",))


def decoded(content: bytes) -> NDArray[Any]:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED))


def depth_file(picture: Picture, **settings: Any) -> NDArray[Any]:
    """The values in the depth file of an image."""
    image, depth = files_of(
        ImageSettings(extra=("depth",), **settings), still(), shot(CAMERA), 0, picture.sample
    ).items()
    assert (image[0], depth[0]) == ("images/train/s000000_v00.jpg", "depth/train/s000000_v00.png")
    return decoded(depth[1])


def away_from_edges(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a mask that are at least two pixels from its edge."""
    return cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0


@pytest.mark.parametrize("render", list(RENDERS))
def test_depth_is_that_of_floor_wall_and_sphere(rig: Callable[..., Rig], render: str) -> None:
    drawn = rig(catalogue_of({"ball": sphere(RADIUS_M)}), RENDERS[render])
    settled = still(drawn.body("ball", CENTER_M), floor=GREY)
    settled = replace(settled, walls=(Wall(GREY, np.pi, 0.8, -5.0, 5.0, 0.4),))
    depth_mm = depth_file(drawn.shoot(settled, shot(CAMERA)))
    ball = sphere_depth(CAMERA, CENTER_M, RADIUS_M)
    ray, eye = rays(CAMERA), np.array(CAMERA.pose.position_m)
    with np.errstate(divide="ignore"):
        floor, wall = np.where(ray[..., 2] < 0, -eye[2] / ray[..., 2], np.inf), (-0.8 - eye[0]) / ray[..., 0]
    wall = np.where((wall > 0) & (eye[2] + wall * ray[..., 2] <= 0.4), wall, np.inf)
    depths = np.stack([ball, floor, wall])
    seen, expected = depths.argmin(axis=0), 1000 * depths.min(axis=0)
    assert depth_mm.dtype == np.uint16
    for surface in range(3):
        inside = away_from_edges((seen == surface) & np.isfinite(expected))
        assert np.count_nonzero(inside) > 400
        assert (np.abs(depth_mm[inside] - expected[inside]) <= 1 + 0.005 * expected[inside]).all()
    beyond = away_from_edges(~np.isfinite(expected))
    assert np.count_nonzero(beyond) > 400
    assert not depth_mm[beyond].any()


@pytest.mark.parametrize(
    ("depth_m", "scale_mm", "value"),
    [
        (1.2344, 1.0, 1234),
        (1.2346, 1.0, 1235),
        (65.535, 1.0, 65535),
        (65.536, 1.0, 0),  # too far for the file
        (65.536, 10.0, 6554),
        (0.4, 0.1, 4000),
        (np.inf, 1.0, 0),
    ],
)
def test_steps_of_a_depth_file(depth_m: float, scale_mm: float, value: int) -> None:
    content = encode_depth(np.full((3, 5), depth_m, np.float32), scale_mm)
    assert (decoded(content) == np.full((3, 5), value, np.uint16)).all()


def test_depth_is_asked_for_once_and_by_name() -> None:
    assert ImageSettings.parse({"extra": ["depth"]}) == WITH_DEPTH
    assert ImageSettings.parse({"extra": "depth"}) == WITH_DEPTH
    with pytest.raises(ValidationError, match="lists a file twice"):
        ImageSettings.parse({"extra": ["depth", "depth"]})
    with pytest.raises(ValidationError, match="'depth'"):
        ImageSettings.parse({"extra": ["flow"]})


def test_depth_follows_an_augmentation(tmp_path: Path) -> None:
    """A flip moves the depth with the image, so that copy and view are mirror images of each other."""
    flip = {"geometry": {"flip": {"name": "HorizontalFlip", "p": 1.0}}, "pixels": {}, "copies": 1}
    tree = {
        "assets": {"categories": {"box": {"shape": "box", "size_m": 0.08}}},
        "image": {"width": 64, "height": 48, "format": "png", "extra": ["depth"]},
        "augment": {**flip, "splits": ["train"]},
        "split": {"train": 1.0},
        "views": 1,
    }
    data = DataSet(generate(Recipe.parse(tree), tmp_path / "data", 1).out)
    plain, copy = (picture_files(record.split, picture) for record, _, picture in data.pictures())
    for first, second in zip(plain, copy, strict=True):
        before, after = (decoded(data.store.get(name)) for name in (first, second))
        assert before.any()
        assert np.array_equal(before[:, ::-1], after)


def test_the_box_of_a_mesh_is_recorded(rig: Callable[..., Rig]) -> None:
    mesh = sphere(RADIUS_M)
    drawn = rig(catalogue_of({"ball": mesh}))
    sample: Sample = drawn.shoot(still(drawn.body("ball", CENTER_M, scale=0.5)), shot(CAMERA)).sample
    box_m = sample.instances[0].box_m
    assert box_m is not None
    np.testing.assert_allclose(box_m, [mesh.vertices_m.min(axis=0), mesh.vertices_m.max(axis=0)], atol=1e-12)
