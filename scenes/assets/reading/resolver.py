"""The files that a mesh file names: handed out only where they lie in its folder, and are what they seem."""

import hashlib
import io
import re
import warnings
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from PIL import Image
from trimesh.resolvers import Resolver

from scenes.assets.reading.limits import MAX_FILE_BYTES, MAX_IMAGE_PX
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
OPTIONS = re.compile(r"^(-[a-z]+(\s+(on|off|[-+.\deE]+|[rgbmlz]))*\s+)+")
"""What may stand before the name of a texture in an MTL, like `-s 1 1 1`."""
MAX_NAME = 255

Fate = Literal["found", "missing", "unsupported"]


class MeshResolver(Resolver):
    """What trimesh asks for when a mesh names other files.

    Args:
        path: The mesh file.
        root: The folder that is imported: a link may lead anywhere in it, and nowhere else.

    Attributes:
        images: For each image that was named, what became of it.
        inputs: For each other file that was asked for its path, and the hash of its content; "" for none.
        trick: The first name that leads elsewhere, as a refusal, or a limit that a file breaks.
        notes: What was done to find a file.
    """

    def __init__(self, path: Path, root: Path) -> None:
        """Reads nothing yet."""
        self._path, self._folder, self.root = path, path.parent, root.resolve()
        self.images: dict[str, Fate] = {}
        self.inputs: dict[str, str] = {}
        self.trick: Refused | None = None
        self.notes: list[str] = []

    def get(self, name: str) -> bytes:
        """The content of a file beside the mesh.

        Raises:
            Refused: The name leads out of the folder, or the file breaks a limit.
            FileNotFoundError: There is none, or it is an image of a kind that cannot be read.
        """
        name = OPTIONS.sub("", str(name))
        try:
            return self._get(name)
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
        found = found if found.exists() else _other_case(found)
        if found.exists() and not found.resolve().is_relative_to(self.root):
            raise _trick(name, "a link that leads out of the imported folder")
        return found

    def _get(self, name: str) -> bytes:
        found = self.inside(name)
        is_image = found.suffix.lower() in IMAGES
        key = found.relative_to(self._folder).as_posix()
        if not found.is_file():
            self.inputs[key] = ""
            if is_image:
                self.images[key] = "missing"
            else:
                self.notes.append(f"{name!r} is missing")
            raise FileNotFoundError(name)
        if found.stat().st_size > MAX_FILE_BYTES:
            raise Refused(
                "over a limit", f"{name!r} is larger than {MAX_FILE_BYTES >> 20} MiB", "make it smaller"
            )
        content = found.read_bytes()
        self.inputs[key] = digest(content)
        if is_image:
            self.images[key] = "found" if can_be_read(content, key) else "unsupported"
            if self.images[key] == "unsupported":
                raise FileNotFoundError(name)
        return content


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


def _other_case(path: Path) -> Path:
    """The file whose name differs in upper and lower case only, if there is just one."""
    if not path.parent.is_dir():
        return path
    same = [other for other in path.parent.iterdir() if other.name.lower() == path.name.lower()]
    return same[0] if len(same) == 1 else path
