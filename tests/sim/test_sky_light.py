"""What light comes from where, how the camera takes it, and that what gives none leaves no trace."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box, sphere
from scenes.geometry import on_sphere, vec3
from scenes.shot import Lamp, Light
from scenes.spec import Look, Surface
from sim.render.lighting.sky import Sky, sky_radiance
from sim.render.sensor.exposure import exposure_gain
from sim.render.sensor.tone import tone_map
from sim.render.settings import Relit
from tests.rig import GREY, LIGHT, Rig, camera_at, catalogue_of, shot, still

RED = Surface(Look((0.9, 0.1, 0.1)), tile_m=0.2, turn_rad=0.0)
OVERCAST = replace(LIGHT, diffuse=0.0, specular=0.0)
VIEW = camera_at((0.5, -0.6, 0.3), (0, 0, 0.05), 150)


def ready(rig: Callable[..., Rig]) -> Rig:
    return rig(catalogue_of({"ball": sphere(0.06, 48), "box": box(0.1, 0.1, 0.1)}), Relit())


def picture(made: Rig, light: Light, floor: Surface = GREY) -> NDArray[np.uint8]:
    bodies = made.body("ball", (0.0, 0.0, 0.06)), made.body("box", (-0.12, 0.05, 0.05))
    return made.shoot(still(*bodies, floor=floor), shot(VIEW, light)).frame.image


def test_where_a_sun_without_light_stands_does_not_matter(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    low = vec3(np.array([-0.8, 0.0, 0.6]))
    first, second = (
        picture(made, replace(OVERCAST, shadow=1.0, direction=toward)) for toward in (LIGHT.direction, low)
    )
    assert np.array_equal(first, second)


def test_what_a_sky_without_light_is_like_does_not_matter(rig: Callable[..., Rig]) -> None:
    made, dark = ready(rig), replace(LIGHT, ambient=0.0)
    other = replace(dark, horizon=3.0, sky_tilt=0.8, sky_azimuth_rad=2.0, sky_rgb=(1.0, 0.2, 0.2))
    assert np.array_equal(picture(made, dark), picture(made, other))


def test_more_exposure_is_brighter_and_more_warmth_is_redder(rig: Callable[..., Rig]) -> None:
    """The meter takes back a part of it only. Sun and sky are warmed alike."""
    made = ready(rig)
    for light in (OVERCAST, replace(LIGHT, ambient=0.0)):
        steps = [picture(made, replace(light, exposure_ev=ev)).mean() for ev in (-1.0, 0.0, 1.0)]
        assert np.diff(steps).min() > 15
        warm = [picture(made, replace(light, warmth=warmth)).mean(axis=(0, 1)) for warmth in (-0.3, 0.0, 0.3)]
        assert np.diff([red - blue for red, _, blue in warm]).min() > 10
        assert abs(warm[1][0] - warm[1][2]) < 2


@pytest.mark.parametrize("level", [0.02, 0.9])
def test_the_camera_makes_dark_scenes_brighter_and_bright_ones_darker(level: float) -> None:
    """Metered by what is seen: of pictures of one level, dark and bright ones come nearer to the middle."""
    light = np.full((64, 64, 3), level, np.float32)
    plain, metered = (int(tone_map(light, gain)[0, 0, 0]) for gain in (1.0, exposure_gain(light)))
    assert (metered > plain + 8) if level < 0.1 else (metered < plain - 8)


def test_the_background_hangs_in_the_light_of_sun_and_lamps(rig: Callable[..., Rig]) -> None:
    """Where there is only background, a lamp's colour tints it as the sun's does."""
    made, away = ready(rig), camera_at((0.0, -1.0, 0.3), (0.0, -2.0, 0.6), 150)
    lamp = Lamp(LIGHT.direction, (1.0, 0.4, 0.4), 0.5, 1.0, 0.0)
    plain = replace(LIGHT, ambient=0.2)
    sun, lamps = replace(plain, color_rgb=(1.0, 0.4, 0.4)), replace(plain, diffuse=0.0, lamps=(lamp,))
    ball = still(made.body("ball", (0.0, 0.0, 0.06)))
    means = [
        made.shoot(ball, shot(away, light)).frame.image.mean(axis=(0, 1)) for light in (plain, sun, lamps)
    ]
    np.testing.assert_allclose(means[1], means[2], atol=1)
    assert means[1][0] - means[1][2] > means[0][0] - means[0][2] + 15


@pytest.mark.parametrize("azimuth_deg", [0, 60, 90, 200, 270])
def test_the_sky_is_brightest_where_its_azimuth_says(azimuth_deg: float) -> None:
    """From +x towards +y, by its tilt brighter there and darker on the other side than straight up."""
    light = replace(LIGHT, sky_tilt=0.5, sky_azimuth_rad=float(np.radians(azimuth_deg)))
    around = np.radians(np.arange(360))
    level = np.stack([np.cos(around), np.sin(around), np.zeros(360)], axis=1)
    found = sky_radiance(light, level)
    assert found.argmax() == azimuth_deg
    assert (found.max(), found.min()) == (pytest.approx(1.5), pytest.approx(0.5))


@pytest.mark.parametrize("elevation_deg", [15, 50, 90])
@pytest.mark.parametrize("ambient", [0.0, 0.4])
def test_a_level_face_is_as_bright_as_a_floor_of_its_colour(
    rig: Callable[..., Rig], elevation_deg: float, ambient: float
) -> None:
    """Sun and sky fall on both at the same angle, whatever computes them."""
    made = rig(catalogue_of({"slab": box(0.3, 0.3, 0.004)}), Relit())
    toward = vec3(on_sphere(0.5, np.radians(elevation_deg)))
    light = replace(LIGHT, direction=toward, ambient=ambient, specular=0.0, horizon=0.5)
    grey = Surface(Look((0.6, 0.6, 0.6)), tile_m=0.2, turn_rad=0.0)
    slab = still(made.body("slab", (0.0, 0.0, 0.002), look=grey.look), floor=grey)
    image = made.shoot(slab, shot(camera_at((0.0, -0.01, 1.0), (0, 0, 0), 150), light)).frame.image[..., 1]
    # 45 by 45 pixels are the slab.
    assert int(np.median(image[45:75, 65:95])) == pytest.approx(int(np.median(image[5:25])), abs=3)


def test_what_sees_all_of_the_sky_gets_all_of_its_light(rng: np.random.Generator) -> None:
    sky = Sky(np.zeros((3, 1), np.float32), 36, 32, floor=False)
    normals = rng.normal(size=(3, 20)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=0)
    light = replace(LIGHT, horizon=0.4, sky_tilt=0.5)
    for share in (1.0, 0.5):
        seen = np.full((len(sky.directions), 20), share, np.float32)
        np.testing.assert_allclose(sky.sky_fraction(light, normals, seen), share, rtol=1e-3)


@pytest.mark.parametrize("light", [OVERCAST, replace(LIGHT, ambient=0.05)], ids=["sky", "sun"])
def test_the_floor_colours_what_faces_down(rig: Callable[..., Rig], light: Light) -> None:
    """The side of a ball over a red floor: red at its foot, as without bounce at its top."""
    made = ready(rig)
    view = camera_at((0.0, -0.8, 0.06), (0, 0, 0.06), 700)
    ball = still(made.body("ball", (0.0, 0.0, 0.06)), floor=RED)
    bounced, plain = (
        made.shoot(ball, shot(view, replace(light, specular=0.0, bounce=bounce))).frame
        for bounce in (1.0, 0.0)
    )
    rows = np.flatnonzero((bounced.body == 0)[:, 80])
    top, foot = rows[5], rows[-15]
    redness = [
        frame.image[:, 80, 0].astype(int) - frame.image[:, 80, 2].astype(int) for frame in (bounced, plain)
    ]
    assert redness[0][foot] > 15
    assert abs(redness[0][top]) <= 6
    assert np.abs(redness[1][[top, foot]]).max() <= 2
