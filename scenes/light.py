"""Distant lights, drawn for each view."""

import colorsys
from typing import Annotated

import numpy as np

from scenes.camera import on_sphere
from scenes.settings import Range, Settings, ShareRange, uniform, within
from scenes.spec import Light, vec3


class LightSettings(Settings):
    """A distant light and the light from all around."""

    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (30.0, 80.0)
    """Angle of the light above the horizon."""
    azimuth_deg: Range = (0.0, 360.0)
    """Compass angle that the light comes from."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of its colour."""
    saturation: ShareRange = (0.0, 0.15)
    """Saturation of its colour."""
    ambient: ShareRange = (0.35, 0.6)
    """Light from all around."""
    diffuse: ShareRange = (0.4, 0.8)
    """Light from its direction."""
    specular: ShareRange = (0.0, 0.3)
    """Highlights."""
    shadow: ShareRange = (0.4, 0.9)
    """Darkness of cast shadows on the floor: 1 takes away all directed light."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.005, 0.03)
    """Blur of shadow edges, as a share of the size of the pile."""

    def draw(self, rng: np.random.Generator) -> Light:
        """One light; always nine draws."""
        azimuth, elevation = (
            np.radians(uniform(rng, bounds)) for bounds in (self.azimuth_deg, self.elevation_deg)
        )
        hue, saturation = uniform(rng, self.hue), uniform(rng, self.saturation)
        return Light(
            direction=vec3(on_sphere(float(azimuth), float(elevation))),
            color_rgb=colorsys.hsv_to_rgb(hue, saturation, 1.0),
            ambient=uniform(rng, self.ambient),
            diffuse=uniform(rng, self.diffuse),
            specular=uniform(rng, self.specular),
            shadow=uniform(rng, self.shadow),
            softness=uniform(rng, self.softness),
        )
