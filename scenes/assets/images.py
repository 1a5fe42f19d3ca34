"""Lists and hashes user images, and provides the pixels of images and procedural textures.

Images are listed and hashed when a run starts. Their pixels are read when a surface needs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenes.assets.materials.kinds import MATERIALS, material
from scenes.assets.materials.material import Material
from scenes.assets.panoramas import panorama_files, read_panorama
from scenes.assets.reading.image import IMAGE_SUFFIXES, ImageError, read_cutout, read_image
from scenes.assets.skies import SKIES, sky
from scenes.assets.textures import texture

IMAGE = "image"
"""Value of `Texture.kind` for image files."""
ENVIRONMENT = "environment"
"""Key of the environment maps in `Images`; the other keys refer to surfaces and defects."""
DEFECTS = "defects"
"""Prefix of the keys of defect images in `Images`, as in `defects.logo`."""

CACHED_PANORAMAS = 4
"""Number of environment maps that are cached in memory, at most 24 MiB each."""


MAX_POOL = 256
"""Largest number of variants of a material, a procedural texture or an environment map."""
CACHED_MATERIALS = 4
"""Number of materials that are cached in memory, 1.5 MiB each."""

Style = Literal["natural", "abstract"]
"""Default texture style of surfaces: materials (natural), or patterns (abstract)."""


@dataclass(frozen=True, slots=True)
class Texture:
    """A texture: a variant of a material or of a procedural texture, or an image file.

    Attributes:
        kind: Name of the material or procedural texture; `image` for an image file.
        index: Index of the variant, or of the image file in its folder.
        source: For an image file, `name@hash` with the hash of its content; otherwise "".
    """

    kind: str
    index: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image file in a user's folder: its path, its key `name@hash`, and its index in the folder."""

    path: Path
    key: str
    index: int

    @property
    def content(self) -> str:
        """Hash of the file content; it does not depend on the file name."""
        return self.key.rpartition("@")[2]


Images = Mapping[str, tuple[ImageFile, ...]]
"""The images of each role: `environment`, the path of a surface's settings (`floor`, `table.legs`), or
`defects.NAME`."""


@dataclass(frozen=True, slots=True)
class Album:
    """The images and texture variants available to surfaces of one role.

    Attributes:
        images: The user's images, from the folder that the setting `images` names.
        members: Indices of the variants that may be used, ascending; the same for every material and texture.
        style: Texture style of surfaces whose setting `textures` is null.
    """

    images: Sequence[ImageFile] = ()
    members: Sequence[int] = range(MAX_POOL)
    style: Style = "natural"


def checked_folder(folder: str | None) -> str | None:
    """Checks that a folder contains images, and returns it; None is returned unchanged.

    Raises:
        ValueError: There is no such folder, or there are no images in it.
    """
    if folder is not None and not image_files(folder):
        if not Path(folder).expanduser().is_dir():
            raise ValueError(f"no such folder: {folder!r}")
        raise ValueError(f"no images ({', '.join(IMAGE_SUFFIXES)}) in the folder {folder!r}")
    return folder


def image_files(folder: str) -> list[Path]:
    """The image files in a folder, sorted by name; empty if the folder does not exist."""
    root = Path(folder).expanduser()
    if not root.is_dir():
        return []
    return sorted(
        path for path in root.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.name[0] != "."
    )


def load_images(folders: Mapping[str, str | None]) -> Images:
    """Returns the images for each role, after checking and hashing every file.

    Each folder is listed once. Files that are added to it later are not used.

    Args:
        folders: Folder of images for each role; roles with None are left out of the result. For the role
            `environment`, the value may also be a single file.

    Raises:
        ImageError: An image cannot be read.
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
        elif role.startswith(f"{DEFECTS}."):
            read_cutout(path, largest_px=256)
        else:
            read_image(path, reduced_px=64)
    except ImageError as error:
        setting = "light.environment" if role == ENVIRONMENT else f"scene.{role}.images"
        raise ImageError(f"{setting}: {error}") from error
    return ImageFile(path.absolute(), f"{path.name}@{file_hash(path)}", index)


def file_hash(path: Path) -> str:
    """First 16 hex digits of the SHA-256 of a file: the hash in an image key, `name@hash`."""
    return sha256(path.read_bytes()).hexdigest()[:16]


class Pictures:
    """Provides the pixels of textures and environment maps, with caches.

    `pictures(texture)` returns the RGB pixels of a texture, and `pictures.cutout(texture)` the RGBA pixels of
    an image file. `pictures.material(texture)` returns a generated material, or None if the texture is not
    a material. `pictures.panorama(source)` returns the radiance of an environment map.

    Args:
        images: User images.
        keep: Largest number of textures in the cache.
    """

    def __init__(self, images: Images, keep: int = 64) -> None:
        """Creates empty caches and does not read any file."""
        self._images = [image for of_role in images.values() for image in of_role]
        self._get = lru_cache(keep)(self._read)
        self.cutout = lru_cache(keep)(self._read_cutout)
        self.material = lru_cache(CACHED_MATERIALS)(self._draw_material)
        self.panorama = lru_cache(CACHED_PANORAMAS)(self._read_panorama)

    def __call__(self, choice: Texture) -> NDArray[np.uint8]:
        """Returns the pixels (h, w, 3) RGB of a texture. Image files are identified by name and content hash.

        Raises:
            ImageError: The image file is missing or has changed.
        """
        return self._get(choice)

    def _read(self, choice: Texture) -> NDArray[np.uint8]:
        if choice.kind == IMAGE:
            return read_image(self._path(choice.source))
        if (made_of := self.material(choice)) is not None:
            return made_of.color
        rng = _rng(choice.kind, choice.index)
        return _desaturated(texture(choice.kind, rng), rng.random(), 100 + 100 * rng.random())

    def _read_cutout(self, choice: Texture) -> NDArray[np.uint8]:
        """Pixels (h, w, 4) RGBA of an image file.

        Raises:
            ImageError: The file is missing or has changed.
        """
        return read_cutout(self._path(choice.source))

    def _draw_material(self, choice: Texture) -> Material | None:
        """Generates the material of a texture; None for textures that are not materials."""
        if choice.kind not in MATERIALS:
            return None
        return material(choice.kind, _rng(choice.kind, choice.index))

    def _read_panorama(self, source: str) -> NDArray[np.float32]:
        """Radiance (h, w, 3) of an environment map: a file `name@hash`, or a procedural map `kind:variant`.

        Raises:
            ImageError: The file is missing or has changed.
        """
        kind, _, number = source.partition(":")
        if kind in SKIES and "@" not in source:
            return sky(kind, _rng(kind, int(number)))
        return read_panorama(self._path(source))

    def _path(self, source: str) -> Path:
        for image in self._images:
            if image.key == source and image.key.endswith(file_hash(image.path)):
                return image.path
        raise ImageError(f"{source}: the image is missing or has changed")


def _rng(kind: str, member: int) -> np.random.Generator:
    """The random number generator for a variant (`member`) of a procedural image, seeded by the arguments."""
    seed = np.random.SeedSequence(member, spawn_key=tuple(kind.encode()))
    return np.random.Generator(np.random.PCG64(seed))


def _desaturated(pixels: NDArray[np.uint8], share: float, brightness: float) -> NDArray[np.uint8]:
    """Desaturates an image by the fraction `share`, and scales it to a mean brightness (0..255).

    Real floors and objects seldom have saturated colours. Brightness is scaled because the renderer
    multiplies the texture by a colour, and a dark texture would make the surface almost black.
    """
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    mixed = pixels * np.float32(1 - share) + grey[..., None] * np.float32(share)
    return np.asarray(
        np.minimum(mixed * np.float32(brightness / grey.mean()) + np.float32(0.5), 255), np.uint8
    )
