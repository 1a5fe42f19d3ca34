"""The sky's light on the floor, evaluated at every n-th row and column, is not shifted by interpolation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box
from sim.render.lighting.floor import _interpolated_sky_light, floor_points
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.points import sample_surface
from sim.render.lighting.sky import Sky
from sim.render.raster.planes import floor_depth
from sim.render.settings import Relit
from tests.rig import LIGHT, camera_at

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def floor_light() -> FloorLight:
    """Sky light on the floor beside a cube of 0.1 m."""
    points, _, _ = sample_surface(box(0.1, 0.1, 0.1), 20_000)
    points_m = (points + np.array([0.0, 0.0, 0.05])).T.astype(np.float32)
    relit = Relit()
    sky = Sky(points_m, relit.sky_directions, relit.sky_map_px, floor=True)
    return FloorLight(sky.on_floor(LIGHT), sky)


def shift_px(found: Floats, exact: Floats) -> Floats:
    """Least-squares estimate of the shift, in rows and columns, between two images (h, w)."""
    inner = np.s_[2:-2, 2:-2]
    slopes = np.stack([np.gradient(exact, axis=axis)[inner].ravel() for axis in (0, 1)], axis=1)
    return np.asarray(np.linalg.lstsq(slopes, (exact - found)[inner].ravel(), rcond=None)[0])


@pytest.mark.parametrize("size_wh", [(120, 90), (121, 91)], ids=["even", "odd"])
@pytest.mark.parametrize("roll_rad", [0.0, 0.5, 1.6])
def test_the_skys_light_on_the_floor_is_not_shifted(
    floor_light: FloorLight, size_wh: tuple[int, int], roll_rad: float
) -> None:
    """Beside the contact shadow of a cube; half a pixel would be too much."""
    camera = camera_at((0.2, -0.3, 0.4), (0.1, -0.05, 0.0), 300, size_wh, roll_rad)
    x, y = floor_points(camera, floor_depth(camera).astype(np.float32))
    exact, found = floor_light.sky_fraction(x, y), _interpolated_sky_light(floor_light, x, y)
    assert exact.min() < 0.3
    assert np.abs(shift_px(found, exact)).max() < 0.15
    assert np.abs(found - exact).mean() < 0.003
    for axis in (0, 1):  # validates `shift_px` itself
        assert np.abs(shift_px(np.roll(found, 1, axis), exact)[axis] - 1) < 0.25
