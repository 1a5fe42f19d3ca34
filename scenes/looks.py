"""Random colours and textures of floors, backgrounds and objects."""

import colorsys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, field_validator

from scenes.assets.images import IMAGE, MAX_POOL, Album, Style, Texture, checked_folder
from scenes.assets.materials.kinds import MATERIALS, NATURAL
from scenes.assets.textures import TEXTURES
from scenes.geometry import Vec3
from scenes.settings import Settings, Share, ShareRange, check_known, uniform
from scenes.spec import Look


class LookSettings(Settings):
    """Ranges of colours, and textures to choose from."""

    surface_kind: ClassVar[str] = "object"
    """Surface type, a key of `NATURAL`; types without an entry get abstract textures."""

    hue: ShareRange = (0.0, 1.0)
    """Hue of the colour: 0 and 1 are red, 1/3 is green, 2/3 is blue."""
    saturation: ShareRange = (0.0, 0.8)
    """Saturation of the colour: 0 is grey."""
    value: ShareRange = (0.4, 1.0)
    """Brightness of the colour (V of HSV): 0 is black."""
    textured: Share = 0.8
    """Fraction of surfaces with a texture; the others have one colour."""
    textures: tuple[str, ...] | None = None
    """Materials (in natural colours) and patterns, such as [planks, dots]; null follows `looks`."""
    pool: Annotated[int, Field(ge=1, le=MAX_POOL)] = 32
    """Number of different variants of each material and pattern."""
    images: str | None = None
    """Folder of images to use as textures; null uses materials and patterns."""

    @field_validator("textures")
    @classmethod
    def _known(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for kind in kinds or ():
            check_known("texture", kind, (*MATERIALS, *TEXTURES))
        return kinds

    _has_images = field_validator("images")(checked_folder)

    def draw(self, rng: np.random.Generator, album: Album) -> Look:
        """Samples a colour and, with probability `textured`, a texture.

        Args:
            rng: Generator; always consumes six random numbers.
            album: Images and texture variants to choose from.
        """
        hue, saturation, value = (uniform(rng, bounds) for bounds in (self.hue, self.saturation, self.value))
        color: Vec3 = colorsys.hsv_to_rgb(hue, saturation, value)
        wanted, which, member = rng.random(), rng.random(), rng.random()
        if wanted >= self.textured:
            return Look(color)
        if self.images is not None:
            image = album.images[int(member * len(album.images))]
            return Look((1.0, 1.0, 1.0), Texture(IMAGE, image.index, image.key), _offset_tiles(which))
        kinds = self.choices(album.style)
        if not kinds:
            return Look(color)
        kind = kinds[int(which * len(kinds))]
        pool = album.members[: bisect_left(album.members, self.pool)]
        texture = Texture(kind, pool[int(member * len(pool))])
        if kind not in MATERIALS:
            return Look(color, texture)
        return Look((1.0, 1.0, 1.0), texture, _offset_tiles(which * len(kinds) % 1.0))

    def choices(self, style: Style) -> tuple[str, ...]:
        """Returns the names of the materials and patterns to choose from in the given style."""
        if self.textures is not None:
            return self.textures
        return tuple(TEXTURES) if style == "abstract" else NATURAL.get(self.surface_kind, tuple(TEXTURES))

    def tile_side_m(
        self,
        look: Look,
        drawn: float,
        unit_m: float,
        bounds: tuple[float, float],
        bounds_m: tuple[float, float] | None = None,
    ) -> float:
        """Returns the side length of a texture tile in metres.

        A material has its natural size, but at least half the smallest and at most three times the largest
        side length in `bounds`. Other textures have a size within `bounds`.

        Args:
            look: Appearance of the surface.
            drawn: Random number in [0, 1) that selects the size within its range.
            unit_m: The typical object size in metres.
            bounds: Smallest and largest side length, in multiples of the typical object size.
            bounds_m: Smallest and largest side length in metres. If given, all textures, even materials, have
                a size within these bounds.
        """
        if bounds_m is not None:
            return bounds_m[0] + (bounds_m[1] - bounds_m[0]) * drawn
        low, high = bounds
        if look.texture is None or look.texture.kind not in MATERIALS:
            return unit_m * (low + (high - low) * drawn)
        small_m, large_m = MATERIALS[look.texture.kind].tile_m
        return min(max(small_m + (large_m - small_m) * drawn, unit_m * low / 2), 3 * unit_m * high)


def _offset_tiles(drawn: float) -> tuple[float, float]:
    """Derives two texture offsets in [0, 2) from one random number in [0, 1).

    Each offset uses half of the 52 bits of the number.
    """
    upper, lower = divmod(int(drawn * 2**52), 2**26)
    return upper / 2**25, lower / 2**25


def looks_in(settings: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, LookSettings]]:
    """Yields (path, settings) for all nested `LookSettings`; a path is dotted, such as `table.legs`.

    Args:
        settings: Settings to search, or mappings and sequences of settings.
        path: Field names that lead to `settings`, which are prepended to each path.
    """
    if isinstance(settings, LookSettings):
        yield ".".join(path), settings
    for name, value in _entries(settings):
        yield from looks_in(value, (*path, str(name)))


def _entries(value: object) -> Iterable[tuple[object, object]]:
    """Yields (name, value) for each field of settings, each entry of a mapping, or each item of a sequence.

    The name is the field, the key or the index. Other values give no pairs.
    """
    if isinstance(value, Settings):
        return value
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()
