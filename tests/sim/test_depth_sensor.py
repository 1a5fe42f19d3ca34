"""What a depth camera measures, compared with the model: noise, steps, shadows and holes."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.cameras.depthsensor import Stereo, StructuredLight
from scenes.shot import DepthSensor
from sim.render.sensor.depthsensor import measured_depth
from tests.rig import camera_at

CAMERA = camera_at((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 300.0, (320, 240))
EXACT = DepthSensor(0.1, 0.0, 0.0, 0.0, 90.0, 0.0, 0.01, 50.0, 0.0, 0.0, 3, 1)
"""A sensor without errors but the shadow of its baseline."""
LIGHT = np.full((240, 320, 3), 200, np.uint8)

Floats = NDArray[np.float32]


def plane(depth_m: float) -> Floats:
    return np.full((240, 320), depth_m, np.float32)


def facing(turn_deg: float = 0.0) -> Floats:
    """Normals of a plane that is turned away from the optical axis."""
    turn = np.radians(turn_deg)
    return np.broadcast_to(np.array([np.sin(turn), 0, -np.cos(turn)], np.float32), (240, 320, 3))


@pytest.mark.parametrize("depth_m", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("step_px", [0.0, 0.25])
def test_the_error_of_depth_grows_with_its_square(depth_m: float, step_px: float) -> None:
    sensor = replace(EXACT, noise_px=0.2, step_px=step_px)
    found = measured_depth(sensor, CAMERA, plane(depth_m), facing(), LIGHT)
    seen = found[np.isfinite(found)]
    expected_m = depth_m**2 / (300 * 0.1) * (0.2**2 + step_px**2 / 12) ** 0.5
    assert seen.std() == pytest.approx(expected_m, rel=0.05)
    assert seen.mean() == pytest.approx(depth_m, abs=0.2 * expected_m)
    if step_px:
        steps = 300 * 0.1 / seen.astype(np.float64) / step_px
        assert np.abs(steps - np.rint(steps)).max() < 1e-3


def test_the_shadow_of_a_near_object_is_as_wide_as_the_difference_of_disparities() -> None:
    """The second point of view, to the right, does not see what is to the left behind the object."""
    depth_m = plane(2.0)
    depth_m[80:160, 150:200] = 1.0
    found = measured_depth(EXACT, CAMERA, depth_m, facing(), LIGHT)
    seen = np.isfinite(found)
    shadow = 300 * 0.1 / 1.0 - 300 * 0.1 / 2.0
    assert np.array_equal(np.flatnonzero(~seen[120, 100:150]) + 100, np.arange(150 - shadow, 150))
    assert seen[120, 150:].all()
    assert np.array_equal(np.flatnonzero(~seen[40]), np.arange(300 * 0.1 / 2.0))  # beyond the other image
    assert np.abs(found[seen] - depth_m[seen]).max() < 1e-6


def test_grazing_dark_plain_near_and_far_surfaces_have_no_depth(rng: np.random.Generator) -> None:
    noise = rng.integers(100, 200, LIGHT.shape, np.uint8)
    inside = np.s_[:, 60:]  # the other image does not show the left part

    def share(sensor: DepthSensor, depth_m: float, turn_deg: float, image: NDArray[np.uint8]) -> float:
        found = measured_depth(sensor, CAMERA, plane(depth_m), facing(turn_deg), image)
        return float(np.isfinite(found)[inside].mean())

    strict = replace(EXACT, grazing_deg=70.0, dark=0.1, near_m=0.5, far_m=3.0, contrast=0.02, window_px=9)
    assert share(strict, 1.0, 0.0, noise) == 1
    assert share(strict, 1.0, 60.0, noise) < 1 == share(replace(strict, grazing_deg=90.0), 1.0, 40.0, noise)
    assert share(strict, 1.0, 85.0, noise) < 0.5
    assert share(strict, 1.0, 0.0, noise // 20) == 0
    assert share(strict, 1.0, 0.0, LIGHT) == 0
    assert share(strict, 0.6, 0.0, noise) == 1
    assert share(strict, 0.4, 0.0, noise) == share(strict, 3.5, 0.0, noise) == 0
    assert share(replace(EXACT, missing=0.2), 1.0, 0.0, noise) == pytest.approx(0.8, abs=0.01)


def test_the_background_has_no_depth_and_equal_seeds_give_equal_noise(
    rng: np.random.Generator,
) -> None:
    sensor = StructuredLight().draw(rng)
    depth_m = plane(1.0)
    depth_m[:100] = np.inf
    first, again = (measured_depth(sensor, CAMERA, depth_m, facing(), LIGHT) for _ in range(2))
    assert np.isinf(first[:98]).all()
    assert np.isfinite(first[104:, 40:]).mean() > 0.95
    assert np.array_equal(first, again)
    assert not np.array_equal(
        first, measured_depth(replace(sensor, seed=9), CAMERA, depth_m, facing(), LIGHT)
    )


def test_stereo_finds_no_depth_without_texture(rng: np.random.Generator) -> None:
    sensor = Stereo().draw(rng)
    ramp = np.broadcast_to(np.linspace(60, 200, 320).astype(np.uint8)[None, :, None], LIGHT.shape).copy()
    ramp[::2] //= 2
    assert not np.isfinite(measured_depth(sensor, CAMERA, plane(1.0), facing(), LIGHT)).any()
    assert np.isfinite(measured_depth(sensor, CAMERA, plane(1.0), facing(), ramp))[:, 40:].mean() > 0.98
