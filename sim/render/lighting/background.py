"""The background: an environment map, or a surface in the light of the sky and half that of the lamps."""

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import Surface
from sim.render.lighting.albedo import paint
from sim.render.lighting.environment import EnvironmentLight
from sim.render.lighting.sky import color_of
from sim.render.lighting.surfaces import Surfaces, tint

Floats = NDArray[np.float32]

LAMP_SHARE = 0.5
"""Share of the light of sun and lamps that falls on the background."""


def background_picture(surfaces: Surfaces, surface: Surface, camera: Camera, light: Light) -> Floats:
    """The background (H, W, 3), linear."""
    if isinstance(light, EnvironmentLight) and light.environment is not None and light.environment.seen:
        return light.behind(camera)
    strength = color_of(light)
    for sun in light.suns:
        strength += np.float32(LAMP_SHARE * sun.diffuse) * np.array(sun.color_rgb, np.float32)
    color = surfaces.background(surface, camera)
    if color is None:
        return np.full((camera.height, camera.width, 3), strength * tint(surface), np.float32)
    return paint(color, surface.look.color_rgb) * strength
