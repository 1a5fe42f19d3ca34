"""Opens the files that a mesh file refers to, if they are in its folder and of a supported kind."""

import hashlib
import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Literal
from urllib.parse import unquote

from PIL import Image

from scenes.assets.reading.limits import MAX_FILE_BYTES, MAX_IMAGE_PX
from scenes.assets.reading.mtl import plain_materials
from scenes.assets.reading.refusal import Refused

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "TGA", "GIF")
IMAGES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".webp",
    ".tif",
    ".tiff",
    ".tga",
    ".gif",
    ".dds",
    ".exr",
    ".hdr",
    ".psd",
)
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
MAX_NAME = 255
"""Longest component of a path, in characters."""

Fate = Literal["found", "missing", "unsupported", "unreadable"]


class MeshResolver:
    """Opens the files that a mesh refers to.

    Args:
        path: The mesh file.
        roots: Folders that may contain the targets of symbolic links, such as the imported folder.

    Attributes:
        images: For each image that the mesh refers to, by its path relative to the mesh: `found`, or why it
            is not used (`missing`, `unsupported` or `unreadable`).
        inputs: SHA-256 of each requested file, by its path relative to the mesh; "" if it is missing or
            cannot be read.
        trick: The first `Refused` exception that was raised for a file, because its name is invalid or leads
            outside the allowed folders, or because it exceeds a limit; None if no file was refused.
        notes: Notes on missing files and on names that were changed.
    """

    def __init__(self, path: Path, roots: Sequence[Path]) -> None:
        """Stores the paths; files are opened by `get`."""
        self._folder = path.parent
        self.roots = tuple(root.resolve() for root in roots)
        self.images: dict[str, Fate] = {}
        self.inputs: dict[str, str] = {}
        self.trick: Refused | None = None
        self.notes: list[str] = []
        self._kind = path.suffix.lower()
        self._has_materials = False

    def get(self, name: str) -> bytes:
        """Reads a file that the mesh refers to.

        Raises:
            Refused: The name leads outside the allowed folders, or the file exceeds a limit.
            FileNotFoundError: The file is missing, cannot be read, or is an image in an unsupported format.
        """
        try:
            return self._get(str(name))
        except Refused as refused:
            # trimesh treats some exceptions as a missing texture, so the refusal is stored for the caller.
            self.trick = self.trick or refused
            raise

    def inside(self, name: str) -> Path:
        """The path of a file that the mesh refers to by name; the file may be missing.

        Raises:
            Refused: The name is not valid, leads outside the folder of the mesh, or is a symbolic link whose
                target is outside `roots`.
        """
        if DRIVE.match(name):  # a path on the author's Windows machine: only the file name is used
            bare = re.split(r"[\\/]", name)[-1]
            self.notes.append(f"{name!r} is taken as {bare!r} beside it")
            name = bare
        plain = unquote(name).replace("\\", "/")
        if (
            len(name) > 4 * MAX_NAME
            or "\0" in plain
            or any(len(part) > MAX_NAME for part in plain.split("/"))
        ):
            raise _trick(name[:60] + "...", "which is no name of a file")
        if plain.startswith(("/", "~")) or SCHEME.match(plain) or ".." in plain.split("/"):
            raise _trick(name, "which is not in its own folder")
        found = self._folder / plain if not (self._folder / name).exists() else self._folder / name
        found = found if found.exists() else _other_case(self._folder, plain)
        if found.exists() and not any(found.resolve().is_relative_to(root) for root in self.roots):
            raise _trick(name, "a link that leads out of the imported folder")
        return found

    def _get(self, name: str) -> bytes:
        key = name
        try:
            found = self.inside(name)
            key = found.relative_to(self._folder).as_posix()
            content = _content(found, name)
        except OSError as error:
            self._lost(key, name, "missing" if isinstance(error, FileNotFoundError) else "unreadable")
            raise FileNotFoundError(name) from error
        self.inputs[key] = digest(content)
        if not self._is_image(key):
            self._has_materials = True
            return plain_materials(content) if self._kind == ".obj" else content
        self.images[key] = "found" if can_be_read(content, key) else "unsupported"
        if self.images[key] == "unsupported":
            raise FileNotFoundError(name)
        return content

    def _is_image(self, name: str) -> bool:
        """Whether a file is a texture: by its suffix, or because the mesh can refer to no other kind of file.

        PLY and COLLADA files refer only to textures. For an OBJ file, every file that is read after the
        material file is a texture.
        """
        known = PurePath(name).suffix.lower() in IMAGES
        return known or self._kind in (".ply", ".dae") or (self._kind == ".obj" and self._has_materials)

    def _lost(self, key: str, name: str, fate: Fate) -> None:
        self.inputs[key] = ""
        if self._is_image(key):
            self.images[key] = fate
        else:
            self.notes.append(f"{name!r} is missing" if fate == "missing" else f"{name!r} cannot be read")


def _content(path: Path, name: str) -> bytes:
    """The content of a file that a mesh refers to.

    Raises:
        Refused: The file is too large.
        OSError: The file is missing or cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(name)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Refused(
            "over a limit", f"{name!r} is larger than {MAX_FILE_BYTES >> 20} MiB", "make it smaller"
        )
    return path.read_bytes()


def digest(content: bytes) -> str:
    """Hexadecimal SHA-256 digest."""
    return hashlib.sha256(content).hexdigest()


def can_be_read(content: bytes, name: str) -> bool:
    """Whether `content` is an image in a supported format; only the header is read.

    Raises:
        Refused: The header states more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                size = image.size
    except Image.DecompressionBombError:
        raise _bomb(name, "more") from None
    except Exception:  # parsers of untrusted files can raise anything
        return False
    if size[0] * size[1] > MAX_IMAGE_PX:
        raise _bomb(name, f"{size[0]}x{size[1]}, more")
    return True


def _bomb(name: str, size: str) -> Refused:
    sentence = f"its image {name!r} is {size} than {MAX_IMAGE_PX // 10**6} million pixels"
    return Refused("over a limit", sentence, "scale the image down")


def _trick(name: str, what: str) -> Refused:
    return Refused("path trick", f"names {name!r}, {what}", "put that file beside the mesh, and name it so")


def _other_case(folder: Path, name: str) -> Path:
    """The path of a file whose name differs from `name` only in case.

    Each component is replaced only if exactly one entry of its folder matches.
    """
    place = folder
    for part in PurePosixPath(name).parts:
        if not place.is_dir():
            return folder / name
        same = [other for other in place.iterdir() if other.name.lower() == part.lower()]
        place = same[0] if len(same) == 1 else place / part
    return place
