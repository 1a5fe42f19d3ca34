"""Colours and textures of floors, backgrounds and objects, drawn from ranges."""

import colorsys
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from scenes.assets.reading import IMAGE_SUFFIXES, read_image
from scenes.assets.textures import TEXTURES, texture
from scenes.settings import Settings, Share, ShareRange, did_you_mean, uniform
from scenes.spec import Look, Texture, Vec3

IMAGE = "image"
"""The texture kind that stands for an image from a folder."""


class LookSettings(Settings):
    """Where colours and textures come from."""

    hue: ShareRange = (0.0, 1.0)
    """Hue of the colour, round the colour circle."""
    saturation: ShareRange = (0.0, 0.8)
    """Saturation of the colour."""
    value: ShareRange = (0.4, 1.0)
    """Brightness of the colour."""
    textured: Share = 0.8
    """Share of surfaces with a texture."""
    textures: tuple[str, ...] = tuple(TEXTURES)
    """Procedural textures to choose from."""
    pool: Annotated[int, Field(ge=1, le=256)] = 32
    """Different pictures of each procedural texture."""
    images: str | None = None
    """A folder of images to use instead of procedural textures."""

    @field_validator("textures")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for kind in kinds:
            if kind not in TEXTURES:
                raise ValueError(f"unknown texture {kind!r}; {did_you_mean(kind, sorted(TEXTURES))}")
        return kinds

    @field_validator("images")
    @classmethod
    def _has_images(cls, folder: str | None) -> str | None:
        if folder is not None and not image_files(folder):
            raise ValueError(f"no images ({', '.join(IMAGE_SUFFIXES)}) in the folder {folder!r}")
        return folder

    def draw(self, rng: np.random.Generator) -> Look:
        """A colour and perhaps a texture; always six draws."""
        hue, saturation, value = (uniform(rng, bounds) for bounds in (self.hue, self.saturation, self.value))
        color: Vec3 = colorsys.hsv_to_rgb(hue, saturation, value)
        wanted, which, member = rng.random(), rng.random(), rng.random()
        if wanted >= self.textured:
            return Look(color)
        if self.images is not None:
            return Look((1.0, 1.0, 1.0), Texture(IMAGE, int(member * len(image_files(self.images)))))
        if not self.textures:
            return Look(color)
        kind = self.textures[int(which * len(self.textures))]
        return Look(color, Texture(kind, int(member * self.pool)))


def image_files(folder: str) -> list[Path]:
    """The image files of a folder, sorted by name."""
    root = Path(folder).expanduser()
    if not root.is_dir():
        return []
    return sorted(
        path for path in root.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.name[0] != "."
    )


def folder_hash(folder: str) -> str:
    """SHA-256 over names and bytes of a folder's images."""
    digest = sha256()
    for path in image_files(folder):
        digest.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Pictures:
    """The pictures behind textures, kept once read: `pictures("floor", texture)`.

    Args:
        folders: For each role (`floor`, `background`, `objects`, `distractors`) a folder of images, or None.
        keep: How many pictures are kept in memory.
    """

    def __init__(self, folders: Mapping[str, str | None], keep: int = 64) -> None:
        """Remember the folders."""
        self._folders = dict(folders)
        self._get = lru_cache(keep)(self._read)

    def __call__(self, role: str, choice: Texture) -> NDArray[np.uint8]:
        """The pixels (h, w, 3) RGB of a texture on a surface of that role."""
        return self._get(role if choice.kind == IMAGE else "", choice)

    def _read(self, role: str, choice: Texture) -> NDArray[np.uint8]:
        if choice.kind == IMAGE:
            return read_image(image_files(self._folders[role] or "")[choice.index])
        seed = np.random.SeedSequence(choice.index, spawn_key=tuple(choice.kind.encode()))
        rng = np.random.Generator(np.random.PCG64(seed))
        return _muted(texture(choice.kind, rng), rng.random(), 100 + 100 * rng.random())


def _muted(pixels: NDArray[np.uint8], share: float, brightness: float) -> NDArray[np.uint8]:
    """A picture with a share of its colour taken away, at a mean brightness (0..255).

    Real floors and things are seldom vivid; and a texture multiplies a colour, so a dark one would be black.
    """
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    mixed = pixels * np.float32(1 - share) + grey[..., None] * np.float32(share)
    return np.asarray(
        np.minimum(mixed * np.float32(brightness / grey.mean()) + np.float32(0.5), 255), np.uint8
    )
