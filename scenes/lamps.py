"""Settings of lamps and environment maps."""

import colorsys
from bisect import bisect_left
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field, field_validator

from scenes.assets.images import MAX_POOL, Album
from scenes.assets.panoramas import SUFFIXES, panorama_files
from scenes.assets.skies import SKIES
from scenes.geometry import on_sphere, vec3
from scenes.settings import Range, Settings, Share, ShareRange, check_known, uniform, within
from scenes.shot import Environment, Lamp


class LampSettings(Settings):
    """A directional light in addition to the sun."""

    share: Share = 1.0
    """Fraction of images in which the lamp is on."""
    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (20.0, 70.0)
    """Elevation of the lamp above the horizon, in degrees."""
    azimuth_deg: Range = (0.0, 360.0)
    """Azimuth of the lamp relative to the sun, in degrees."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of the lamp's colour: 0 and 1 are red, 1/3 is green, 2/3 is blue."""
    saturation: ShareRange = (0.0, 0.2)
    """Saturation of the lamp's colour: 0 is white."""
    diffuse: Annotated[Range, within(0.0, 4.0)] = (0.2, 0.6)
    """Irradiance of a surface that faces the lamp, in the unit of light.diffuse and light.ambient."""
    shadow: ShareRange = (0.8, 1.0)
    """Fraction of the lamp's light that shadows remove: 0 casts no shadow, 1 removes all of it."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.02, 0.1)
    """Half width of the lamp's penumbra, divided by the distance to the occluder; 0 is a hard edge."""

    def draw(self, rng: np.random.Generator, sun_azimuth_rad: float) -> Lamp | None:
        """Samples the lamp for one image; returns None if it is off in this image.

        Args:
            rng: Generator; always consumes eight random numbers.
            sun_azimuth_rad: Azimuth of the sun in radians, from +x towards +y.
        """
        on = rng.random() < self.share
        azimuth, elevation = (
            np.radians(uniform(rng, bounds)) for bounds in (self.azimuth_deg, self.elevation_deg)
        )
        hue, saturation = uniform(rng, self.hue), uniform(rng, self.saturation)
        lamp = Lamp(
            direction=vec3(on_sphere(sun_azimuth_rad + float(azimuth), float(elevation))),
            color_rgb=colorsys.hsv_to_rgb(hue, saturation, 1.0),
            diffuse=uniform(rng, self.diffuse),
            shadow=uniform(rng, self.shadow),
            softness=uniform(rng, self.softness),
        )
        return lamp if on else None


class EnvironmentSettings(Settings):
    """An environment map in place of the sky: an equirectangular image of the light from all directions."""

    skies: tuple[str, ...] = ()
    """Procedural maps to choose from if path is null, such as [clear, overcast, room]; [] uses none."""
    pool: Annotated[int, Field(ge=1, le=MAX_POOL)] = 64
    """Number of different variants of each procedural map."""
    path: str | None = None
    """Equirectangular map, twice as wide as high: a file (.hdr, .exr, or an image) or a folder of them."""
    turn_deg: Range = (0.0, 360.0)
    """Rotation of the map about the vertical axis, in degrees."""
    sun: bool = True
    """Whether the brightest spot of the map replaces the sun that the other settings describe."""
    seen: bool = True
    """Whether the map is visible as the background, in place of scene.background."""

    @field_validator("skies")
    @classmethod
    def _known(cls, skies: tuple[str, ...]) -> tuple[str, ...]:
        for kind in skies:
            check_known("sky", kind, SKIES)
        return skies

    @field_validator("path")
    @classmethod
    def _has_pictures(cls, path: str | None) -> str | None:
        if path is not None and not panorama_files(path):
            if not Path(path).expanduser().exists():
                raise ValueError(f"no such file or folder: {path!r}")
            raise ValueError(f"no environment map ({', '.join(SUFFIXES)}) in {path!r}")
        return path

    def draw(self, rng: np.random.Generator, album: Album) -> Environment | None:
        """Samples an environment map and its rotation; returns None if there are no maps to choose from.

        Args:
            rng: Generator; always consumes three random numbers.
            album: The images of environment maps, and the allowed variants of the procedural maps.
        """
        which, turn_deg, member = rng.random(), uniform(rng, self.turn_deg), rng.random()
        if album.images:
            source = album.images[int(which * len(album.images))].key
        elif self.skies:
            pool = album.members[: bisect_left(album.members, self.pool)]
            source = f"{self.skies[int(which * len(self.skies))]}:{pool[int(member * len(pool))]}"
        else:
            return None
        return Environment(source, float(np.radians(turn_deg)), self.sun, self.seen)


def _parsed(tree: object) -> object:
    """Parses a mapping as `EnvironmentSettings`; a string is short for a mapping with only `path`.

    Returns any other value unchanged.
    """
    tree = {"path": tree} if isinstance(tree, str) else tree
    return EnvironmentSettings.parse(tree) if isinstance(tree, dict) else tree


EnvironmentField = Annotated[EnvironmentSettings, BeforeValidator(_parsed)]
Lamps = Annotated[dict[str, LampSettings], Field(max_length=8)]
