"""The files that a mesh file names: handed out only where they lie in its folder, and are what they seem."""

import hashlib
import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Literal
from urllib.parse import unquote

from PIL import Image
from trimesh.resolvers import Resolver

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

Fate = Literal["found", "missing", "unsupported", "unreadable"]


class MeshResolver(Resolver):
    """What trimesh asks for when a mesh names other files.

    Args:
        path: The mesh file.
        roots: Folders that a link may lead anywhere in, and nowhere else: the one that is imported.

    Attributes:
        images: For each image that was named, what became of it.
        inputs: For each other file that was asked for its path, and the hash of its content; "" for none.
        trick: The first name that leads elsewhere, as a refusal, or a limit that a file breaks.
        notes: What was done to find a file.
    """

    def __init__(self, path: Path, roots: Sequence[Path]) -> None:
        """Reads nothing yet."""
        self._folder = path.parent
        self.roots = tuple(root.resolve() for root in roots)
        self.images: dict[str, Fate] = {}
        self.inputs: dict[str, str] = {}
        self.trick: Refused | None = None
        self.notes: list[str] = []
        self._kind = path.suffix.lower()
        self._has_materials = False

    def get(self, name: str) -> bytes:
        """The content of a file beside the mesh.

        Raises:
            Refused: The name leads out of the folder, or the file breaks a limit.
            FileNotFoundError: There is none, or one that cannot be read.
        """
        try:
            return self._get(str(name))
        except Refused as refused:
            # trimesh takes some exceptions for a missing texture: what was refused stays refused.
            self.trick = self.trick or refused
            raise

    def keys(self) -> list[str]:
        """Nothing is listed: names come from the mesh."""
        return []

    def namespaced(self, namespace: str) -> "MeshResolver":
        """Refused: a name in another folder comes with that folder."""
        raise ValueError(f"no other folder ({namespace})")

    def write(self, name: str, data: object) -> None:
        """Refused: reading a mesh writes nothing."""
        raise PermissionError(f"reading a mesh writes nothing ({name})")

    def inside(self, name: str) -> Path:
        """Where a name leads.

        Raises:
            Refused: Out of the folder of the mesh, or by a link out of the imported one.
        """
        if DRIVE.match(name):  # where it was on somebody's Windows; never followed
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
        """Whether a file is a texture, by its suffix or as this mesh can name no other kind there."""
        known = PurePath(name).suffix.lower() in IMAGES
        return known or self._kind in (".ply", ".dae") or (self._kind == ".obj" and self._has_materials)

    def _lost(self, key: str, name: str, fate: Fate) -> None:
        self.inputs[key] = ""
        if self._is_image(key):
            self.images[key] = fate
        else:
            self.notes.append(f"{name!r} is missing" if fate == "missing" else f"{name!r} cannot be read")


def _content(path: Path, name: str) -> bytes:
    """What is in a file that a mesh names.

    Raises:
        Refused: It is too large.
        OSError: It cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(name)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Refused(
            "over a limit", f"{name!r} is larger than {MAX_FILE_BYTES >> 20} MiB", "make it smaller"
        )
    return path.read_bytes()


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def can_be_read(content: bytes, name: str) -> bool:
    """Whether bytes are an image of a known kind, judged by its header alone.

    Raises:
        Refused: It says that it has more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                size = image.size
    except Image.DecompressionBombError:
        raise _bomb(name, "more") from None
    except Exception:  # whatever a parser of foreign files raises is one thing to the caller
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
    """The file whose name differs in upper and lower case only, if there is just one."""
    place = folder
    for part in PurePosixPath(name).parts:
        if not place.is_dir():
            return folder / name
        same = [other for other in place.iterdir() if other.name.lower() == part.lower()]
        place = same[0] if len(same) == 1 else place / part
    return place
