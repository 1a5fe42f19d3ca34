"""A rolling shutter: edges are as slanted as the formula says, and labels and image agree row by row."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.shapes import box, sphere
from scenes.cameras.camera import Shell
from scenes.cameras.intrinsics import border_of
from scenes.distortion import lens_for
from scenes.drift import with_drift
from scenes.shot import Camera, Motion
from scenes.spec import Look
from sim.render.raster.rays import pixel_rays
from sim.render.sensor.motion import moved_camera
from sim.render.sensor.rolling import is_rolling, projected
from sim.render.settings import Relit
from tests.rig import GREY, Rig, aimed, camera_at, catalogue_of, iou, shot, sphere_depth, still

VIEW = camera_at((0.0, -1.0, 0.1), (0.0, 0.0, 0.1), 200)
LEVEL = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)
BOUNDS = ((0.1, 0.0, 0.05), 0.2)


def ready(rig: Callable[..., Rig]) -> Rig:
    return rig(catalogue_of({"box": box(0.12, 0.12, 0.9), "ball": sphere(0.06, 48)}), Relit())


def rows_exposed(camera: Camera, motion: Motion) -> list[Camera]:
    """The camera at the exposure of the middle of each row."""
    rows = (np.arange(camera.height) + 0.5) / camera.height - 0.5
    return [moved_camera(camera, motion, motion.readout * row) for row in rows.tolist()]


@pytest.mark.parametrize(("skew_px", "turning"), [(12.0, True), (-20.0, False)], ids=["turn", "shift"])
def test_a_vertical_edge_has_the_slope_of_its_motion(
    rig: Callable[..., Rig], skew_px: float, turning: bool
) -> None:
    """While all rows are read, the edge moves by `skew_px`: its slope is that, divided by the rows."""
    made = ready(rig)
    scene = still(made.body("box", (0, 0.06, 0.1)))  # its front is at y = 0, 1 m from the camera
    skew = skew_px / VIEW.fx
    shift, turn = (
        ((0.0, 0.0, 0.0), (0.0, -skew / 16, 0.0)) if turning else ((-skew / 16, 0.0, 0.0), (0.0,) * 3)
    )
    motion = Motion(shift, turn, 1, readout=16.0, bands=int(4 * abs(skew_px)))
    picture = made.shoot(scene, replace(shot(VIEW), motion=motion))
    left, right = (
        np.array([row.argmax() for row in side])
        for side in (picture.sample.ids > 0, picture.sample.ids[:, ::-1] > 0)
    )
    rows = np.arange(VIEW.height)
    for places, sign in ((left, 1), (right, -1)):
        slope = np.polyfit(rows, places, 1)[0] * sign
        assert slope * VIEW.height == pytest.approx(skew_px, rel=0.03)
    assert left[60] == VIEW.width / 2 - 12  # the middle row has the pose of the camera
    grey = picture.frame.image[..., 1].astype(int)
    step = np.abs(np.diff(grey, axis=1))[:, :80].argmax(axis=1) + 1
    assert np.abs(step - left).max() <= 1


MOTION = Motion((0.03, 0.01, 0.02), (0.01, 0.02, 0.03), 1, readout=2.0, bands=70)


def test_each_row_of_labels_and_depth_is_that_of_its_camera(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    at = (0.05, -0.05, 0.06)
    sample = made.shoot(still(made.body("ball", at)), replace(shot(LEVEL), motion=MOTION)).sample
    depth_m = np.stack(
        [sphere_depth(there, at, 0.06)[row] for row, there in enumerate(rows_exposed(LEVEL, MOTION))]
    )
    inside = np.isfinite(depth_m)
    still_there = np.isfinite(sphere_depth(LEVEL, at, 0.06))
    assert iou(sample.ids > 0, inside) > 0.98 > iou(still_there, inside) + 0.02
    assert (sample.amodal_mask(1) == (sample.ids > 0)).all()
    both = inside & (sample.ids > 0)
    assert np.abs(sample.depth_m[both] / depth_m[both] - 1).max() < 0.01
    assert sample.instances[0].whole_px == np.count_nonzero(sample.ids)


def test_a_lens_bends_the_rows_of_a_rolling_shutter(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    at = (0.05, -0.05, 0.06)
    wide = replace(LEVEL, fx=120.0, fy=120.0)
    bent = replace(wide, distortion=lens_for("fisheye", (0.02, -0.01, 0.0, 0.0), border_of(wide)))
    black = made.body("ball", at, look=Look((0.0, 0.0, 0.0)))
    picture = made.shoot(still(black), replace(shot(bent), motion=MOTION))
    ray = np.concatenate([pixel_rays(bent), np.ones((bent.height, bent.width, 1))], axis=-1)
    inside = np.zeros((bent.height, bent.width), np.bool_)
    for row, there in enumerate(rows_exposed(bent, MOTION)):
        toward = there.pose.apply_inverse(np.array([at]))[0]
        along, squared = ray[row] @ toward, (ray[row] ** 2).sum(axis=-1)
        inside[row] = along**2 >= squared * (toward @ toward - 0.06**2)
    assert iou(picture.sample.ids > 0, inside) > 0.98
    box = picture.sample.instances[0].whole_xyxy
    tight = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    assert np.abs(np.array(box) - [tight[0][0], tight[1][0], tight[0][-1] + 1, tight[1][-1] + 1]).max() <= 1
    grey = picture.frame.image[..., 1].astype(float)
    assert iou(grey < (grey[inside].mean() + grey[~inside].mean()) / 2, inside) > 0.95


def test_a_body_that_is_cut_off_has_the_box_and_the_area_of_the_whole(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    tall = replace(LEVEL, height=240, cy=LEVEL.cy + 60)
    at = (0.3, -0.3, 0.06)
    motion = replace(MOTION, readout=1.0, bands=35)
    # The same rows at the same times, with more of them above and below.
    taller = replace(MOTION, readout=2.0, bands=70)
    cut = made.shoot(still(made.body("ball", at)), replace(shot(LEVEL), motion=motion)).sample
    free = made.shoot(still(made.body("ball", at)), replace(shot(tall), motion=taller)).sample
    (own,), (other,) = cut.instances, free.instances
    assert 0.1 < own.truncation < 0.9
    assert own.whole_px == pytest.approx(other.whole_px, rel=0.03)
    assert iou(cut.ids > 0, free.ids[60:180] > 0) > 0.98
    assert np.abs(np.array(own.whole_xyxy) - np.array(other.whole_xyxy) + (0, 60, 0, 60)).max() <= 2


def test_points_are_seen_in_the_row_whose_camera_sees_them_there() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    points = rng.uniform(-0.25, 0.25, (200, 3)) * (1, 1, 0.3)
    pixels = projected(LEVEL, MOTION, points)
    for point, (x, y) in zip(points, pixels.tolist(), strict=True):
        time = MOTION.readout * (np.clip(y, 0, LEVEL.height) / LEVEL.height - 0.5)
        seen, _ = moved_camera(LEVEL, MOTION, float(time)).project(point[None])
        np.testing.assert_allclose(seen[0], (x, y), atol=0.15)


def test_motion_that_asks_for_hundreds_of_bands_is_refused_by_its_keys() -> None:
    Shell.parse({"motion_px": [2, 8], "sensor": {"readout": 8.0}})
    with pytest.raises(ValueError, match=r"motion_px times sensor\.readout is 72 px; the maximum is 64"):
        Shell.parse({"motion_px": [2, 9], "sensor": {"readout": 8.0}})


def test_bands_are_narrow_enough_for_every_object() -> None:
    """From one band to the next, no point of the bounding sphere moves by more than a quarter of a pixel."""
    kind = Shell.parse({"motion_px": [2, 6], "sensor": {"readout": [1, 4]}})
    rng = np.random.Generator(np.random.PCG64(1))
    around = rng.normal(size=(300, 3))
    points = BOUNDS[0] + BOUNDS[1] * around / np.linalg.norm(around, axis=1, keepdims=True)
    for view in range(20):
        motion = kind.motion(aimed(0, view), LEVEL, BOUNDS)
        assert is_rolling(motion)
        step = motion.readout / motion.bands
        one, other = (moved_camera(LEVEL, motion, share * step).project(points)[0] for share in (-0.5, 0.5))
        seen = ((one > 0) & (one < (LEVEL.width, LEVEL.height))).all(axis=1)
        if motion.bands < LEVEL.height:
            assert np.linalg.norm(one - other, axis=1)[seen].max() <= 0.26
    assert Shell.parse({"motion_px": 3}).motion(aimed(0, 0), LEVEL, BOUNDS).bands == 1  # type: ignore[union-attr]  # not None


@pytest.mark.parametrize("length_px", [0.0, 1.5], ids=["still", "moving"])
def test_a_drift_keeps_the_readout_and_adds_bands(length_px: float) -> None:
    kind = Shell.parse({"motion_px": length_px, "sensor": {"readout": 2.0}})
    own = kind.motion(aimed(0, 1), LEVEL, BOUNDS)
    assert own is not None
    motion = with_drift(own, (0.01, 0.005, 0.0), LEVEL, BOUNDS)
    assert motion is not None
    assert motion.readout == 2.0
    assert own.bands < motion.bands < LEVEL.height
    rng = np.random.Generator(np.random.PCG64(1))
    around = rng.normal(size=(300, 3))
    points = BOUNDS[0] + BOUNDS[1] * around / np.linalg.norm(around, axis=1, keepdims=True)
    step = motion.readout / motion.bands
    one, other = (moved_camera(LEVEL, motion, share * step).project(points)[0] for share in (-0.5, 0.5))
    assert np.linalg.norm(one - other, axis=1).max() <= 0.26
    stopped = with_drift(own, None, LEVEL, BOUNDS)
    assert stopped == (own if length_px else None)


def test_without_readout_nothing_changes(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    scene = still(made.body("ball", (0.05, -0.05, 0.06)), floor=GREY)
    blurred = replace(shot(LEVEL), motion=replace(MOTION, frames=3, readout=0.0, bands=1))
    assert not is_rolling(blurred.motion)
    slow = replace(shot(LEVEL), motion=replace(MOTION, frames=3, readout=1e-6, bands=40))
    one, other = made.shoot(scene, blurred), made.shoot(scene, slow)
    assert (one.sample.ids == other.sample.ids).mean() > 0.9999
    # Bands of three rows show no lines: shading sees the rows around them.
    difference = np.abs(one.frame.image.astype(int) - other.frame.image)
    assert difference.mean() < 0.2
    assert difference[one.sample.ids > 0].max() < 20
