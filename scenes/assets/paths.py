"""The value of a `path:` setting: a mesh file, a folder, a pattern, a library or one of its categories."""

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from scenes.assets.library import is_library
from scenes.assets.reading.limits import SUFFIXES

PACKAGE = "pybullet_data"
URDF = ".urdf"
OF = "#"
"""Stands between a library and one of its categories: `LIBRARY#bolts`."""


class PathError(ValueError):
    """A `path:` that names nothing, in one line."""


@dataclass(frozen=True, slots=True)
class AssetPath:
    """What a `path:` names.

    Attributes:
        text: As it is written.
        package: The installed package that it lies in, `pybullet_data`, or "" for none.
        folder: File, folder, pattern or library, without package and category.
        category: The category of a library, or "".
    """

    text: str
    package: str
    folder: str
    category: str

    @classmethod
    def parse(cls, text: str) -> "AssetPath":
        """The value of a text; nothing is looked up."""
        package, colon, place = text.partition(":")
        package, place = (package, place) if colon and package == PACKAGE else ("", text)
        folder, _, category = place.rpartition(OF)
        is_mesh = "*" in place or PurePath(place).suffix.lower() in SUFFIXES
        is_part = folder and category and not is_mesh
        return cls(text, package, folder, category) if is_part else cls(text, package, place, "")

    def __str__(self) -> str:
        """As it is written."""
        return self.text

    @property
    def resolved(self) -> Path:
        """The path in the file system, a category taken as part of the name.

        Raises:
            PathError: The package that it names is not installed.
        """
        return self._resolved(f"{self.folder}{OF}{self.category}" if self.category else self.folder)

    @property
    def library(self) -> Path | None:
        """The folder of the library that it names; None where there is none.

        Raises:
            PathError: The package that it names is not installed.
        """
        folder = self._resolved(self.folder)
        return folder if is_library(folder) else None

    def files(self) -> list[Path]:
        """The mesh files that it names, sorted; of a folder, its own.

        Raises:
            PathError: There are none, or the package that it names is not installed.
        """
        given = self.resolved
        if "*" in str(given):
            parts = given.relative_to(given.anchor).parts
            pattern = "/".join(part if "*" in part else glob.escape(part) for part in parts)
            files = _meshes(Path(given.anchor or ".").glob(pattern), given.suffix)
        elif given.is_dir():
            files = _meshes(given.iterdir(), "")
        elif given.is_file():
            return [given]
        else:
            raise PathError(f"no file or folder {self.text!r}")
        if not files:
            raise PathError(f"no mesh ({', '.join(SUFFIXES)}) in {self.text!r}")
        return files

    @property
    def bare(self) -> str:
        """The name of the file, folder or library without its place; a pattern from its first `*` on."""
        parts = PurePath(self.folder).parts
        wild = next((index for index, part in enumerate(parts) if "*" in part), len(parts) - 1)
        return "/".join(parts[wild:]) + (f"{OF}{self.category}" if self.category else "")

    def _resolved(self, place: str) -> Path:
        if not self.package:
            return Path(place).expanduser()
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            raise PathError(f"{self.text!r}: the package {self.package} is not installed")
        return Path(spec.origin).parent / place


def _meshes(files: Iterable[Path], suffix: str) -> list[Path]:
    """The mesh files among some, sorted; URDFs only of a pattern that asks for them: they repeat others."""
    wanted = (URDF,) if suffix.lower() == URDF else tuple(known for known in SUFFIXES if known != URDF)
    return sorted(file for file in files if file.suffix.lower() in wanted and file.name[0] != ".")


def _parsed(value: object) -> AssetPath:
    if isinstance(value, AssetPath):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return AssetPath.parse(value)


PathSetting = Annotated[AssetPath, PlainValidator(_parsed), PlainSerializer(str)]
"""A setting that is written as text."""
