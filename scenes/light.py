"""A sun, a sky and how a camera answers to them, drawn for each view."""

import colorsys
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from scenes.assets.images import Album
from scenes.geometry import on_sphere, vec3
from scenes.lamps import EnvironmentField, EnvironmentSettings, Lamps
from scenes.settings import Range, Settings, ShareRange, Streams, uniform, within
from scenes.shot import Light


class LightSettings(Settings):
    """A sun, a sky, and how the camera takes them; render=tiny uses the first nine only."""

    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (30.0, 80.0)
    """Angle of the light above the horizon."""
    azimuth_deg: Range = (0.0, 360.0)
    """Compass angle that the light comes from."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of its colour."""
    saturation: ShareRange = (0.0, 0.15)
    """Saturation of its colour."""
    ambient: ShareRange = (0.2, 0.55)
    """Light from all around."""
    diffuse: ShareRange = (0.5, 1.0)
    """Light from its direction."""
    specular: ShareRange = (0.0, 0.5)
    """Highlights."""
    shadow: ShareRange = (0.6, 1.0)
    """Darkness of cast shadows (tiny: on the floor only): 1 takes away all directed light."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.01, 0.08)
    """Width of shadow edges, over the distance to what casts them (tiny: over the size of the pile)."""
    sky_hue: ShareRange = (0.0, 1.0)
    """Hue of the light from all around."""
    sky_saturation: ShareRange = (0.0, 0.15)
    """Saturation of the light from all around."""
    horizon: Annotated[Range, within(0.0, 4.0)] = (0.4, 1.6)
    """Brightness of the sky at the horizon, over that at the zenith."""
    sky_tilt: ShareRange = (0.0, 0.8)
    """How much brighter one side of the sky is: 1 leaves the other side dark."""
    sky_azimuth_deg: Range = (0.0, 360.0)
    """Compass angle of the brighter side."""
    bounce: Annotated[Range, within(0.0, 2.0)] = (0.6, 1.0)
    """Light that the floor throws back at the objects, over that of a dull floor."""
    exposure_ev: Annotated[Range, within(-4.0, 4.0)] = (-0.6, 0.6)
    """How much brighter the picture is than a meter would have it, in powers of two."""
    warmth: Annotated[Range, within(-0.5, 0.5)] = (-0.08, 0.08)
    """White balance: red is stronger by this share, and blue weaker."""
    lamps: Lamps = Field(default_factory=dict)
    """Named lamps beside the sun, at most 8; remove one with `~light.lamps.NAME`."""
    environment: EnvironmentField = EnvironmentSettings()
    """A picture of all around in place of the sky; a file or folder alone is its path."""

    def draw(self, streams: Streams, album: Album) -> Light:
        """One light.

        Args:
            streams: `streams(name)`: sun and sky, lamps and environment have their own.
            album: Pictures of all around to choose from.
        """
        light = self._sun_and_sky(streams("light"))
        if self.lamps:
            rng = streams("lamps")
            azimuth_rad = float(np.arctan2(light.direction[1], light.direction[0]))
            drawn = [lamp.draw(rng, azimuth_rad) for lamp in self.lamps.values()]
            light = replace(light, lamps=tuple(lamp for lamp in drawn if lamp is not None))
        if self.environment.path is not None or self.environment.skies:
            chosen = self.environment.draw(streams("environment"), album)
            light = replace(light, environment=chosen)
        return light

    def _sun_and_sky(self, rng: np.random.Generator) -> Light:
        """The light without what is beside them; always seventeen draws."""
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
            sky_rgb=colorsys.hsv_to_rgb(uniform(rng, self.sky_hue), uniform(rng, self.sky_saturation), 1.0),
            horizon=uniform(rng, self.horizon),
            sky_tilt=uniform(rng, self.sky_tilt),
            sky_azimuth_rad=float(np.radians(uniform(rng, self.sky_azimuth_deg))),
            bounce=uniform(rng, self.bounce),
            exposure_ev=uniform(rng, self.exposure_ev),
            warmth=uniform(rng, self.warmth),
        )
