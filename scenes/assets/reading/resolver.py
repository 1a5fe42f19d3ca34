"""Opens the files that a mesh file refers to, within the folder given by the user."""

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, Self

from PIL import Image

from scenes.assets.reading.content import PULL, is_pointer
from scenes.assets.reading.limits import MAX_FILE_BYTES, MAX_IMAGE_PX
from scenes.assets.reading.places import COPY, Places, plain_name, short
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
Fate = Literal["found", "missing", "unsupported", "unreadable", "outside", "pointer"]


class MeshResolver:
    """Opens the files that a mesh refers to.

    The class `Places` defines where files are searched for.

    Args:
        path: The mesh file.
        roots: Allowed folders. Referenced files and targets of symbolic links must be in one of them.

    Attributes:
        images: Dict from the path of each image to `found` or the reason why the image is not used:
            `missing`, `unsupported`, `unreadable`, `outside` the roots, or a Git LFS `pointer`. The paths are
            relative to the mesh.
        inputs: Dict from the path of each requested file, relative to the mesh, to its SHA-256; "" if the
            file is missing or cannot be read.
        notes: Notes on missing files and changed names.
    """

    def __init__(self, path: Path, roots: Sequence[Path]) -> None:
        """Stores the paths; files are opened by `get` and `image`."""
        self.roots = tuple(roots)
        self._places = Places(path.parent, roots)
        self.images: dict[str, Fate] = {}
        self.inputs: dict[str, str] = {}
        self.notes: list[str] = []

    @classmethod
    def within(cls, path: Path, folder: Path) -> Self:
        """Creates a resolver for the mesh file `path`, whose roots are `folder` and the folder of the mesh.

        If `path` is a symbolic link, the folder of the file that it points to is also a root.
        """
        return cls(path, (folder, path.parent, path.resolve().parent))

    def find(self, name: str) -> Path:
        """Returns the path of a file that the mesh refers to; the file may be missing.

        Raises:
            Refused: The file is not in `roots`, or is a symbolic link whose target is not in `roots`.
            OSError: A folder is not readable.
        """
        return self._places.find(name)[0]

    def has(self, name: str) -> bool:
        """Whether a file of this name exists and may be opened."""
        try:
            return self.find(name).is_file()
        except (OSError, Refused):
            return False

    def beside(self, name: str, other: str) -> str:
        """Converts a path relative to another file to a path relative to the mesh.

        Args:
            name: The other file, as the mesh refers to it.
            other: Path relative to the folder of that file.
        """
        return self._places.key(Path(os.path.normpath(self.find(name).parent / other)))

    def get(self, name: str) -> bytes:
        """Reads a file that the mesh refers to.

        Raises:
            Refused: The file is not in `roots`, or exceeds a limit.
            FileNotFoundError: The file is missing or cannot be read; this is added to `notes`.
        """
        try:
            return self._content(name)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            self.inputs[short(name)] = ""
            self.notes.append(f"{short(name)!r} is missing" if missing else f"{short(name)!r} cannot be read")
            raise FileNotFoundError(name) from error

    def image(self, name: str) -> Image.Image | None:
        """Opens a texture that the mesh refers to; returns None if it cannot be used.

        The reason is added to `images`. The texture is decoded on first access to its pixels.

        Raises:
            Refused: The file is too large, or has too many pixels.
        """
        content = self.image_bytes(name)
        if content is None:
            return None
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        image.info["file_path"] = self._places.key(self.find(name))
        return image

    def image_bytes(self, name: str) -> bytes | None:
        """Like `image`, but returns the undecoded content of the file, or None."""
        key = short(name)
        try:
            key = self._places.key(self.find(name))
            content = self._content(name)
        except Refused as refused:
            if refused.kind != "path trick":
                raise
            self.images[key] = "outside"
            self.inputs.setdefault(PurePosixPath(plain_name(name)).name, "")  # the user may put it there
            return None
        except OSError as error:
            self.images[key] = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
            self.inputs[key] = ""
            return None
        lost: Fate = "pointer" if is_pointer(content) else "unsupported"
        self.images[key] = "found" if can_be_read(content, key) else lost
        return content if self.images[key] == "found" else None

    def _content(self, name: str) -> bytes:
        """Reads a file.

        Raises:
            Refused: The file is not in `roots`, or is too large.
            OSError: The file is missing or cannot be read.
        """
        path, elsewhere = self._places.find(name)
        if not path.is_file():
            raise FileNotFoundError(name)
        key = self._places.key(path)
        if path.stat().st_size > MAX_FILE_BYTES:
            size = f"{key!r} is larger than {MAX_FILE_BYTES >> 20} MiB"
            raise Refused("over a limit", size, "make it smaller")
        content = path.read_bytes()
        if elsewhere:
            self.notes.append(f"{short(name)!r} was not found: {key!r} is used instead")
        self.inputs[key] = digest(content)
        return content


def lost_texture(name: str, fate: Fate) -> str:
    """Returns the note on an unused texture."""
    if fate == "outside":
        return f"texture {name!r} is outside the given folder: the material colour is used; {COPY}"
    if fate == "pointer":
        return f"texture {name!r} is a Git LFS pointer: the material colour is used; {PULL}"
    return f"texture {name!r} is {fate}: the material colour is used"


def digest(content: bytes) -> str:
    """Hexadecimal SHA-256 digest."""
    return hashlib.sha256(content).hexdigest()


def can_be_read(content: bytes, name: str) -> bool:
    """Whether `content` is an image in a supported format; reads only the header.

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
