"""Reflections in glossy floors and on bodies of metal; none changes a label."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.images import Album, Pictures, Texture
from scenes.assets.shapes import SHAPES, sphere
from scenes.floor import FloorSettings
from scenes.kinds.drop import Drop
from scenes.shot import Environment, Light
from scenes.spec import Body, Look, SceneSpec, Surface
from sim.render.lighting.environment import environment_light, environment_map
from sim.render.lighting.lit import Lit
from sim.render.lighting.metal import MetalSurface, reflected_by_metal
from sim.render.lighting.mirror import fresnel, mirrored_camera, scattered
from sim.render.lighting.sky import sky_directions, sky_irradiance, sky_radiance
from sim.render.lighting.surfaces import base_albedo, mean_albedo
from sim.render.settings import Relit
from tests.rig import (
    GREY,
    LIGHT,
    Picture,
    Rig,
    camera_at,
    catalogue_from,
    catalogue_of,
    shot,
    sphere_depth,
    still,
    streams,
)

VIEW = camera_at((0.1, -0.6, 0.32), (0.0, 0.0, 0.05), 420, (321, 240))
BRIGHT = replace(LIGHT, specular=0.5, ambient=0.8, diffuse=0.2)
RADIUS_M, CENTRE_M = 0.06, (0.0, 0.0, 0.1)


def floor(roughness: float | None) -> Surface:
    return Surface(Look((0.3, 0.3, 0.3)), tile_m=0.2, turn_rad=0.0, roughness=roughness)


def ball(rig: Callable[..., Rig], *roughness: float | None) -> list[Picture]:
    """A red ball above floors of given roughness."""
    made = rig(catalogue_of({"ball": sphere(RADIUS_M, 48)}), Relit())
    body = made.body("ball", CENTRE_M, look=Look((0.9, 0.1, 0.1)))
    return [made.shoot(still(body, floor=floor(rough)), shot(VIEW, BRIGHT)) for rough in roughness]


def test_the_camera_below_the_floor_sees_what_a_mirror_shows(rng: np.random.Generator) -> None:
    camera = replace(VIEW, cx=150.3, cy=118.2)
    points = rng.uniform((-0.3, -0.1, 0.1), (0.3, 0.5, 0.7), (50, 3))
    below = mirrored_camera(camera)
    seen, depth_m = camera.project(points * (1, 1, -1))
    flipped, behind_m = below.project(points)
    assert (below.width, below.height) == (161, 120)
    np.testing.assert_allclose(below.width - flipped[:, 0], seen[:, 0] / 2, atol=1e-9)
    np.testing.assert_allclose(flipped[:, 1], seen[:, 1] / 2, atol=1e-9)
    np.testing.assert_allclose(behind_m, depth_m)


def test_a_ball_is_mirrored_where_its_mirror_image_would_be(rig: Callable[..., Rig]) -> None:
    glossy, matte = ball(rig, 0.02, None)
    mirror = sphere_depth(VIEW, np.array(CENTRE_M) * (1, 1, -1), RADIUS_M)
    on_floor = glossy.frame.body < 0
    expected = np.isfinite(mirror) & on_floor
    change = glossy.frame.image.astype(int) - matte.frame.image
    # Where no body is reflected, the sky is: it makes red and green brighter alike.
    reddish = (change[..., 0] - change[..., 1] > 0) & on_floor
    assert expected.sum() > 1500
    assert (reddish & expected).sum() / (reddish | expected).sum() > 0.9


def test_a_floor_in_the_last_row_only_reflects_nothing(rig: Callable[..., Rig]) -> None:
    """The mirror image has half the resolution, and no pixel of it shows the floor."""
    made = rig(catalogue_of({"ball": sphere(RADIUS_M, 48)}), Relit())
    settled = still(made.body("ball", CENTRE_M), floor=floor(0.3))
    level = camera_at((0.0, -0.6, 0.1), (0.3, 0.0, 0.1), 150, (64, 48))
    picture = made.shoot(settled, shot(replace(level, cy=47.0), BRIGHT))
    assert picture.frame.image.shape == (48, 64, 3)


def test_no_label_depends_on_reflections(rig: Callable[..., Rig]) -> None:
    glossy, matte = ball(rig, 0.1, None)
    assert not np.array_equal(glossy.frame.image, matte.frame.image)
    assert glossy.bytes()[:3] == matte.bytes()[:3]
    assert glossy.bytes()[4:] == matte.bytes()[4:]


def test_rough_floors_do_not_reflect(rig: Callable[..., Rig]) -> None:
    rough, matte = ball(rig, 0.6, None)
    assert np.array_equal(rough.frame.image, matte.frame.image)


def test_the_mirror_image_is_blurred_by_roughness_and_by_distance() -> None:
    edge = np.zeros((80, 120, 3), np.float32)
    edge[:, 60:] = 1
    ones = np.ones((80, 120), np.float32)

    def width(roughness: float, behind: float) -> float:
        """Width of the edge in pixels: the inverse of its steepest slope."""
        soft = scattered(edge, ones, ones * np.float32(behind), 300.0, roughness, 1.0)
        assert float(soft.mean()) == pytest.approx(0.5, abs=0.01)
        return 1 / float(np.diff(soft[40, :, 0]).max())

    touching, near, far, rough = width(0.3, 1.0), width(0.3, 1.2), width(0.3, 4.0), width(0.5, 4.0)
    assert touching == pytest.approx(1.0)
    assert touching < near < far < rough
    # A Gaussian edge of standard deviation s has the slope 1 / (s √(2π)).
    assert far == pytest.approx(0.7 * 0.09 * 300 * 0.75 * np.sqrt(2 * np.pi), rel=0.15)


def test_reflectance_is_schlicks() -> None:
    cosine = np.linspace(0, 1, 9, dtype=np.float32)
    np.testing.assert_allclose(fresnel(cosine), 0.04 + 0.96 * (1 - cosine) ** 5, rtol=1e-5)


def metal(normal: tuple[float, float, float], albedo: float = 1.0, rough: float = 0.05) -> MetalSurface:
    one = np.ones(1, np.float32)
    return MetalSurface(
        np.array([[0.0], [0.0], [0.3]], np.float32),
        np.array(normal, np.float32)[:, None] / np.float32(np.linalg.norm(normal)),
        np.full((3, 1), albedo, np.float32),
        one * np.float32(rough),
        one,
    )


def dark_room(light: Light) -> Lit:
    spec = SceneSpec(0, "train", 0, (), None, GREY, None)
    return Lit(spec, light, None, None, None, (), np.zeros(3, np.float32))


def test_metal_shows_the_sky_in_the_mirrored_direction() -> None:
    light = replace(BRIGHT, horizon=3.0, sky_tilt=0.5)
    eye = np.array([0.0, -1.0, 0.3], np.float32)
    found = reflected_by_metal(dark_room(light), metal((0.0, -1.0, 1.0)), eye)[:, 0]
    up = sky_radiance(light, np.array([[0.0, 0.0, 1.0]]))[0]
    np.testing.assert_allclose(found, sky_irradiance(light) * up, rtol=1e-3)


def test_metal_shows_the_environment_map_in_the_mirrored_direction() -> None:
    pictures = Pictures({})
    chosen = replace(LIGHT, environment=Environment("clear:3", 0.7, False, True))
    env_map = environment_map(pictures.panorama("clear:3"))
    light = environment_light(chosen, env_map, sky_directions(36, below=False))
    eye = np.array([0.0, -1.0, 0.3], np.float32)
    found = reflected_by_metal(dark_room(light), metal((0.0, -1.0, 0.5), rough=0.02), eye)[:, 0]
    x, y, z = np.array([0.0, -0.6, 0.8], np.float32)[:, None, None]
    np.testing.assert_allclose(found, light.radiance(x, y, z, 10_000)[0, 0], rtol=0.05)


def test_metal_bodies_change_pixels_and_no_label(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"ball": sphere(RADIUS_M, 48), "box": SHAPES["box"](0.1)}), Relit())
    plain = (made.body("ball", CENTRE_M), made.body("box", (0.12, 0.0, 0.05)))
    steel = (replace(plain[0], metallic=True, roughness=0.1), plain[1])
    before, after = (made.shoot(still(*bodies, floor=GREY), shot(VIEW)) for bodies in (plain, steel))
    assert before.bytes()[4:] == after.bytes()[4:]
    change = np.abs(before.frame.image.astype(int) - after.frame.image).max(axis=2)
    assert (change[after.frame.body == 0] > 3).mean() > 0.9
    # The exposure of the image changes a little, and the edge of the other body against this one.
    assert (change[after.frame.body == 1] > 3).mean() < 0.1


def test_the_share_of_metal_is_that_of_the_settings_and_changes_nothing_else() -> None:
    catalogue = catalogue_from({"nut": {"shape": "nut", "size_m": 0.05, "color": "random"}})

    def bodies(share: float) -> list[tuple[bool, Body]]:
        found: list[tuple[bool, Body]] = []
        for scene in range(25):
            spec = Drop(metallic=share).draw(scene, "train", 0, catalogue, streams(scene))
            found += [(body.metallic, replace(body, metallic=False, look=Look())) for body in spec.bodies]
        return found

    none, some = bodies(0.0), bodies(0.4)
    assert not any(metallic for metallic, _ in none)
    assert [body for _, body in none] == [body for _, body in some]
    assert np.mean([metallic for metallic, _ in some]) == pytest.approx(0.4, abs=0.12)


def test_a_lawn_gives_green_light() -> None:
    lawn = Surface(Look((1.0, 1.0, 1.0), Texture("grass", 0)), 0.5, 0.0)
    red, green, blue = mean_albedo(Pictures({}), lawn)
    assert green > red > blue
    assert green < 0.3
    assert np.array_equal(mean_albedo(Pictures({}), GREY), base_albedo(GREY))


def test_floors_get_the_roughness_that_is_asked_for(rng: np.random.Generator) -> None:
    drawn = [FloorSettings(roughness=(0.2, 0.4)).surface(rng, 0.1, Album()).roughness for _ in range(50)]
    assert all(rough is not None and 0.2 <= rough <= 0.4 for rough in drawn)
    assert FloorSettings().surface(rng, 0.1, Album()).roughness is None
