"""Values of `path:` settings: a mesh file, a folder, a pattern, a library or one category of a library."""

import os
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from scenes.assets.filenames import real_path
from scenes.assets.library import is_library
from scenes.assets.reading.limits import SUFFIXES

PACKAGE = "pybullet_data"
URDF = ".urdf"
OF = "#"
"""Separator between a library and one of its categories: `LIBRARY#bolts`."""


MAX_SEARCHED = 1000
"""Largest number of folders that are searched for meshes if the given folder has none."""


class PathError(ValueError):
    """A `path:` contains no mesh, or its package is not installed. The message is one line."""


@dataclass(frozen=True, slots=True)
class AssetPath:
    """A parsed `path:` setting.

    Attributes:
        text: The setting as written.
        package: The installed package that contains the path, `pybullet_data`; "" if there is none.
        folder: The file, folder, glob pattern or library, without package and category.
        category: The category of the library, or "".
    """

    text: str
    package: str
    folder: str
    category: str

    @classmethod
    def parse(cls, text: str) -> "AssetPath":
        """Parses a setting without access to the file system."""
        package, colon, place = text.partition(":")
        package, place = (package, place) if colon and package == PACKAGE else ("", text)
        folder, _, category = place.rpartition(OF)
        is_mesh = "*" in place or PurePath(place).suffix.lower() in SUFFIXES
        is_part = folder and category and not is_mesh
        return cls(text, package, folder, category) if is_part else cls(text, package, place, "")

    def __str__(self) -> str:
        """The setting as written."""
        return self.text

    @property
    def resolved(self) -> Path:
        """The path in the file system; `#` and the category, if any, are treated as part of the file name.

        Raises:
            PathError: The package is not installed.
        """
        return self._resolved(f"{self.folder}{OF}{self.category}" if self.category else self.folder)

    @property
    def library(self) -> Path | None:
        """The folder of the library, or None if the path does not refer to a library.

        Raises:
            PathError: The package is not installed.
        """
        folder = self._resolved(self.folder)
        return folder if is_library(folder) else None

    def files(self) -> list[Path]:
        """Lists the mesh files that the path refers to, sorted; for a folder, the files directly in it.

        Raises:
            PathError: There are no mesh files, or the package is not installed.
        """
        given = self.resolved
        if "*" in str(given):
            pattern = str(given.relative_to(given.anchor))
            files = _meshes(matches(Path(given.anchor or "."), pattern), given.suffix)
        elif given.is_dir():
            files = _meshes(given.iterdir(), "")
        elif given.is_file():
            return [given]
        else:
            raise PathError(f"no such file or folder: {self.text!r}")
        if not files:
            raise PathError(f"no mesh ({', '.join(SUFFIXES)}) {self._elsewhere(given)}")
        return files

    def _elsewhere(self, given: Path) -> str:
        """The end of the error message for a path without meshes; it names a nearby folder with meshes."""
        if not given.is_dir():
            return f"in {self.text!r}"
        text = self.text.rstrip("/")
        if any(file.suffix.lower() == URDF for file in given.iterdir()):
            return f"directly in {self.text!r}, only URDF files: use path: '{text}/*{URDF}'"
        found = nearest_meshes(given)
        if found is None:
            return f"in {self.text!r} or its subfolders"
        folder, suffix = found
        below = f"{text}/{folder.relative_to(given)}"
        if not suffix:
            return f"directly in {self.text!r}; the nearest are in the library {below}: use that"
        return f"directly in {self.text!r}; the nearest are in {below}: use path: '{text}/**/*{suffix}'"

    @property
    def within(self) -> Path:
        """The folder that must contain the textures of the meshes.

        This is the package's folder if the path is in a package. Otherwise it is the folder above the first
        `*` of a glob pattern, the given folder itself, or the folder of the given mesh file.

        Raises:
            PathError: The package is not installed.
        """
        if self.package:
            return self._resolved("")
        given = self.resolved
        parts = given.parts
        wild = next((index for index, part in enumerate(parts) if "*" in part), None)
        if wild is not None:
            return Path(*parts[:wild])
        return given if given.is_dir() else given.parent

    @property
    def bare(self) -> str:
        """The name of the file, folder or library without its parents.

        For a glob pattern, the part of the path that begins with the first component with `*`. If there is a
        category, `#` and the category are appended.
        """
        parts = PurePath(self.folder).parts
        wild = next((index for index, part in enumerate(parts) if "*" in part), len(parts) - 1)
        return "/".join(parts[wild:]) + (f"{OF}{self.category}" if self.category else "")

    def _resolved(self, place: str) -> Path:
        if not self.package:
            return real_path(Path(), str(Path(place).expanduser()))
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            raise PathError(f"{self.text!r}: the package {self.package} is not installed")
        return Path(spec.origin).parent / place


def matches(folder: Path, pattern: str) -> list[Path]:
    """Lists the files and folders below a folder that match a glob pattern.

    Brackets are first read as literal text, as in `[v2]/*.obj`. If nothing matches, they are read as
    character classes.

    Raises:
        PathError: A folder vanished while it was searched.
    """
    try:
        return list(folder.glob(pattern.replace("[", "[[]"))) or list(folder.glob(pattern))
    except OSError as error:
        raise PathError(
            f"{error.filename} cannot be searched: {error.strerror}; use another folder"
        ) from error


def nearest_meshes(folder: Path) -> tuple[Path, str] | None:
    """Searches a folder, and the folders in it, for the nearest folder with meshes.

    Returns this folder and the most common suffix of its meshes; the suffix is "" if the folder is a library.
    Returns None if no meshes are found.

    At most `MAX_SEARCHED` folders are searched. Symbolic links to folders are not followed.
    """
    waiting = deque([folder])
    for _ in range(MAX_SEARCHED):
        if not waiting:
            break
        place = waiting.popleft()
        if is_library(place):
            return place, ""
        entries = sorted(place.iterdir()) if os.access(place, os.R_OK | os.X_OK) else []
        if meshes := _meshes((entry for entry in entries if entry.is_file()), ""):
            return place, Counter(file.suffix for file in meshes).most_common(1)[0][0]
        waiting += [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
    return None


def _meshes(files: Iterable[Path], suffix: str) -> list[Path]:
    """Returns the mesh files among `files`, sorted.

    URDF files are returned only if `suffix` is `.urdf`, and then exclusively, because they refer to meshes
    that are usually also in `files`.
    """
    wanted = (URDF,) if suffix.lower() == URDF else tuple(known for known in SUFFIXES if known != URDF)
    return sorted(file for file in files if file.suffix.lower() in wanted and file.name[0] != ".")


def _parsed(value: object) -> AssetPath:
    if isinstance(value, AssetPath):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return AssetPath.parse(value)


PathSetting = Annotated[AssetPath, PlainValidator(_parsed), PlainSerializer(str)]
"""An `AssetPath` as a setting, parsed from text and serialized as text."""
