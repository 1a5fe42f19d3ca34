"""Environment maps as the sky: their light, shadows, and use as the background."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.images import ENVIRONMENT, load_images
from scenes.assets.shapes import box, sphere
from scenes.geometry import vec3
from scenes.shot import Environment, Light
from scenes.spec import Look, Surface
from sim.render.lighting.environment import environment_light, environment_map
from sim.render.lighting.points import PointClouds
from sim.render.lighting.sky import Sky, sky_directions, unoccluded_irradiance
from sim.render.settings import Relit
from tests.panoramas import toward, white, with_spot, write_hdr
from tests.rig import GREY, LIGHT, Rig, camera_at, catalogue_of, rays, shot, still

WHITE = Surface(Look((1.0, 1.0, 1.0)), tile_m=0.2, turn_rad=0.0)
OVERCAST = replace(LIGHT, diffuse=0.0, specular=0.0)
OVER = camera_at((0.0, 0.0, 1.5), (0, 0, 0), 300, (320, 240))
FROM_ABOVE = replace(OVER, pose=replace(OVER.pose, quat_xyzw=(1.0, 0.0, 0.0, 0.0)))
SPOT = np.array([0.48, 0.36, 0.8])


def ready(rig: Callable[..., Rig], light: NDArray[np.float64], folder: Path) -> tuple[Rig, str]:
    """A rig with one environment map, and the key of the map."""
    path = folder / "sky.hdr"
    write_hdr(path, light)
    meshes = {"pole": box(0.02, 0.02, 0.3), "wall": box(0.01, 1.2, 0.1), "ball": sphere(0.06, 48)}
    made = rig(catalogue_of(meshes), Relit(), environment=str(path))
    return made, load_images({ENVIRONMENT: str(path)})[ENVIRONMENT][0].key


def under(source: str, turn_rad: float = 0.0, sun: bool = True, light: Light = LIGHT) -> Light:
    return replace(light, environment=Environment(source, turn_rad, sun, seen=True))


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0, 2.0])
def test_irradiance_of_the_floor_beside_a_long_wall_under_a_white_map(
    rig: Callable[..., Rig], tmp_path: Path, share: float
) -> None:
    made, height_m = ready(rig, white(64), tmp_path)[0], 0.1
    settled = still(made.body("wall", (0.0, 0.0, height_m / 2)), floor=WHITE)
    points = PointClouds(made.files).scene(settled.spec, 1.2 / Relit().sky_map_px).points_m
    sky = Sky(points, Relit().sky_directions, Relit().sky_map_px, floor=True)
    assert sky.floor is not None
    light = environment_light(
        under("white@0", turn_rad=1.0, light=OVERCAST),
        environment_map(white(64).astype(np.float32)),
        sky.directions,
    )
    assert light.ambient == pytest.approx(1)
    assert light.diffuse == pytest.approx(0, abs=1e-5)
    at = share * height_m
    u, v = sky.floor.pixel_coordinates(np.array([[0.005 + at]], np.float32), np.zeros((1, 1), np.float32))
    expected = 0.5 * (1 + at / np.hypot(at, height_m))
    grid = sky.on_floor(light)
    assert grid[round(float(v[0, 0])), round(float(u[0, 0]))] == pytest.approx(expected, rel=0.05)


def test_white_environment_map_equals_the_white_sky(rig: Callable[..., Rig], tmp_path: Path) -> None:
    made, source = ready(rig, white(64), tmp_path)
    settled = still(made.body("ball", (0.0, 0.0, 0.06)), floor=GREY)
    view = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 400)
    even = replace(OVERCAST, ambient=1.0)
    one, other = (made.shoot(settled, shot(view, light)) for light in (even, under(source, light=even)))
    assert np.abs(one.frame.image.astype(int) - other.frame.image).max() <= 3


@pytest.mark.parametrize("turn_deg", [0, 70, 200])
def test_a_bright_spot_casts_shadows_away_from_it(
    rig: Callable[..., Rig], tmp_path: Path, turn_deg: float
) -> None:
    made, source = ready(rig, with_spot(128, SPOT, 0.03, 2000.0), tmp_path)
    settled = still(made.body("pole", (0, 0, 0.15)), floor=WHITE)
    light = under(source, float(np.radians(turn_deg)))
    lit, unlit = (
        made.shoot(settled, shot(FROM_ABOVE, replace(light, shadow=shadow))).frame for shadow in (0.0, 1.0)
    )
    difference = lit.image[..., 1].astype(int) - unlit.image[..., 1]
    difference[lit.body >= 0] = 0
    rows, columns = np.nonzero(difference > difference.max() / 2)
    middle = np.array([columns.mean() + 0.5 - 160, 120 - rows.mean() - 0.5])  # image rows run against y
    away = np.degrees(np.arctan2(-SPOT[1], -SPOT[0])) + turn_deg
    assert (np.degrees(np.arctan2(middle[1], middle[0])) - away + 180) % 360 - 180 == pytest.approx(0, abs=3)
    # The shadow of a pole of 0.3 m is 0.3 / tan(53°) long; its middle is half as far from the pole.
    assert np.hypot(*middle) / 200 == pytest.approx(0.15 * 0.6 / 0.8, rel=0.15)


def test_sun_of_a_map_has_the_direction_strength_and_size_of_its_spot() -> None:
    radius = 0.05
    for at in (SPOT, np.array([-0.8, 0.0, 0.6]), np.array([0.0, -0.28, 0.96])):
        picture = with_spot(256, at, radius, 500.3)
        found = environment_map(picture.astype(np.float32))
        assert np.degrees(np.arccos(found.sun @ at)) < 0.5
        pixel = np.cos(np.pi * (0.5 - (np.arange(256) + 0.5) / 256)) * (np.pi / 256) ** 2
        np.testing.assert_allclose(found.sun_rgb, (picture[..., 0] - 0.3).sum(axis=1) @ pixel, rtol=0.01)
        assert found.softness == pytest.approx(radius, rel=0.1)
        np.testing.assert_allclose(found.sky, 0.3, rtol=0.01)


@pytest.mark.parametrize("turn_deg", [0, 130])
def test_each_pixel_shows_the_picture_in_its_direction(turn_deg: float) -> None:
    """A picture whose red grows upwards, green to the left, blue ahead; half a pixel of it is a degree."""
    places = toward(128)
    radiance = (1 + 0.5 * np.stack([places[..., 2], places[..., 1], places[..., 0]], axis=2)).astype(
        np.float32
    )
    drawn = replace(under("ramp@0", float(np.radians(turn_deg)), sun=False, light=OVERCAST), warmth=0.2)
    light = environment_light(drawn, environment_map(radiance), sky_directions(36, below=False))
    camera = camera_at((0.3, 0.2, 0.5), (0.0, 0.5, 0.6), 90, roll_rad=0.3)
    ray = rays(camera)
    x, y, z = np.moveaxis(ray / np.linalg.norm(ray, axis=2, keepdims=True), 2, 0)
    cosine, sine = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    ahead, left = cosine * x + sine * y, cosine * y - sine * x
    expected = 1 + 0.5 * np.stack([z, left, ahead], axis=2)
    # A white floor in it sends back `ambient`, so a direction is its share of that, with the white balance.
    expected *= np.pi * light.ambient / light.raw * np.array([1.2, 1.0, 0.8])
    np.testing.assert_allclose(light.background(camera), expected, rtol=2e-3)


def test_no_sun_is_found_below_the_horizon() -> None:
    found = environment_map(with_spot(128, np.array([0.6, 0.0, -0.8]), 0.05, 500.0).astype(np.float32))
    np.testing.assert_allclose(found.sun_rgb, 0, atol=1e-3)


@pytest.mark.parametrize("below", [False, True])
def test_irradiance_is_the_integral_of_the_map(below: bool) -> None:
    """Red light from +x and blue light from -x, compared with the integral over the map."""
    rays = toward(64)
    light = np.stack([1 + rays[..., 0], np.ones_like(rays[..., 0]), 1 - rays[..., 0]], axis=-1)
    directions = sky_directions(200, below)
    drawn = environment_light(under("x@0", sun=False), environment_map(light.astype(np.float32)), directions)
    normals = np.array([[1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 1, 0], [0.6, 0, 0.8]], np.float32).T
    found = unoccluded_irradiance(drawn, directions, normals) * np.array(drawn.sky_rgb)[:, None]
    area = np.cos(np.pi * (0.5 - (np.arange(64) + 0.5) / 64))[:, None, None]
    area = area * (rays[..., 2:] > (-2 if below else 0))
    facing = np.maximum(np.einsum("hwi,ij->hwj", rays, normals), 0)
    exact = np.einsum("hwc,hwj,hwk->cj", light, facing, area)
    floor = np.einsum("hwc,hwk->c", light * np.maximum(rays[..., 2:], 0), area) @ (0.2126, 0.7152, 0.0722)
    np.testing.assert_allclose(found, exact / floor, atol=0.08)


def test_background_is_the_environment_map_rotated_and_not_mirrored(
    rig: Callable[..., Rig], tmp_path: Path
) -> None:
    rays = toward(64)
    picture = np.where((rays @ (0.6, 0.0, 0.8) > 0.97)[..., None], (9.0, 0.0, 0.0), 0.5)
    picture = np.where((rays @ (0.6, 0.6, 0.53) > 0.97)[..., None], (0.0, 9.0, 0.0), picture)
    made, source = ready(rig, picture, tmp_path)
    settled = still()
    ahead = np.array([0.6, 0.3, 0.7])
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    for turn_rad, turned in ((0.0, np.eye(3)), (np.pi / 2, turn)):
        view = camera_at((0, 0, 0), turned @ ahead, 100)
        image = made.shoot(settled, shot(view, under(source, turn_rad))).frame.image.astype(int)
        for toward_spot, channel in (((0.6, 0.0, 0.8), 0), ((0.6, 0.6, 0.53), 1)):
            (pixel,), _ = view.project((turned @ np.array(toward_spot))[None])
            column, row = pixel.astype(int)
            others = [other for other in range(3) if other != channel]
            assert image[row, column, channel] > image[row, column, others].max() + 100


def test_hidden_environment_map_leaves_the_background(rig: Callable[..., Rig], tmp_path: Path) -> None:
    made, source = ready(rig, with_spot(64, SPOT, 0.1, 50.0), tmp_path)
    light = under(source)
    assert light.environment is not None
    hidden = replace(light, environment=replace(light.environment, seen=False))
    view = camera_at((0, -0.5, 0.2), SPOT, 60)
    seen, unseen = (made.shoot(still(), shot(view, one)).frame.image for one in (light, hidden))
    assert seen.std() > 10
    assert unseen.reshape(-1, 3).std(axis=0).max() == 0


def test_environment_map_changes_no_label(rig: Callable[..., Rig], tmp_path: Path) -> None:
    made, source = ready(rig, with_spot(64, SPOT, 0.1, 50.0), tmp_path)
    settled = still(made.body("ball", (0, 0, 0.06)), made.body("pole", (0.1, 0, 0.15)), floor=GREY)
    assert settled.has_objects
    view = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)
    one, other = (made.shoot(settled, shot(view, light)) for light in (LIGHT, under(source, 2.0)))
    assert one.sample.ids.tobytes() == other.sample.ids.tobytes()
    assert one.sample.amodal.tobytes() == other.sample.amodal.tobytes()
    assert one.sample.instances == other.sample.instances
    assert np.abs(one.frame.image.astype(int) - other.frame.image).mean() > 1


def test_without_the_maps_sun_the_sampled_sun_is_used(rig: Callable[..., Rig], tmp_path: Path) -> None:
    around = environment_map(with_spot(64, SPOT, 0.1, 50.0).astype(np.float32))
    drawn = environment_light(under("x@0", sun=False), around, sky_directions(36, below=False))
    assert (drawn.direction, drawn.diffuse, drawn.ambient) == (LIGHT.direction, LIGHT.diffuse, LIGHT.ambient)
    own = environment_light(under("x@0"), around, sky_directions(36, below=False))
    assert own.ambient + own.diffuse * own.direction[2] == pytest.approx(1)
    np.testing.assert_allclose(own.direction, vec3(SPOT), atol=0.02)
