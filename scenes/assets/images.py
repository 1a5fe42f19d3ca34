"""Users' images and procedural textures: found, hashed, and read when a surface needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenes.assets.panoramas import panorama_files, read_panorama
from scenes.assets.reading.image import IMAGE_SUFFIXES, ImageError, read_image
from scenes.assets.skies import SKIES, sky
from scenes.assets.textures import texture

IMAGE = "image"
"""The texture kind that stands for an image from a folder."""
ENVIRONMENT = "environment"
"""The role of pictures of all around: no surface has them."""

KEPT_PANORAMAS = 4
"""Pictures of all around that are kept in memory, at most 24 MiB each."""


MAX_POOL = 256
"""Different pictures of a procedural texture that there can be."""


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture to put on a surface: member `index` of the pool of a procedural `kind`.

    Of the kind `image`: number `index` of a folder, and in `source` its name and content, `name@hash`.
    """

    kind: str
    index: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image of a user's folder: where it lies, what it is, `name@hash`, and its place in the folder."""

    path: Path
    key: str
    index: int

    @property
    def content(self) -> str:
        """The hash of what is in it, whatever it is called."""
        return self.key.rpartition("@")[2]


Images = Mapping[str, tuple[ImageFile, ...]]
"""For each role its images: `environment`, or where a surface is set (`floor`, `objects`, `table.legs`)."""


@dataclass(frozen=True, slots=True)
class Album:
    """The pictures that surfaces of one role may have.

    Attributes:
        images: Those of the folder `images`.
        members: Which of the pictures of each procedural texture, ascending.
    """

    images: Sequence[ImageFile] = ()
    members: Sequence[int] = range(MAX_POOL)


def image_files(folder: str) -> list[Path]:
    """The image files of a folder, sorted by name."""
    root = Path(folder).expanduser()
    if not root.is_dir():
        return []
    return sorted(
        path for path in root.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.name[0] != "."
    )


def load_images(folders: Mapping[str, str | None]) -> Images:
    """The images of some folders, each looked at once: what is in them later changes nothing.

    Args:
        folders: For each role a folder, or None.

    Raises:
        ImageError: One cannot be read.
    """
    return {
        role: tuple(_image_file(path, role, index) for index, path in enumerate(_files(folder, role)))
        for role, folder in folders.items()
        if folder is not None
    }


def _files(folder: str, role: str) -> list[Path]:
    return panorama_files(folder) if role == ENVIRONMENT else image_files(folder)


def _image_file(path: Path, role: str, index: int) -> ImageFile:
    try:
        if role == ENVIRONMENT:
            read_panorama(path)
        else:
            read_image(path, quick=True)
    except ImageError as error:
        setting = "light.environment" if role == ENVIRONMENT else f"scene.{role}.images"
        raise ImageError(f"{setting}: {error}") from error
    return ImageFile(path.absolute(), f"{path.name}@{file_hash(path)}", index)


def file_hash(path: Path) -> str:
    """What is in a file, in 16 letters: the hash of an image's key, `name@hash`."""
    return sha256(path.read_bytes()).hexdigest()[:16]


class Pictures:
    """The pictures behind textures, kept once read: `pictures(texture)`.

    Args:
        images: The users' images.
        keep: How many pictures are kept in memory.
    """

    def __init__(self, images: Images, keep: int = 64) -> None:
        """Reads nothing yet."""
        self._images = [image for of_role in images.values() for image in of_role]
        self._get = lru_cache(keep)(self._read)
        self.panorama = lru_cache(KEPT_PANORAMAS)(self._read_panorama)

    def __call__(self, choice: Texture) -> NDArray[np.uint8]:
        """The pixels (h, w, 3) RGB of a texture; an image is found by its name and content.

        Raises:
            ImageError: The image is another one now.
        """
        return self._get(choice)

    def _read(self, choice: Texture) -> NDArray[np.uint8]:
        if choice.kind == IMAGE:
            return read_image(self._path(choice.source))
        rng = _rng(choice.kind, choice.index)
        return _muted(texture(choice.kind, rng), rng.random(), 100 + 100 * rng.random())

    def _read_panorama(self, source: str) -> NDArray[np.float32]:
        """The light (h, w, 3) of a picture of all around, `name@hash`, or `kind:number`.

        Raises:
            ImageError: The picture is another one now.
        """
        kind, _, number = source.partition(":")
        if kind in SKIES and "@" not in source:
            return sky(kind, _rng(kind, int(number)))
        return read_panorama(self._path(source))

    def _path(self, source: str) -> Path:
        for image in self._images:
            if image.key == source and image.key.endswith(file_hash(image.path)):
                return image.path
        raise ImageError(f"{source}: that image is no longer there, or another one now")


def _rng(kind: str, member: int) -> np.random.Generator:
    """The generator of one member of a procedural kind's pool, the same in every data set."""
    seed = np.random.SeedSequence(member, spawn_key=tuple(kind.encode()))
    return np.random.Generator(np.random.PCG64(seed))


def _muted(pixels: NDArray[np.uint8], share: float, brightness: float) -> NDArray[np.uint8]:
    """A picture with a share of its colour taken away, at a mean brightness (0..255).

    Real floors and things are seldom vivid; and a texture multiplies a colour, so a dark one would be black.
    """
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    mixed = pixels * np.float32(1 - share) + grey[..., None] * np.float32(share)
    return np.asarray(
        np.minimum(mixed * np.float32(brightness / grey.mean()) + np.float32(0.5), 255), np.uint8
    )
