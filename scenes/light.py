"""The kinds of light; each draws the light, exposure and white balance of a view."""

import colorsys
from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenes.assets.images import Album
from scenes.geometry import on_sphere, vec3
from scenes.lamps import EnvironmentField, EnvironmentSettings, Lamps
from scenes.settings import Kind, Range, ShareRange, Streams, uniform, within
from scenes.shot import Light


class LightKind(Kind):
    """A way to light scenes."""

    @abstractmethod
    def draw(self, streams: Streams, album: Album) -> Light:
        """The light of one view.

        Args:
            streams: `streams(name)`: the generators `light`, `lamps` and `environment` of the view.
            album: Environment maps to choose from.
        """

    @property
    def environments(self) -> EnvironmentSettings:
        """The environment maps that it chooses from; none, unless a kind says so."""
        return EnvironmentSettings()


class SunAndSky(LightKind):
    """Sun, sky, lamps, an environment map, and the camera's exposure and white balance.

    `render=tiny` uses the settings from `elevation_deg` to `softness` only.
    """

    kind: Literal["sun_and_sky"] = "sun_and_sky"
    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (30.0, 80.0)
    """Elevation of the sun above the horizon."""
    azimuth_deg: Range = (0.0, 360.0)
    """Azimuth of the sun, from +x towards +y."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of the sun's colour."""
    saturation: ShareRange = (0.0, 0.15)
    """Saturation of the sun's colour."""
    ambient: ShareRange = (0.2, 0.55)
    """Light from the sky: irradiance of a level floor."""
    diffuse: ShareRange = (0.5, 1.0)
    """Light from the sun: irradiance of a surface that faces it."""
    specular: ShareRange = (0.0, 0.5)
    """Strength of specular highlights."""
    shadow: ShareRange = (0.6, 1.0)
    """Darkness of cast shadows (tiny: on the floor only): 1 removes all of the sun's light."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.01, 0.08)
    """Half width of penumbrae, divided by the distance to the occluder (tiny: by the size of the scene)."""
    sky_hue: ShareRange = (0.0, 1.0)
    """Hue of the sky's colour."""
    sky_saturation: ShareRange = (0.0, 0.15)
    """Saturation of the sky's colour."""
    horizon: Annotated[Range, within(0.0, 4.0)] = (0.4, 1.6)
    """Brightness of the sky at the horizon, relative to the zenith."""
    sky_tilt: ShareRange = (0.0, 0.8)
    """How much brighter one side of the sky is: at 1 the other side is dark."""
    sky_azimuth_deg: Range = (0.0, 360.0)
    """Azimuth of the brighter side, from +x towards +y."""
    bounce: Annotated[Range, within(0.0, 2.0)] = (0.6, 1.0)
    """Strength of the light that floor and walls reflect, relative to diffuse surfaces."""
    exposure_ev: Annotated[Range, within(-4.0, 4.0)] = (-0.6, 0.6)
    """Exposure compensation in stops: 1 doubles the light."""
    warmth: Annotated[Range, within(-0.5, 0.5)] = (-0.08, 0.08)
    """White balance: red is stronger by this share, and blue weaker."""
    lamps: Lamps = Field(default_factory=dict)
    """Named lamps beside the sun, at most 8; remove one with `~light.lamps.NAME`."""
    environment: EnvironmentField = EnvironmentSettings()
    """An environment map in place of the sky; a file or folder alone is its path."""

    def draw(self, streams: Streams, album: Album) -> Light:
        """The light of one view: sun and sky, lamps, and environment map each from a stream of its own."""
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

    @property
    def environments(self) -> EnvironmentSettings:
        """The environment maps that it chooses from."""
        return self.environment

    def _sun_and_sky(self, rng: np.random.Generator) -> Light:
        """The light without lamps and environment map; one draw for each range, new ones at the end."""
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
