"""Settings of what lights a scene beside sun and sky: lamps and environment maps."""

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
from scenes.settings import Range, Settings, Share, ShareRange, did_you_mean, uniform, within
from scenes.shot import Environment, Lamp


class LampSettings(Settings):
    """A directional light beside the sun."""

    share: Share = 1.0
    """Share of pictures in which it is on."""
    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (20.0, 70.0)
    """Elevation above the horizon."""
    azimuth_deg: Range = (0.0, 360.0)
    """Azimuth, counted from the sun's."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of its colour."""
    saturation: ShareRange = (0.0, 0.2)
    """Saturation of its colour."""
    diffuse: Annotated[Range, within(0.0, 4.0)] = (0.2, 0.6)
    """Irradiance of a surface that faces it; compare with light.diffuse and light.ambient."""
    shadow: ShareRange = (0.8, 1.0)
    """Darkness of its shadows: 1 removes all of its light."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.02, 0.1)
    """Half width of its penumbrae, divided by the distance to the occluder."""

    def draw(self, rng: np.random.Generator, sun_azimuth_rad: float) -> Lamp | None:
        """The lamp, or None if it is off; always eight draws.

        Args:
            rng: Generator.
            sun_azimuth_rad: Azimuth of the sun, from +x towards +y.
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
    """An environment map in place of the sky: an equirectangular picture of the surroundings."""

    skies: tuple[str, ...] = ()
    """Procedural maps to choose from if there is no path: clear, overcast, room."""
    pool: Annotated[int, Field(ge=1, le=MAX_POOL)] = 64
    """Number of different maps of each procedural kind."""
    path: str | None = None
    """A file (.hdr, .exr, or an image) or a folder of them: equirectangular, twice as wide as high."""
    turn_deg: Range = (0.0, 360.0)
    """Rotation about the vertical."""
    sun: bool = True
    """Whether its brightest spot replaces the sun that is drawn."""
    seen: bool = True
    """Whether it is the background of the picture, in place of scene.background."""

    @field_validator("skies")
    @classmethod
    def _known(cls, skies: tuple[str, ...]) -> tuple[str, ...]:
        for kind in skies:
            if kind not in SKIES:
                raise ValueError(f"unknown sky {kind!r}; {did_you_mean(kind, sorted(SKIES))}")
        return skies

    @field_validator("path")
    @classmethod
    def _has_pictures(cls, path: str | None) -> str | None:
        if path is not None and not panorama_files(path):
            if not Path(path).expanduser().exists():
                raise ValueError(f"no file or folder {path!r}")
            raise ValueError(f"no environment map ({', '.join(SUFFIXES)}) in {path!r}")
        return path

    def draw(self, rng: np.random.Generator, album: Album) -> Environment | None:
        """One of the maps and its rotation, or None if there are none; always three draws.

        Args:
            rng: Generator.
            album: Images to choose from.
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
    """Settings, validated in JSON mode; a text alone is the path."""
    tree = {"path": tree} if isinstance(tree, str) else tree
    return EnvironmentSettings.parse(tree) if isinstance(tree, dict) else tree


EnvironmentField = Annotated[EnvironmentSettings, BeforeValidator(_parsed)]
Lamps = Annotated[dict[str, LampSettings], Field(max_length=8)]
