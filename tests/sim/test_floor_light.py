"""The sky's light on the floor, evaluated at every n-th row and column, is not shifted by interpolation."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box
from sim.render.lighting.floor import _interpolated_sky_light, floor_points
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.lightmap import light_maps
from sim.render.lighting.points import sample_surface
from sim.render.lighting.sky import Sky, floor_grid
from sim.render.lighting.sun import SoftShadow, soft_shadow
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


@pytest.fixture(scope="module")
def under_a_plate() -> tuple[SoftShadow, FloorLight]:
    """A thin plate of 0.2 m right over the floor, the sun straight above."""
    steps = np.linspace(-0.1, 0.1, 300)
    x, y = (values.ravel() for values in np.meshgrid(steps + 0.03, steps - 0.05))
    points_m = np.stack([x, y, np.full_like(x, 1e-3)]).astype(np.float32)
    light = replace(LIGHT, direction=(0.0, 0.0, 1.0), softness=0.0)
    sky = Sky(points_m, 36, 112, floor=True)
    return soft_shadow(points_m, light, 128), FloorLight(sky.on_floor(light), sky)


@pytest.mark.parametrize("name", ["sun", "sky"])
def test_a_plates_shadow_lies_right_under_it(under_a_plate: tuple[SoftShadow, FloorLight], name: str) -> None:
    """By a tenth of a texel of either map, which are 1.7 and 1.9 mm: half a one would be a shift."""
    steps = np.linspace(-0.15, 0.15, 601, dtype=np.float32)
    x, y = np.meshgrid(steps + np.float32(0.03), steps - np.float32(0.05))
    shadow, floor_light = under_a_plate
    sun, sky = shadow.on_floor(x, y), 1 - floor_light.sky_fraction(x, y)
    kept = {"sun": sun, "sky": sky}[name].astype(np.float64)
    middle = (kept * x).sum() / kept.sum(), (kept * y).sum() / kept.sum()
    np.testing.assert_allclose(middle, (0.03, -0.05), atol=2e-4)
    assert kept.sum() * (0.3 / 600) ** 2 == pytest.approx(0.2**2, rel=0.05)


def test_one_lights_shadow_on_the_grid_lies_where_its_map_says() -> None:
    """Each light's map has axes of its own: over all of the sky a shift along them would cancel out."""
    steps = np.linspace(-0.1, 0.1, 300)
    x, y = (values.ravel() for values in np.meshgrid(steps, steps))
    points_m = np.stack([x, y, np.full_like(x, 1e-3)]).astype(np.float32)
    for toward in (np.array([0.0, 0.0, 1.0]), np.array([0.6, 0.0, 0.8]), np.array([0.0, -0.6, 0.8])):
        grid = floor_grid(points_m, light_maps(points_m, toward[None], 112))
        at_x, at_y = (values.ravel() for values in grid.centres())
        kept = grid.blocked[0].astype(np.float64)
        middle = np.array([kept @ at_x, kept @ at_y]) / kept.sum()
        np.testing.assert_allclose(middle, -toward[:2] / toward[2] * 1e-3, atol=2e-4)


def test_light_is_missing_nowhere_at_the_border_of_where_it_is_looked_up(floor_light: FloorLight) -> None:
    """Outside of the grid nothing is missing: there would be an edge on the floor."""
    sky = floor_light.sky
    border = np.concatenate([sky[0], sky[-1], sky[:, 0], sky[:, -1]])
    assert border.min() > 0.98
    assert border.max() == pytest.approx(1, abs=1e-6)
    assert sky[len(sky) // 2].min() < 0.1


def test_floor_points_are_where_the_camera_sees_them() -> None:
    """With focal lengths and a principal point of its own for each axis."""
    camera = replace(camera_at((0.3, -0.5, 0.4), (0, 0, 0), 150, roll_rad=0.4), fy=190.0, cx=70.0, cy=66.0)
    x, y = floor_points(camera, floor_depth(camera).astype(np.float32))
    columns, rows = np.meshgrid(np.arange(160) + 0.5, np.arange(120) + 0.5)
    pixels, _ = camera.project(np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1).astype(np.float64))
    np.testing.assert_allclose(pixels, np.stack([columns.ravel(), rows.ravel()], axis=1), atol=1e-2)


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
