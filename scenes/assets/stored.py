"""Library meshes, which are read from their files only when their triangles are needed.

Mesh and texture files are named by a hash of their content, so damage is detected.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from scenes.assets.glb import looks_of, read_glb, texture_names
from scenes.assets.mesh import Mesh, MeshError
from scenes.assets.reading.image import ImageError, decode_image
from scenes.assets.reading.limits import MAX_FILE_BYTES

SUFFIX = ".glb"
PREPARED = ".npz"
"""Suffix of the file next to a mesh file that contains the mesh prepared for rendering."""
Look = tuple[tuple[float, float, float], NDArray[np.uint8] | None]
"""Colour and texture of a part."""
HASH = 16
"""Number of characters of the hash in a file name."""
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, KeyError, ValueError),
    *(SyntaxError, TokenError, TypeError, OverflowError, MemoryError),  # array headers are Python literals
)
"""Exceptions that NumPy raises when it reads a damaged `.npz` file."""


@dataclass(frozen=True, slots=True)
class StoredMesh:
    """A mesh in a library.

    Attributes:
        path: Path of the mesh file.
        factor: Factor by which the mesh in the file is scaled.
        prepared: Hash that names another file in the same folder, which contains the mesh prepared for
            rendering. "" if there is no such file.
    """

    path: Path
    factor: float = 1.0
    prepared: str = ""

    def read(self) -> Mesh:
        """Reads the mesh.

        Raises:
            MeshError: A file is missing or damaged.
        """
        mesh = read_stored(self.path)
        return mesh if self.factor == 1.0 else mesh.scaled(self.factor)


def content_name(content: bytes) -> str:
    """Returns the name, without suffix, of a file with the given content."""
    return sha256(content).hexdigest()[:HASH]


def read_stored(path: Path) -> Mesh:
    """Reads a library mesh.

    Raises:
        MeshError: Its file or a texture is missing or damaged.
    """
    content = _checked(path)
    return read_glb(content, _textures(path, content))


def read_looks(path: Path) -> tuple[Look, ...]:
    """Reads the colour and texture of each part of a library mesh, but not its triangles.

    Raises:
        MeshError: Its file or a texture is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            content = file.read(20)
            content += file.read(int.from_bytes(content[12:16], "little") + 8)
    except OSError as error:
        raise MeshError(f"its file cannot be read: {error.strerror}") from error
    return looks_of(content, _textures(path, content))


def _textures(path: Path, content: bytes) -> dict[str, NDArray[np.uint8]]:
    textures = {}
    for name, file in _texture_files(path, content):
        try:
            textures[name] = decode_image(BytesIO(_checked(file, name)), name)
        except ImageError as error:
            raise MeshError(str(error)) from error
    return textures


def check_stored(path: Path) -> None:
    """Checks that the files of a library mesh have the content that import wrote.

    Raises:
        MeshError: Its file or a texture is missing or damaged.
    """
    for name, file in _texture_files(path, _checked(path)):
        _checked(file, name)


def _texture_files(path: Path, content: bytes) -> Iterator[tuple[str, Path]]:
    for name in texture_names(content):
        stem, dot, suffix = name.partition(".")
        if not stem.isalnum() or dot + suffix != ".png":
            raise MeshError(f"refers to the texture {name!r}, which is not a hash")
        yield name, path.parent / name


def _checked(path: Path, called: str = "its file") -> bytes:
    """Returns the content of a file, after checking it against the hash in the file's name.

    Args:
        path: The file.
        called: What error messages call the file.

    Raises:
        MeshError: The file cannot be read, is too large, or does not have this hash.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise MeshError(f"{called} is larger than {MAX_FILE_BYTES >> 20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise MeshError(f"{called} cannot be read: {error.strerror}") from error
    if content_name(content) != path.stem:
        raise MeshError(f"{called} is damaged or was changed")
    return content
