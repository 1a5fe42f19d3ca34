"""Reads libraries: folders of clean meshes written by `sim2coco assets import`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scenes.assets.dimensions import Dimensions, dimensions_of
from scenes.assets.keypoints import Keypoints
from scenes.assets.origin import Origin, origin_of
from scenes.assets.stored import SUFFIX
from scenes.geometry import Matrix, conversion, matrix_of

INDEX = "library.json"
"""File in the library folder that lists the assets."""
FORMAT = 2
"""Version of the format of `library.json`; version 1, whose meshes are OBJ files, is supported too."""
FOLDER = "meshes"
"""Subfolder with the meshes and their textures."""
PIECES = "collision"
"""Subfolder for convex decompositions; the name of each file is the hash of its content."""
REGIONS = "regions"
"""Subfolder for regions; the name of each file is the hash of its content."""


class NoLibrary(ValueError):
    """A folder is not a library, or its library cannot be read. The message is one line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One asset of a library.

    Attributes:
        name: Name of the asset, unique in the library.
        category: Name of its category.
        mesh: Hash of the clean mesh. Its file is named after the hash.
        path: File of the clean mesh.
        dimensions: Dimensions of the clean mesh; None if the format of the library is version 1.
        prepared: Hash of the file with the mesh prepared for rendering; "" if there is no such file.
        density_kg_m3: Density in kg/m³.
        licence: Licence of the mesh.
        upright: Whether bodies are released upright; None if not specified.
        source: Path of the original file, relative to the imported folder.
        pieces: File of the convex decomposition used for collision. None if the convex hull is used.
        from_file: Transform from the coordinates of the original file to the coordinates of the clean mesh.
        knows_up: Whether the file or the user stated which axis points up; otherwise z was assumed.
        notes: Remarks by `sim2coco assets import`: repairs of the mesh, and what was missing in the original.
        repairs: Those of the notes that describe repairs.
        keypoints: Named keypoints, in the coordinates of the original file; None if the asset has none.
        regions: File of the mesh regions, in the coordinates of the original file; None if the asset has
            none.
        origin: The original file; None if the library was written before origins were stored.
    """

    name: str
    category: str
    mesh: str
    path: Path
    dimensions: Dimensions | None
    prepared: str
    density_kg_m3: float
    licence: str
    upright: bool | None
    source: str
    pieces: Path | None
    from_file: Matrix
    knows_up: bool
    notes: tuple[str, ...]
    repairs: tuple[str, ...]
    origin: Origin | None = None
    keypoints: Keypoints | None = None
    regions: Path | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """The assets of a library.

    Attributes:
        categories: Names of the categories in import order. Category ids follow this order.
        entries: The assets of all categories.
    """

    categories: tuple[str, ...]
    entries: tuple[Entry, ...]

    def of(self, category: str) -> tuple[Entry, ...]:
        """Returns the assets of one category."""
        return tuple(entry for entry in self.entries if entry.category == category)


def is_library(folder: Path) -> bool:
    """Whether a folder contains a library."""
    return (folder / INDEX).is_file()


def read_library(folder: Path) -> Library:
    """Reads the library in a folder.

    Raises:
        NoLibrary: The folder contains no library, or the library cannot be read.
    """
    place = folder / INDEX
    if not place.is_file():
        exists = folder.is_dir()
        what, meshes = ("contains no library.json", folder) if exists else ("no such folder", "FOLDER")
        raise NoLibrary(
            f"{folder}: {what}; to create a library, run sim2coco assets import {meshes} --out LIBRARY"
        )
    try:
        tree = json.loads(place.read_text(encoding="utf-8"))
        if tree["format"] not in (1, FORMAT):
            raise NoLibrary(f"{place}: unsupported format ({tree['format']}); import the meshes again")
        categories = tuple(str(name) for name in tree["categories"])
        entries = tuple(_entry(folder, asset) for asset in tree["assets"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, NoLibrary):
            raise
        raise NoLibrary(f"{place}: cannot be read; import the meshes again") from error
    return Library(categories, entries)


def _entry(folder: Path, asset: dict[str, Any]) -> Entry:
    mesh, pieces, prepared, regions = (
        str(asset.get(key) or "") for key in ("mesh", "collision", "prepared", "regions")
    )
    if not all((name or "0").isalnum() for name in (pieces, prepared, regions)) or not mesh.isalnum():
        raise ValueError(f"{mesh!r}, {pieces!r}, {prepared!r} or {regions!r} is no hash")
    is_stored = "reach_m" in asset
    return Entry(
        name=str(asset["name"]),
        category=str(asset["category"]),
        mesh=mesh,
        path=folder / FOLDER / f"{mesh}{SUFFIX if is_stored else '.obj'}",
        dimensions=dimensions_of(asset) if is_stored else None,
        prepared=prepared,
        density_kg_m3=float(asset["density_kg_m3"]),
        licence=str(asset["licence"]),
        upright=asset.get("upright"),
        source=str(asset.get("source", "")),
        pieces=folder / PIECES / f"{pieces}.obj" if pieces else None,
        from_file=_from_file(asset),
        knows_up=asset.get("up_from") != "",
        notes=tuple(str(note) for note in asset.get("notes", ())),
        repairs=tuple(str(note) for note in asset.get("repairs", asset.get("notes", ()))),
        origin=origin_of(asset["origin"]) if "origin" in asset else None,
        keypoints=Keypoints.parse(asset["keypoints"]) if "keypoints" in asset else None,
        regions=folder / REGIONS / f"{regions}.npz" if regions else None,
    )


def _from_file(asset: dict[str, Any]) -> Matrix:
    """Returns the transform from the original file to the clean mesh.

    Older libraries do not store it; then it is computed from the unit and the up axis.
    """
    if "from_file" not in asset:
        return conversion(float(asset.get("metres_per_unit", 1.0)), str(asset.get("up", "z")))
    return matrix_of(np.array(asset["from_file"], np.float64).reshape(4, 4))
