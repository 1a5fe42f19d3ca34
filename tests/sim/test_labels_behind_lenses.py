"""Keypoints, boxes in space and truncation behind a distorting lens are those of OpenCV's projection."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box
from scenes.geometry import quaternion
from scenes.shot import Camera
from sim2coco.datasets.labelled import Label, LabelledImage, Solid
from sim2coco.export.boxes3d import box_3d
from tests.extrasdata import BOX_M, CORNERS
from tests.rig import Rig, camera_at, catalogue_from, catalogue_of, shot, still
from tests.sim.test_distortion import in_cuboid, lensed

Array = NDArray[np.float64]
NAMES = ("barrel", "pincushion", "rational", "fisheye")
TILTED = quaternion(np.asarray(cv2.Rodrigues(np.array([0.4, -0.7, 0.5]))[0], np.float64))
MARGIN = 40
"""Columns on both sides of an image that OpenCV's formula still holds for."""


def projected(camera: Camera, points_m: Array) -> Array:
    """Pixel coordinates (n, 2) of points in the camera frame, by OpenCV."""
    assert camera.distortion is not None
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    project = cv2.fisheye.projectPoints if camera.distortion.kind == "fisheye" else cv2.projectPoints
    numbers = np.array(camera.distortion.coefficients)
    places, _ = project(points_m.reshape(-1, 1, 3), np.zeros(3), np.zeros(3), matrix, numbers)
    return np.asarray(places, np.float64).reshape(-1, 2)


def edges(corners: Array) -> Array:
    """Points close to each other on all edges of a box with corners (8, 3), x slowest and z fastest."""
    shares = np.linspace(0, 1, 257)[:, None]
    pairs = [(i, i | bit) for bit in (1, 2, 4) for i in range(8) if not i & bit]
    return np.concatenate([corners[i] * (1 - shares) + corners[j] * shares for i, j in pairs])


@pytest.mark.parametrize("name", NAMES)
def test_keypoints_and_corners_in_space_are_projected_as_by_opencv(
    rig: Callable[..., Rig], name: str
) -> None:
    category = {"box": {"shape": "box", "size_m": 0.08, "keypoints": CORNERS}}
    drawn = rig(catalogue_from(category))
    at_m = np.array([0.09, 0.0, -0.06])
    body = drawn.body("box", at_m, TILTED)
    camera = lensed(camera_at((0.0, -0.3, 0.0), (0.0, 0.0, 0.0), 1.0, (320, 240)), name)
    (instance,) = drawn.shoot(still(body), shot(camera)).sample.instances
    corners_m = camera.pose.apply_inverse(body.pose.apply(np.array(list(CORNERS.values()))))
    expected = projected(camera, corners_m)
    straight = corners_m[:, :2] / corners_m[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    assert np.abs(expected - straight).max() > 2
    places = np.array(instance.keypoints)
    assert places[:, 2].all()
    assert np.abs(places[:, :2] - expected).max() < 0.01

    low, high = np.negative(BOX_M), np.array(BOX_M)
    box_m = (tuple(low.tolist()), tuple(high.tolist()))
    solid = Solid("box@1", instance.pose, 1.0, 1, (0.0, 0.0, 1.0, 1.0), box_m=box_m)
    label = Label(0, (0.0, 0.0, 1.0, 1.0), 1.0, None, solid=solid)
    image = LabelledImage("train", "a.png", Path("a.png"), 320, 240, (label,), camera=camera)
    found = box_3d(image, label)
    assert np.abs(np.array(found["bbox3d_m"]) - corners_m).max() < 1e-5
    assert np.abs(np.array(found["bbox3d_px"]) - expected).max() < 0.01

    outline = projected(camera, edges(corners_m))
    spanned = np.concatenate([outline.min(axis=0), outline.max(axis=0)])
    assert np.abs(spanned - instance.whole_xyxy).max() < 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [-1, 1])
def test_truncation_is_the_share_of_rays_beside_the_image(
    rig: Callable[..., Rig], name: str, side: int
) -> None:
    drawn = rig(catalogue_of({"box": box(0.1, 0.06, 0.2)}))
    camera = lensed(camera_at((0.0, -0.9, 0.0), (0.0, 0.0, 0.0), 1.0, (320, 240)), name)
    border = projected(camera, np.array([[side * x, 0.0, 0.9] for x in np.linspace(0.2, 1.2, 1001)]))
    at = np.searchsorted(side * (border[:, 0] - 160), 160)  # where the lens shows the border of the image
    middle = np.array([side * (0.2 + at / 1000), 0.0, 0.0])
    (instance,) = drawn.shoot(still(drawn.body("box", middle)), shot(camera)).sample.instances
    wide = replace(camera, width=320 + 2 * MARGIN, cx=camera.cx + MARGIN)
    half = np.array([0.05, 0.03, 0.1])
    whole = in_cuboid(wide, middle - half, middle + half)
    inside = whole[:, MARGIN:-MARGIN]
    assert not whole[:, [0, -1]].any()
    truncation = 1 - np.count_nonzero(inside) / np.count_nonzero(whole)
    assert 0.1 < truncation < 0.9
    assert instance.truncation == pytest.approx(truncation, abs=0.005)
    rows, columns = np.nonzero(whole)
    box_px = [columns.min() - MARGIN, rows.min(), columns.max() + 1 - MARGIN, rows.max() + 1]
    assert np.abs(np.subtract(instance.whole_xyxy, box_px)).max() <= 1
