"""The kinds `bin`, `clutter` and `conveyor`: where objects are released, and what there is around them."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.drift import with_drift
from scenes.furnishing.wire import layers, panel
from scenes.geometry import Pose
from scenes.kinds.bin import Bin
from scenes.kinds.clutter import Clutter
from scenes.kinds.conveyor import Conveyor
from scenes.scene import Scene
from scenes.shot import Motion
from scenes.spec import Body, SceneSpec
from sim.render.sensor.motion import moved_camera
from tests.rig import UPRIGHT, camera_at, streams

CATEGORIES = {name: {"shape": name, "size_m": [0.05, 0.1]} for name in ("box", "bolt", "sphere")}
CATALOGUE = load_catalogue(Assets.parse({"categories": CATEGORIES}), None, Bin().furniture)
UNIT_M = CATALOGUE.typical_size_m
HALF = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])


def drawn(scene: Scene, index: int = 0) -> SceneSpec:
    return scene.draw(index, "train", 0, CATALOGUE, streams(index))


def of_role(spec: SceneSpec, role: str) -> list[Body]:
    return [body for body in spec.bodies if body.role == role]


def centres(spec: SceneSpec) -> np.ndarray[Any, Any]:
    return np.array([body.pose.position_m for body in of_role(spec, "object")])


@pytest.mark.parametrize("wire", [0.0, 1.0], ids=["solid", "wire"])
@pytest.mark.parametrize("tilt_deg", [0.0, 15.0])
def test_a_bin_stands_on_the_floor_and_its_region_is_between_its_walls(wire: float, tilt_deg: float) -> None:
    settings = {"wire": wire, "tilt_deg": tilt_deg, "rim": 0.0}
    sizes_m = {"length_m": 0.6, "width_m": 0.4, "height_m": 0.2}
    spec = drawn(Bin.parse({"kind": "bin", "empty_share": 0.0, "bin": settings | sizes_m}), 3)
    corners = np.concatenate([body.apply(HALF) for body in of_role(spec, "furniture")])
    assert corners[:, 2].min() == pytest.approx(0, abs=1e-9)
    assert spec.physics is not None
    assert spec.physics.region is not None
    local = spec.physics.region.pose.apply_inverse(corners)
    half = np.array(spec.physics.region.half_m)
    walls = local[np.abs(local[:, 2]) <= half[2] + 0.05]
    assert np.abs(walls[:, :2]).max(axis=0) == pytest.approx(half[:2], abs=1e-9)
    assert (half[:2] > np.array([0.3, 0.2])).all()


@pytest.mark.parametrize("length_m", [2.0, 5.0, 9.0])
def test_wires_have_the_given_gap_and_are_square(length_m: float) -> None:
    for name, scale, _ in panel(Pose((0.0, 0.0, 0.0), UPRIGHT), length_m, length_m, 0.3):
        assert isinstance(scale, tuple)
        sides_m = np.unique(layers()[name].vertices_m[:, 0]) * scale[0]
        widths_m, free_m = sides_m[1::2] - sides_m[::2], sides_m[2::2] - sides_m[1:-1:2]
        np.testing.assert_allclose(widths_m.mean() + free_m, 0.3, rtol=0.1)
        np.testing.assert_allclose(widths_m, scale[2], rtol=0.12)


@pytest.mark.parametrize("index", range(8))
def test_objects_are_released_inside_the_bin(index: int) -> None:
    spec = drawn(Bin.parse({"kind": "bin", "empty_share": 0.0, "bin": {"tilt_deg": 0.0}}), index)
    assert spec.physics is not None
    assert spec.physics.region is not None
    assert spec.physics.region.contains(centres(spec)).all()


def test_the_fill_level_decides_how_many_objects_there_are() -> None:
    def number(level: float, index: int) -> int:
        settings: dict[str, Any] = {"fill_level": level, "num_objects": [1, 200], "empty_share": 0.0}
        return len(of_role(drawn(Bin.parse({"kind": "bin", **settings}), index), "object"))

    few, many = (sum(number(level, index) for index in range(8)) for level in (0.2, 0.8))
    assert many / few == pytest.approx(4, rel=0.25)
    spec = drawn(Bin(fill_level=None, num_objects=(7, 7), empty_share=0.0))
    assert len(of_role(spec, "object")) == 7


def test_an_empty_bin_is_still_a_bin() -> None:
    spec = drawn(Bin(empty_share=1.0, num_distractors=(0, 0)))
    assert len(of_role(spec, "furniture")) == len(spec.bodies) >= 5


def test_clutter_is_as_dense_as_it_says() -> None:
    for density in (0.5, 2.0):
        spec = drawn(Clutter(density=(density, density), num_objects=(40, 40), empty_share=0.0))
        reach_m = float(np.linalg.norm(centres(spec)[:, :2], axis=1).max())
        assert reach_m == pytest.approx(UNIT_M * np.sqrt(40 / density / np.pi), rel=0.2)


def test_objects_on_a_belt_lie_one_after_the_other_between_the_rails() -> None:
    scene = Conveyor(lanes=(1, 1), spacing=(0.5, 0.5), num_objects=(6, 6), empty_share=0.0)
    spec = drawn(scene)
    assert spec.drift_m is None
    assert spec.physics is not None
    assert spec.physics.region is not None
    region = spec.physics.region
    local = region.pose.apply_inverse(centres(spec))
    assert region.contains(centres(spec)).all()
    for one, other in pairwise(sorted(local[:, 0].tolist())):
        assert other - one >= 0.5 * UNIT_M
    belt, *frame = of_role(spec, "furniture")
    assert belt.axes[0] / 2 > np.abs(local[:, 0]).max() + 2.5 * UNIT_M
    assert len(frame) == 6


def test_the_drift_of_a_belt_is_speed_times_exposure_along_it() -> None:
    scene = Conveyor(speed_m_s=(0.5, 0.5), exposure_ms=(8.0, 8.0))
    spec = drawn(scene)
    assert spec.drift_m is not None
    (belt, *_) = of_role(spec, "furniture")
    np.testing.assert_allclose(spec.drift_m, 0.004 * belt.pose.rotation()[:, 0], atol=1e-12)


@pytest.mark.parametrize(
    "own", [None, Motion((0.001, 0.0, 0.0), (0.0, 0.0, 0.002), 5)], ids=["alone", "added"]
)
def test_a_drift_moves_points_in_the_image_as_if_they_moved(own: Motion | None) -> None:
    camera, drift_m = camera_at((0.3, -0.4, 1.2), (0.05, 0.0, 0.1), 300.0), (0.01, 0.02, 0.0)
    point = np.array([[0.04, 0.03, 0.1]])
    motion = with_drift(own, drift_m, camera, ((0.05, 0.0, 0.1), 0.1))
    assert motion is not None
    assert motion.frames % 2 == 1
    for fraction in (-0.5, 0.0, 0.5):
        seen = moved_camera(camera, motion, fraction).project(point)[0]
        alone = camera if own is None else moved_camera(camera, own, fraction)
        moved = alone.project(point + fraction * np.array(drift_m))[0]
        np.testing.assert_allclose(seen, moved, atol=0.01)
    assert with_drift(own, None, camera, ((0.0, 0.0, 0.0), 0.1)) is own
    still = replace(camera, pose=Pose((0.0, 0.0, -1.0), UPRIGHT))
    assert with_drift(None, (0.0, 1.0, 0.0), still, ((0.0, 0.0, 0.0), 0.1)) is not None


def test_wide_objects_take_several_lanes_so_that_none_starts_on_another() -> None:
    belt = {"width": [2.0, 3.0], "height": 1.0}
    scene = Conveyor.parse({"num_objects": 12, "empty_share": 0, "lanes": 4, "spacing": 0, "belt": belt})
    for index in range(4):
        spec = drawn(scene, index)
        bodies = of_role(spec, "object")
        assets = [CATALOGUE.assets[body.asset] for body in bodies]
        pairs = list(zip(assets, bodies, strict=True))
        radii_m = np.array([asset.radius_m * body.largest_scale for asset, body in pairs])
        found_m = np.array([body.apply(np.array([asset.center_of_mass_m]))[0] for asset, body in pairs])
        apart_m = np.linalg.norm(found_m[:, None, :2] - found_m[None, :, :2], axis=2)
        touching_m = radii_m[:, None] + radii_m
        assert (apart_m >= touching_m - 1e-9)[~np.eye(len(bodies), dtype=bool)].all()


def test_lengths_in_millimetres_are_refused() -> None:
    with pytest.raises(ValueError, match="length_m"):
        Bin.parse({"kind": "bin", "bin": {"length_m": 600}})
