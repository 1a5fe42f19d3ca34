"""Lamps beside the sun: each is a sun of its own, with shadows of its own."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Lamp, Light
from scenes.spec import Surface
from sim.render.lighting.bodies import FLOOR_VIEW, Material, Pixels, sunlight
from sim.render.lighting.floor import FloorLight, sun_on_floor
from sim.render.lighting.specular import specular_light
from sim.render.lighting.sun import Sun, sun_over
from sim.render.lighting.surfaces import tint

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LitLamp:
    """A lamp over a scene.

    Attributes:
        light: With this lamp as its sun, and without a sky.
        sun: Its shadows; None in a scene without bodies.
        floor_light: What reaches the floor; None without a floor or bodies.
    """

    light: Light
    sun: Sun | None
    floor_light: FloorLight | None


def lamps_over(
    points_m: Floats | None, light: Light, side_px: int, floor_light: FloorLight | None
) -> tuple[LitLamp, ...]:
    """The lamps of a light.

    Args:
        points_m: World points (3, n) on the bodies, if there are any.
        light: As the camera takes it.
        side_px: Of the map of each lamp's shadows.
        floor_light: What of sun and sky reaches the floor.
    """
    lamps = []
    for own in (alone(light, lamp) for lamp in light.lamps):
        sun = None if points_m is None else sun_over(points_m, own, side_px)
        floor = None if floor_light is None or sun is None else replace(floor_light, sun=sun)
        lamps.append(LitLamp(own, sun, floor))
    return tuple(lamps)


def alone(light: Light, lamp: Lamp) -> Light:
    """A light with one lamp as its sun, and without a sky."""
    return Light(
        direction=lamp.direction,
        color_rgb=lamp.color_rgb,
        ambient=0.0,
        diffuse=lamp.diffuse,
        specular=light.specular,
        shadow=lamp.shadow,
        softness=lamp.softness,
        bounce=light.bounce,
    )


def add_lamps(
    picture: Floats, material: Material, floor: Surface | None, pixels: Pixels, lamps: tuple[LitLamp, ...]
) -> None:
    """Adds to the bodies of a picture (H, W, 3) what the lamps give them."""
    total = np.zeros_like(material.albedo)
    for lamp in lamps:
        assert lamp.sun is not None
        light, direct = lamp.light, sunlight(lamp.light, pixels, lamp.sun)
        around = _thrown_back(lamp, pixels, floor)
        color = (light.diffuse * np.array(light.color_rgb)).astype(np.float32)
        total += material.albedo * (around + color[:, None] * direct)
        total += specular_light(
            light, material.eye_m, pixels.points_m, pixels.normal, direct, around, material.roughness
        )
    x0, y0, x1, _ = pixels.box
    rows, columns = np.divmod(pixels.place, x1 - x0)
    picture.reshape(-1, 3)[(rows + y0) * picture.shape[1] + columns + x0] += total.T


def _thrown_back(lamp: LitLamp, pixels: Pixels, floor: Surface | None) -> Floats:
    """Light (3, n) of a lamp that the floor throws back at what faces down."""
    if floor is None or lamp.floor_light is None:
        return np.zeros((3, 1), np.float32)
    points, normal = pixels.points_m, pixels.normal
    reach = np.maximum(points[2], 0)
    x, y = points[0] + normal[0] * reach, points[1] + normal[1] * reach
    _, share = (part[:, 0] for part in lamp.floor_light.thrown_back(x[:, None], y[:, None]))
    strength = tint(floor) * sun_on_floor(lamp.light) * np.float32(FLOOR_VIEW * lamp.light.bounce)
    return np.asarray(strength[:, None] * (share * ((1 - normal[2]) * np.float32(0.5))), np.float32)
