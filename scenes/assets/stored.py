"""Meshes in the files of a library, which are read when their triangles are needed.

Each file of meshes and textures is named by a hash of its content, so damage is noticed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from scenes.assets.glb import read_glb, texture_names
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.reading.image import ImageError, decode_image
from scenes.assets.reading.limits import MAX_FILE_BYTES

SUFFIX = ".glb"
HASH = 16
"""Number of characters of a hash in a file name."""


@dataclass(frozen=True, slots=True)
class StoredMesh:
    """A mesh in a library.

    Attributes:
        path: Its file.
        factor: Scale factor of the mesh.
    """

    path: Path
    factor: float = 1.0

    def read(self) -> Mesh:
        """Reads the mesh.

        Raises:
            MeshError: A file is missing or damaged.
        """
        mesh = read_stored(self.path)
        return mesh if self.factor == 1.0 else mesh.scaled(self.factor)


def content_name(content: bytes) -> str:
    """The name of a file with the given content, without its suffix."""
    return sha256(content).hexdigest()[:HASH]


def read_stored(path: Path) -> Mesh:
    """Reads a mesh of a library.

    Raises:
        MeshError: Its file or a texture is missing or damaged.
    """
    content = _checked(path)
    textures = {}
    for name, file in _texture_files(path, content):
        try:
            textures[name] = decode_image(BytesIO(_checked(file, name)), name)
        except ImageError as error:
            raise MeshError(str(error)) from error
    return read_glb(content, textures)


def check_stored(path: Path) -> None:
    """Checks that the files of a mesh of a library have the content that import wrote.

    Raises:
        MeshError: Its file or a texture is missing or damaged.
    """
    for name, file in _texture_files(path, _checked(path)):
        _checked(file, name)


def _texture_files(path: Path, content: bytes) -> Iterator[tuple[str, Path]]:
    for name in texture_names(content):
        stem, dot, suffix = name.partition(".")
        if not stem.isalnum() or dot + suffix != ".png":
            raise MeshError(f"names the texture {name!r}, which is no hash")
        yield name, path.parent / name


def _checked(path: Path, called: str = "its file") -> bytes:
    """The content of a file, which must have the hash that is its name."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise MeshError(f"{called} is larger than {MAX_FILE_BYTES >> 20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise MeshError(f"{called} cannot be read: {error.strerror}") from error
    if content_name(content) != path.stem:
        raise MeshError(f"{called} is damaged or was changed")
    return content
