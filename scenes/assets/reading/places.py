"""Finds the files that a mesh file refers to, within the folder given by the user."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import unquote

from scenes.assets.reading.refusal import Refused

DRIVE = re.compile(r"[A-Za-z]:[\\/]")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://)?")
PACKAGES = ("package", "model")
"""ROS URI schemes, followed by the name of a folder above the mesh."""
MAX_NAME = 255
"""Largest length of a path component, in characters."""
COPY = (
    "copy that file next to the mesh, or give the folder above both: "
    "assets import FOLDER, or path: FOLDER/**/NAME.obj"
)
"""Advice for a file outside the given folder."""


class Places:
    """Resolves file references in a mesh file.

    A path is tried as written, with backslashes as slashes, and case-insensitively. A path that begins with
    `/`, contains `..` or has the form `package://NAME/...` is followed only within `roots`. If nothing is
    found, the last components of the path are tried relative to the mesh folder.

    Args:
        folder: The folder of the mesh file.
        roots: Allowed folders. Referenced files and targets of symbolic links must be in one of them.
    """

    def __init__(self, folder: Path, roots: Sequence[Path]) -> None:
        """Makes the paths absolute."""
        self._folder = _absolute(folder)
        self._targets = tuple(root.resolve() for root in roots)
        self._within = (self._folder, *map(_absolute, roots), *self._targets)

    def find(self, name: str) -> tuple[Path, bool]:
        """Resolves a path that is written in a mesh file.

        If nothing is found at that path, the last components of the path are looked up in the mesh folder.

        Returns:
            The path of the file, and whether only its last components were used. The file may be missing.

        Raises:
            Refused: The file, or the target of a symbolic link, is outside the allowed folders.
            OSError: A folder is not readable, or the path is not a valid file name.
        """
        plain = plain_name(name)
        if _is_no_name(plain):
            raise FileNotFoundError(name)
        places = [place for place in self._named(name, plain) if self._above(place) is not None]
        for place in places:
            found = self._in_any_case(place)
            if found is not None:
                return self._allowed(found, name), False
        for end in _ends(plain):
            found = self._in_any_case(self._folder / end)
            if found is not None:
                return self._allowed(found, name), True
        if DRIVE.match(plain):
            return self._folder / PurePosixPath(plain).name, True
        if not places:
            raise Refused("path trick", f"refers to {short(name)!r}, which is outside the given folder", COPY)
        return places[-1], False

    def key(self, path: Path) -> str:
        """Returns a path relative to the mesh folder, with `/` as the separator."""
        return PurePath(os.path.relpath(path, self._folder)).as_posix()

    def _named(self, name: str, plain: str) -> Iterator[Path]:
        """Yields the locations at which a file may be, without checking that they are in `roots`.

        `name` is the path as written, and `plain` is the result of `plain_name`.
        """
        scheme = SCHEME.match(plain)
        if scheme is not None and scheme[1].lower() in PACKAGES:
            rest = PurePosixPath(plain[scheme.end() :])
            for above in (self._folder, *self._folder.parents):
                yield above / rest
                if rest.parts and above.name == rest.parts[0]:
                    yield above.joinpath(*rest.parts[1:])
        elif scheme is None and not DRIVE.match(plain):
            if (self._folder / name).exists():
                yield self._folder / name
            yield Path(os.path.normpath(self._folder / plain))

    def _above(self, place: Path) -> Path | None:
        """Returns the mesh folder or the entry of `roots` that contains `place`; None if there is none."""
        if ".." in place.parts:
            return None
        return next((folder for folder in self._within if place.is_relative_to(folder)), None)

    def _in_any_case(self, place: Path) -> Path | None:
        """The path if it exists, or an existing path that differs only in case, or None.

        Each component is replaced only if exactly one entry of its folder matches.
        """
        if place.exists():
            return place
        found = self._above(place) or self._folder
        for part in place.relative_to(found).parts:
            if not found.is_dir():
                return None
            same = [other for other in found.iterdir() if other.name.lower() == part.lower()]
            found = same[0] if len(same) == 1 else found / part
        return found if found.exists() else None

    def _allowed(self, path: Path, name: str) -> Path:
        target = path.resolve()
        if not any(target.is_relative_to(root) for root in self._targets):
            what = "a symbolic link to a file outside the given folder"
            raise Refused("path trick", f"refers to {short(name)!r}, {what}", COPY)
        return path


def _absolute(path: Path) -> Path:
    """Makes a path absolute without resolving symbolic links or changing case."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.resolve follows links


def plain_name(name: str) -> str:
    """Converts a path or URL to a plain path: `/` separators, decoded `%20` etc., no `file://`."""
    plain = unquote(name).replace("\\", "/")
    return plain[7:] if plain.lower().startswith("file://") else plain


def short(name: str) -> str:
    """Truncates a path that is too long to be a file path."""
    return name if len(name) <= 4 * MAX_NAME else name[:60] + "..."


def _is_no_name(plain: str) -> bool:
    parts = plain.split("/")
    return "\0" in plain or len(plain) > 4 * MAX_NAME or any(len(part) > MAX_NAME for part in parts)


def _ends(plain: str) -> Iterator[str]:
    """Yields the last three components of a path, then the last two, then the file name."""
    parts = [part for part in plain.split("/") if part not in ("", ".", "..")]
    for count in (3, 2, 1):
        if len(parts) >= count:
            yield "/".join(parts[-count:])
