"""Lamps: each has its own light and its own shadows, like the sun."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import SHAPES, box, sphere
from scenes.geometry import vec3
from scenes.shot import Lamp, Light
from scenes.spec import Look, Surface, Wall
from sim.render.settings import Relit
from sim.settled import Settled
from tests.rig import GREY, LIGHT, Rig, camera_at, catalogue_of, shot, still

VIEW = camera_at((0.5, -0.6, 0.7), (0, 0, 0.02), 150)
LAMP = Lamp(vec3(np.array([-0.6, 0.0, 0.8])), (1.0, 0.7, 0.4), 0.8, 0.9, 0.03)


def ready(rig: Callable[..., Rig]) -> Rig:
    meshes = {"box": SHAPES["box"](0.15), "ball": sphere(0.06, 48), "pole": box(0.02, 0.02, 0.3)}
    return rig(catalogue_of(meshes), Relit())


def group(made: Rig, floor: bool = True) -> Settled:
    bodies = made.body("box", (0.0, 0.0, 0.075)), made.body("ball", (0.16, -0.08, 0.06))
    return still(*bodies, floor=GREY if floor else None)


def image(made: Rig, settled: Settled, light: Light) -> NDArray[np.int64]:
    return made.shoot(settled, shot(VIEW, light)).frame.image.astype(np.int64)


def exchanged(light: Light) -> Light:
    """The same light with sun and lamp exchanged."""
    (lamp,) = light.lamps
    sun = Lamp(light.direction, light.color_rgb, light.diffuse, light.shadow, light.softness)
    own = {name: getattr(lamp, name) for name in Lamp.__dataclass_fields__}
    return replace(light, lamps=(sun,), **own)


@pytest.mark.parametrize("floor", [True, False], ids=["floor", "floating"])
def test_a_lamp_is_a_second_sun(rig: Callable[..., Rig], floor: bool) -> None:
    made = ready(rig)
    settled = group(made, floor)
    light = replace(LIGHT, lamps=(LAMP,))
    one, other = image(made, settled, light), image(made, settled, exchanged(light))
    # Light reflected by the floor is evaluated at full resolution for lamps, coarsely for the sun.
    assert np.abs(one - other).max() <= 4
    assert np.abs(one - image(made, settled, LIGHT)).mean() > 3


def test_a_lamp_is_a_second_sun_between_walls_too(rig: Callable[..., Rig]) -> None:
    """It lights a wall and is thrown back by floor and wall; both behind what is seen and before it."""
    made = ready(rig)
    walls = Wall(GREY, 2.2, 0.4, -9.0, 9.0, 0.6), Wall(GREY, 0.6, 0.3, -9.0, 9.0, 0.6)
    settled = group(made)
    white = Surface(Look((1.0, 1.0, 1.0)), tile_m=0.2, turn_rad=0.0)
    settled = replace(settled, spec=replace(settled.spec, floor=white), walls=walls)
    low = replace(LAMP, direction=vec3(np.array([0.48, -0.6, 0.64])))
    light = replace(LIGHT, bounce=0.0, lamps=(low,))
    one, other = image(made, settled, light), image(made, settled, exchanged(light))
    assert np.abs(one - other).max() <= 5
    assert np.abs(one - image(made, settled, replace(light, lamps=()))).mean() > 3


def test_a_lamp_without_light_changes_nothing(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    off = replace(LIGHT, lamps=(replace(LAMP, diffuse=0.0),))
    assert np.array_equal(image(made, group(made), off), image(made, group(made), LIGHT))


def test_two_lamps_of_half_the_light_are_one(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    half = replace(LAMP, diffuse=LAMP.diffuse / 2)
    one, two = (image(made, group(made), replace(LIGHT, lamps=lamps)) for lamps in ((LAMP,), (half, half)))
    # Highlights are limited to a maximum per lamp.
    assert np.abs(one - two).max() <= 2


def test_each_lamp_casts_a_shadow_of_its_own(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    settled = still(made.body("pole", (0, 0, 0.15)), floor=GREY)
    top = replace(
        camera_at((0, 0, 1.5), (0, 0, 0), 150),
        pose=replace(VIEW.pose, position_m=(0.0, 0.0, 1.5), quat_xyzw=(1.0, 0.0, 0.0, 0.0)),
    )
    shadowless = replace(LIGHT, shadow=0.0, lamps=(replace(LAMP, shadow=0.0),))
    for light in (replace(shadowless, shadow=1.0), replace(shadowless, lamps=(replace(LAMP, shadow=1.0),))):
        lit, dark = (made.shoot(settled, shot(top, one)).frame for one in (shadowless, light))
        fallen = lit.image[..., 1].astype(int) - dark.image[..., 1]
        fallen[lit.body >= 0] = 0
        rows, columns = np.nonzero(fallen > fallen.max() / 2)
        caster = light.direction if light.shadow else LAMP.direction
        middle = np.array([columns.mean() + 0.5 - 80, 60 - rows.mean() - 0.5])
        away = -np.array(caster[:2]) / np.hypot(*caster[:2])
        assert middle @ away / np.linalg.norm(middle) > 0.99


def test_a_scene_without_bodies_is_lit_by_lamps_too(rig: Callable[..., Rig]) -> None:
    made = ready(rig)
    found = image(made, still(floor=GREY), replace(LIGHT, color_rgb=(1.0, 1.0, 1.0), lamps=(LAMP,)))
    plain = image(made, still(floor=GREY), LIGHT)
    assert (found[..., 0] - found[..., 2]).mean() > 10  # the lamp is warm
    assert np.abs(plain[..., 0] - plain[..., 2]).max() <= 1
