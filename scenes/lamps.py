"""What lights a scene beside sun and sky: further lamps, and pictures of all around."""

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
    """A lamp beside the sun, far away as that."""

    share: Share = 1.0
    """Share of pictures in which it is on."""
    elevation_deg: Annotated[Range, within(5.0, 90.0)] = (20.0, 70.0)
    """Angle above the horizon."""
    azimuth_deg: Range = (0.0, 360.0)
    """Compass angle that it comes from, counted from the sun's."""
    hue: ShareRange = (0.0, 1.0)
    """Hue of its colour."""
    saturation: ShareRange = (0.0, 0.2)
    """Saturation of its colour."""
    diffuse: Annotated[Range, within(0.0, 4.0)] = (0.2, 0.6)
    """Its light, to be compared with light.diffuse and light.ambient."""
    shadow: ShareRange = (0.8, 1.0)
    """Darkness of its shadows."""
    softness: Annotated[Range, within(0.0, 0.2)] = (0.02, 0.1)
    """Width of its shadows' edges, over the distance to what casts them."""

    def draw(self, rng: np.random.Generator, sun_azimuth_rad: float) -> Lamp | None:
        """The lamp, or None where it is off; always eight draws.

        Args:
            rng: Generator.
            sun_azimuth_rad: Where the sun stands.
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
    """A picture of all around in place of the sky."""

    skies: tuple[str, ...] = ()
    """Procedural ones to choose from where there is no path: clear, overcast, room."""
    pool: Annotated[int, Field(ge=1, le=MAX_POOL)] = 64
    """Different pictures of each procedural one."""
    path: str | None = None
    """A file (.hdr, .exr, or an image), or a folder of them: equirectangular, twice as wide as high."""
    turn_deg: Range = (0.0, 360.0)
    """How far it is turned about the vertical."""
    sun: bool = True
    """Whether its brightest spot is the sun; otherwise the sun is drawn as it is without it."""
    seen: bool = True
    """Whether it is seen behind everything, in place of scene.background."""

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
                raise ValueError(f"no file or folder {path!r}")
            raise ValueError(f"no picture of all around ({', '.join(SUFFIXES)}) in {path!r}")
        return path

    def draw(self, rng: np.random.Generator, album: Album) -> Environment | None:
        """One of the pictures, turned, or None where there are none; always three draws.

        Args:
            rng: Generator.
            album: What to choose from.
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
    """Settings in JSON mode; a file or folder alone is its path."""
    tree = {"path": tree} if isinstance(tree, str) else tree
    return EnvironmentSettings.parse(tree) if isinstance(tree, dict) else tree


EnvironmentField = Annotated[EnvironmentSettings, BeforeValidator(_parsed)]
Lamps = Annotated[dict[str, LampSettings], Field(max_length=8)]
