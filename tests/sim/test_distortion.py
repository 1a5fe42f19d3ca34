"""Images of distorting lenses: labels are those of rays through pixel centres, undistorted by OpenCV."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box, sphere
from scenes.cameras.intrinsics import border_of
from scenes.distortion import lens_for
from scenes.shot import Camera
from scenes.spec import Look
from sim.render.raster.rays import pixel_rays
from sim.render.raster.surfacenormals import surface_normals
from tests.rig import GREY, RENDERS, Rig, camera_at, catalogue_of, centroid, iou, shot, still

Array = NDArray[np.float64]
RADIUS_M = 0.15
COLORS = ((0.9, 0.1, 0.1), (0.0, 0.3, 0.9))
LENSES: dict[str, tuple[Any, tuple[float, ...], float]] = {
    "barrel": ("brown", (-0.28, 0.09, 0.001, -0.0005, 0.0, 0.0, 0.0, 0.0), 260.0),
    "pincushion": ("brown", (0.12, 0.02, -0.001, 0.0, 0.0, 0.0, 0.0, 0.0), 300.0),
    "rational": ("brown", (0.4, 0.1, 0.0005, 0.001, 0.01, 0.7, 0.2, 0.02), 260.0),
    "fisheye": ("fisheye", (0.02, -0.01, 0.003, -0.0005), 170.0),
    "none of it": ("brown", (0.0,) * 8, 260.0),
}


def lensed(camera: Camera, name: str) -> Camera:
    kind, coefficients, focal_px = LENSES[name]
    camera = replace(camera, fx=focal_px, fy=0.97 * focal_px, cx=camera.cx + 3.25, cy=camera.cy - 2.5)
    lens = lens_for(kind, coefficients, border_of(camera))
    assert not lens.folds
    return replace(camera, distortion=lens)


def rays(camera: Camera) -> Array:
    """Directions (H, W, 3) in the camera frame, at depth 1, of the pixel centres; by OpenCV."""
    assert camera.distortion is not None
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    points = np.stack([columns, rows], axis=-1).reshape(-1, 1, 2).astype(np.float64)
    matrix = np.array([[camera.fx, 0, camera.cx - 0.5], [0, camera.fy, camera.cy - 0.5], [0, 0, 1.0]])
    numbers = np.array(camera.distortion.coefficients)
    ends = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
    if camera.distortion.kind == "fisheye":
        flat = cv2.fisheye.undistortPoints(points, matrix, numbers, criteria=ends)
    else:
        flat = cv2.undistortPointsIter(points, matrix, numbers, np.eye(3), np.eye(3), ends)
    flat = flat.reshape(camera.height, camera.width, 2)
    return np.concatenate([flat, np.ones((*flat.shape[:2], 1))], axis=-1)


def sphere_depth(camera: Camera, center_m: Any) -> Array:
    """Depth (H, W) at which each ray meets a sphere of `RADIUS_M`; infinite if it does not."""
    toward = camera.pose.apply_inverse(np.array([center_m], float))[0]
    ray = rays(camera)
    along, squared = ray @ toward, (ray**2).sum(axis=-1)
    root = along**2 - squared * (toward @ toward - RADIUS_M**2)
    return np.where(root >= 0, (along - np.sqrt(np.maximum(root, 0))) / squared, np.inf)


def test_a_sphere_is_the_distorted_disc_anywhere_in_the_image(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 96)}))
    settled = still(made.body("sphere", (0.0, 0.0, 0.0)))
    for name in LENSES:
        for target in ((0.0, 0.0, 0.0), (0.3, 0.0, 0.2), (-0.32, 0.0, -0.28)):
            camera = lensed(camera_at((0.0, -0.9, 0.0), target, 1.0, (320, 240)), name)
            gbuffer = made.renderer.rasterise(settled, shot(camera))
            depth_m = sphere_depth(camera, (0.0, 0.0, 0.0))
            seen, disc = gbuffer.body == 0, np.isfinite(depth_m)
            assert np.count_nonzero(disc) > 500, name
            assert iou(seen, disc) >= 0.997, name
            assert np.linalg.norm(centroid(seen) - centroid(disc)) < 0.05, name
            both = seen & disc
            error_m = np.abs(gbuffer.depth_m[both] - depth_m[both])
            assert np.mean(error_m < 0.005 * depth_m[both] + 0.001) > 0.995, name


def in_cuboid(camera: Camera, low_m: Any, high_m: Any) -> NDArray[np.bool_]:
    """The pixels (H, W) whose rays meet a cuboid along the axes of the world."""
    eye, turn = np.array(camera.pose.position_m), camera.pose.rotation()
    with np.errstate(divide="ignore"):
        ends = (np.stack([low_m, high_m]) - eye)[:, None, None] / (rays(camera) @ turn.T)
    return np.asarray(ends.min(axis=0).max(axis=-1) < ends.max(axis=0).min(axis=-1))


@pytest.mark.parametrize("name", ["barrel", "fisheye"])
def test_boxes_on_a_floor_hide_each_other_as_rays_tell(rig: Callable[..., Rig], name: str) -> None:
    made = rig(catalogue_of({"box": box(0.2, 0.1, 0.3)}))
    places = [(-0.25, 0.0), (0.05, 0.2), (0.0, -0.12), (0.62, 0.1)]
    bodies = [made.body("box", (x, y, 0.15)) for x, y in places]
    camera = lensed(camera_at((0.0, -0.75, 0.45), (0.05, 0.0, 0.1), 1.0, (320, 240)), name)
    sample = made.shoot(still(*bodies, floor=GREY), shot(camera)).sample
    covers = [in_cuboid(camera, (x - 0.1, y - 0.05, 0), (x + 0.1, y + 0.05, 0.3)) for x, y in places]
    for instance, cover in zip(sample.instances, covers, strict=True):
        assert iou(sample.amodal_mask(instance.id), cover) >= 0.999
    order = (2, 0, 3, 1)  # from near to far
    for place, index in enumerate(order):
        hidden = np.logical_or.reduce([covers[near] for near in order[:place]] or [covers[index] & False])
        assert iou(sample.ids == index + 1, covers[index] & ~hidden) >= 0.999
    floor = ~np.logical_or.reduce(covers) & (sample.depth_m < 50)
    down = (rays(camera) @ camera.pose.rotation().T)[..., 2]
    assert np.count_nonzero(floor) > 10_000
    np.testing.assert_allclose(sample.depth_m[floor], (-0.45 / down)[floor], rtol=1e-5)
    cut = sample.instances[3]
    assert (cut.whole_xyxy[2] > 320) == (name == "barrel") == (0.02 < cut.truncation < 0.98)


def test_the_whole_of_a_body_is_that_of_a_larger_image(rig: Callable[..., Rig]) -> None:
    """Inside the circle to which the formula holds, another image with the same lens shows the same."""
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 64)}))
    settled = still(made.body("sphere", (0.4, 0.0, 0.0)))
    large = lensed(camera_at((0.0, -0.9, 0.0), (0.0, 0.0, 0.0), 1.0, (320, 240)), "barrel")
    part = replace(large, width=260)  # the circle of the large image holds for both
    cut, whole = (made.shoot(settled, shot(camera)).sample.instances[0] for camera in (part, large))
    assert 0.1 < cut.truncation < 0.9
    assert (cut.whole_px, cut.whole_xyxy) == (whole.whole_px, whole.whole_xyxy)


@pytest.mark.parametrize("render", ["relit", "tiny"])
def test_a_lens_without_distortion_labels_and_shows_what_a_pinhole_does(
    rig: Callable[..., Rig], render: str
) -> None:
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 64), "box": box(0.2, 0.1, 0.3)}), RENDERS[render])
    bodies = [made.body("box", (-0.2, 0.0, 0.15)), made.body("sphere", (0.1, 0.1, 0.15))]
    bodies = [replace(body, look=Look(color)) for body, color in zip(bodies, COLORS, strict=True)]
    camera = lensed(camera_at((0.0, -0.9, 0.4), (0.0, 0.0, 0.1), 1.0, (320, 240)), "none of it")
    settled = still(*bodies, floor=GREY)
    bent, plain = (made.shoot(settled, shot(view)) for view in (camera, replace(camera, distortion=None)))
    assert np.mean(bent.sample.ids != plain.sample.ids) < 2e-4
    for one, other in zip(bent.sample.instances, plain.sample.instances, strict=True):
        assert np.abs(np.subtract(one.whole_xyxy, other.whole_xyxy)).max() <= 1
        assert one.whole_px == pytest.approx(other.whole_px, rel=2e-3)
        np.testing.assert_allclose(one.outermost_m, other.outermost_m, atol=1e-9)
    off = np.abs(bent.frame.image.astype(int) - plain.frame.image)
    assert off.mean() < 0.6
    # Away from edges it is the same light, from pixels that lie elsewhere by a fraction of a pixel.
    inner = cv2.erode((bent.sample.ids == 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert np.percentile(off[inner], 99) <= 2


@pytest.mark.parametrize("name", ["barrel", "fisheye"])
def test_edges_of_the_image_are_those_of_its_masks(rig: Callable[..., Rig], name: str) -> None:
    """A glowing sphere on black: the share of its light in the image is its share of the pixels."""
    made = rig(catalogue_of({"sphere": sphere(RADIUS_M, 64)}))
    settled = still(replace(made.body("sphere", (0.25, 0.0, 0.15)), look=Look((1.0, 0.0, 0.0))), floor=GREY)
    camera = lensed(camera_at((0.0, -0.9, 0.3), (0.0, 0.0, 0.1), 1.0, (320, 240)), name)
    picture = made.shoot(settled, shot(camera))
    image = picture.frame.image.astype(int)
    red = image[..., 0] - image[..., 1] > 30
    mask = picture.sample.ids == 1
    assert iou(red, mask) > 0.97
    assert np.linalg.norm(centroid(red) - centroid(mask)) < 0.2
    middle = camera.pose.apply_inverse(np.array([[0.25, 0.0, 0.15]]))[0]
    outward = rays(camera)[mask] * picture.sample.depth_m[mask, None] - middle
    normals = surface_normals(made.files, settled, camera, picture.gbuffer)
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    off = np.einsum("ni,ni->n", normals[mask], outward)
    assert np.percentile(np.degrees(np.arccos(np.clip(off, -1, 1))), 99) < 1


def test_views_share_the_rays_of_their_pixels() -> None:
    one = lensed(camera_at((0.0, -0.9, 0.3), (0.0, 0.0, 0.1), 1.0, (64, 48)), "barrel")
    other = lensed(camera_at((0.5, -0.2, 0.7), (0.0, 0.0, 0.1), 1.0, (64, 48)), "barrel")
    assert pixel_rays(one) is pixel_rays(other)
    assert pixel_rays(replace(one, fx=one.fx + 1)) is not pixel_rays(one)
