"""Light kinds, which sample light, exposure and white balance for every view."""

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
    """Base class of light kinds."""

    @abstractmethod
    def draw(self, streams: Streams, album: Album) -> Light:
        """Samples the light of one view.

        Args:
            streams: Random generators of the view. Those named `light`, `lamps` and `environment` are used.
            album: Environment maps to choose from.
        """

    @property
    def environments(self) -> EnvironmentSettings:
        """Settings of the light's environment maps; by default there are none."""
        return EnvironmentSettings()


class SunAndSky(LightKind):
    """Sun, sky, lamps, an environment map, and the camera's exposure and white balance.

    With `render=tiny`, only the settings from `elevation_deg` to `softness` have an effect.
    """

    kind: Literal["sun_and_sky"] = "sun_and_sky"
    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (30.0, 80.0)
    """Elevation of the sun above the horizon, in degrees."""
    azimuth_deg: Range = (0.0, 360.0)
    """Azimuth of the sun in degrees, from +x towards +y."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of the sun's colour: 0 and 1 are red, 1/3 is green, 2/3 is blue."""
    saturation: ShareRange = (0.0, 0.15)
    """Saturation of the sun's colour: 0 is white."""
    ambient: ShareRange = (0.2, 0.55)
    """Irradiance of a horizontal floor by the sky; only its ratio to diffuse matters (automatic exposure)."""
    diffuse: ShareRange = (0.5, 1.0)
    """Irradiance of a surface that faces the sun, in the unit of ambient; larger values deepen shadows."""
    specular: ShareRange = (0.0, 0.5)
    """Strength of specular highlights; 0 is none."""
    shadow: ShareRange = (0.6, 1.0)
    """Fraction of the sun's light that shadows remove; 1 removes all (render=tiny: on the floor only)."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.01, 0.08)
    """Penumbra half width divided by the distance to the occluder (render=tiny: by the scene's size)."""
    sky_hue: ShareRange = (0.0, 1.0)
    """Hue of the sky's colour: 0 and 1 are red, 1/3 is green, 2/3 is blue."""
    sky_saturation: ShareRange = (0.0, 0.15)
    """Saturation of the sky's colour: 0 is white."""
    horizon: Annotated[Range, within(0.0, 4.0)] = (0.4, 1.6)
    """Brightness of the sky at the horizon, divided by the brightness at the zenith."""
    sky_tilt: ShareRange = (0.0, 0.8)
    """Brightness gradient across the sky: 0 is none; at 1, the horizon opposite sky_azimuth_deg is black."""
    sky_azimuth_deg: Range = (0.0, 360.0)
    """Azimuth of the brighter side of the sky in degrees, from +x towards +y."""
    bounce: Annotated[Range, within(0.0, 2.0)] = (0.6, 1.0)
    """Strength of the light reflected by floor and walls, relative to ideal diffuse reflection."""
    exposure_ev: Annotated[Range, within(-4.0, 4.0)] = (-0.6, 0.6)
    """Exposure compensation in stops: +1 doubles the light, -1 halves it."""
    warmth: Annotated[Range, within(-0.5, 0.5)] = (-0.08, 0.08)
    """White balance: the gain is 1 + warmth on red and 1 - warmth on blue."""
    lamps: Lamps = Field(default_factory=dict)
    """Additional lamps, at most 8, such as {fill: {share: 0.5}}; remove one with `~light.lamps.NAME`."""
    environment: EnvironmentField = EnvironmentSettings()
    """Environment map in place of the sky; a string sets environment.path."""

    def draw(self, streams: Streams, album: Album) -> Light:
        """Samples the light of one view.

        Sun and sky, the lamps, and the environment map each have a separate random generator.
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

    @property
    def environments(self) -> EnvironmentSettings:
        """Settings of the light's environment maps."""
        return self.environment

    def _sun_and_sky(self, rng: np.random.Generator) -> Light:
        """Samples a light without lamps and environment map.

        Each range consumes one random number. A new setting must be sampled last; otherwise the values of the
        existing settings change.
        """
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
