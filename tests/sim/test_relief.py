"""The relief of materials: slopes that face a light are brighter, by Lambert's cosine."""

from dataclasses import replace

import numpy as np
import pytest

from scenes.assets.images import Pictures, Texture
from scenes.assets.materials.material import Material, material_from
from scenes.assets.materials.noise import SIZE_PX
from scenes.geometry import vec3
from scenes.spec import Look, Surface, Wall
from sim.render.lighting import floor, walls
from sim.render.lighting.relief import Relief
from sim.render.lighting.surfaces import Surfaces
from tests.rig import GREY, LIGHT, Array, camera_at

SLOPES = {"right": (0.5, 0.0), "down": (0.0, 0.5), "both": (-0.3, 0.4), "level": (0.0, 0.0)}


def sloping(u: float, v: float) -> Relief:
    """A relief with one slope everywhere."""
    pixels = np.empty((4, 5, 3), np.uint8)
    pixels[:] = (128 + round(127 * u), 128 + round(127 * v), 255)
    blank = np.zeros((1, 1), np.uint8)
    return Relief(pixels, 1 / 127, Material(blank, blank, 1.0, blank, 0.5, False))


def cosine_ratio(normal: Array, level: Array, light: Array) -> float:
    """Light on a surface with a normal of any length, by its area seen from above, relative to level."""
    return max(float(normal @ light), 0.0) / float(normal @ level) / float(level @ light)


@pytest.mark.parametrize(("u", "v"), SLOPES.values(), ids=SLOPES)
@pytest.mark.parametrize("turn_rad", [0.0, 0.6, 2.5])
def test_slopes_of_floors_are_lit_by_the_cosine(u: float, v: float, turn_rad: float) -> None:
    surface = replace(GREY, turn_rad=turn_rad)
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    # The texture's coordinates are u = x cos − y sin and v = x sin + y cos.
    uphill = u * np.array([cosine, -sine]) + v * np.array([sine, cosine])
    normal = np.array([-uphill[0], -uphill[1], 1.0])
    found = floor._facing(sloping(u, v), surface, LIGHT)
    expected = cosine_ratio(normal, np.array([0.0, 0.0, 1.0]), np.array(LIGHT.direction))
    assert found == pytest.approx(np.full((4, 5), expected), abs=0.02)


@pytest.mark.parametrize(("u", "v"), SLOPES.values(), ids=SLOPES)
def test_slopes_of_walls_are_lit_by_the_cosine(u: float, v: float) -> None:
    wall = Wall(GREY, 0.9, 1.0, -1.0, 1.0, 1.0)
    light = replace(LIGHT, direction=vec3(np.array([-0.4, -0.6, 0.69])))
    inward = -wall.outward()
    # The texture's u runs along the wall, and its v down.
    normal = inward - u * wall.sideways() + v * np.array([0.0, 0.0, 1.0])
    found = walls._facing(sloping(u, v), wall, light)
    assert found == pytest.approx(
        np.full((4, 5), cosine_ratio(normal, inward, np.array(light.direction))), abs=0.03
    )


def test_slopes_of_a_material_are_those_of_its_height() -> None:
    x = (np.arange(SIZE_PX, dtype=np.float32) + np.float32(0.5)) / np.float32(SIZE_PX)
    height_m = np.float32(0.01) * np.sin(2 * np.pi * x)[None, :].repeat(SIZE_PX, axis=0)
    made = material_from(np.zeros((SIZE_PX, SIZE_PX, 3), np.float32), height_m, 0.5, 0.5)
    slope = (made.slope.astype(float) - 128) / 127 * made.max_slope
    expected = 0.01 * 2 * np.pi / 0.5 * np.cos(2 * np.pi * x)
    assert np.abs(slope[..., 0] - expected).max() < 0.002
    assert np.abs(slope[..., 1]).max() < 0.002


def test_relief_is_as_strong_from_two_sides_and_flat_on_average() -> None:
    view = camera_at((0.0, -0.5, 0.5), (0, 0, 0), 400, (160, 120))
    surface = Surface(Look((1.0, 1.0, 1.0), Texture("tiles", 1)), 0.5, 0.4)
    plane_m = 0.7 * np.ones((120, 160))
    colors = floor.floor_colors(Surfaces(Pictures({})), surface, view, plane_m)
    assert colors.relief is not None
    lights = [replace(LIGHT, direction=vec3(np.array([side, 0.1, 0.8]))) for side in (0.6, -0.6)]
    one, other = (floor._facing(colors.relief, surface, light) for light in lights)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < -0.5
    assert one.mean() == pytest.approx(1.0, abs=0.05)
