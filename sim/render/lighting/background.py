"""Renders the background: an environment map, or a surface lit by the sky and, at half strength, by lamps."""

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import Surface
from sim.render.lighting.albedo import albedo_of
from sim.render.lighting.environment import EnvironmentLight
from sim.render.lighting.sky import sky_irradiance
from sim.render.lighting.surfaces import Surfaces, base_albedo

Floats = NDArray[np.float32]

LAMP_FRACTION = 0.5
"""Fraction of the light of sun and lamps that reaches the background."""


def background_image(surfaces: Surfaces, surface: Surface, camera: Camera, light: Light) -> Floats:
    """Linear image (H, W, 3) of the background."""
    if isinstance(light, EnvironmentLight) and light.environment is not None and light.environment.seen:
        return light.background(camera)
    strength = sky_irradiance(light)
    for sun in light.suns:
        strength += np.float32(LAMP_FRACTION * sun.diffuse) * np.array(sun.color_rgb, np.float32)
    color = surfaces.background(surface, camera)
    if color is None:
        return np.full((camera.height, camera.width, 3), strength * base_albedo(surface), np.float32)
    return albedo_of(color, surface.look.color_rgb) * strength
