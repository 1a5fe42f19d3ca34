"""The shadow map of PyBullet's software renderer, for bodies of all sizes."""

from collections.abc import Callable

import numpy as np
import pytest

from scenes.geometry import vec3
from tests.rig import LIGHT, Rig, camera_at, catalogue_from, shot, still


@pytest.mark.parametrize("size_m", [0.01, 0.2, 2.0, 50.0])
def test_bodies_of_all_sizes_cast_the_whole_of_their_shadow(rig: Callable[..., Rig], size_m: float) -> None:
    """A cube of side a, seen along (1, 1, 1), covers sqrt(3) a²; the map is 1.1 times its largest side."""
    half_m = size_m / 2
    made = rig(catalogue_from({"box": {"shape": "box", "size_m": size_m}}))
    body = made.body("box", (0.0, 0.0, half_m))
    camera = camera_at((0.1 * size_m, 0, 9 * size_m), (0, 0, 0), 100.0)
    light = shot(camera, LIGHT)
    settled = still(body)
    shadow = made.renderer.shadow_map(settled, light, 128)
    assert shadow is not None
    sides = made.files.hull(body)
    low, high = sides.min(axis=0), sides.max(axis=0)
    faces = np.roll(high - low, -1) * np.roll(high - low, -2)
    expected_m2 = float(np.abs(np.array(vec3(np.array(LIGHT.direction)))) @ faces)
    found_m2 = np.count_nonzero(shadow.blocked) / shadow.px_per_m**2
    assert found_m2 == pytest.approx(expected_m2, rel=0.03)
