"""Libraries: folders of clean meshes that `sim2coco assets import` wrote, as data sets use them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "library.json"
FORMAT = 1
PIECES = "collision"
"""Folder of the convex pieces, each file named by its content."""


class NoLibrary(ValueError):
    """A folder that is no library, or one that cannot be read, in one line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One asset of a library.

    Attributes:
        name: Unique in the library.
        category: What it is labelled as.
        mesh: The hash that names its clean mesh.
        path: The file of that.
        density_kg_m3: Mass per volume.
        licence: Under what licence it may be used.
        upright: Whether it stands when it is let go; None where nobody has said.
        source: The file that it was made of, as its folder had it.
        pieces: The file of the convex pieces that stand for it in physics, or None for its hull.
    """

    name: str
    category: str
    mesh: str
    path: Path
    density_kg_m3: float
    licence: str
    upright: bool | None
    source: str
    pieces: Path | None


@dataclass(frozen=True, slots=True)
class Library:
    """The assets of a library, and its categories in the order that they came into it: the order of ids."""

    categories: tuple[str, ...]
    entries: tuple[Entry, ...]

    def of(self, category: str) -> tuple[Entry, ...]:
        """The assets of one category."""
        return tuple(entry for entry in self.entries if entry.category == category)


def is_library(folder: Path) -> bool:
    """Whether a folder holds a library."""
    return (folder / INDEX).is_file()


def read_library(folder: Path) -> Library:
    """The library in a folder.

    Raises:
        NoLibrary: There is none, or one that cannot be read.
    """
    place = folder / INDEX
    if not place.is_file():
        what, meshes = ("holds no library.json", folder) if folder.is_dir() else ("no such folder", "FOLDER")
        raise NoLibrary(f"{folder}: {what}; sim2coco assets import {meshes} --out LIBRARY makes a library")
    try:
        tree = json.loads(place.read_text(encoding="utf-8"))
        if tree["format"] != FORMAT:
            raise NoLibrary(f"{place}: of another version ({tree['format']}); import the meshes anew")
        categories = tuple(str(name) for name in tree["categories"])
        entries = tuple(_entry(folder, asset) for asset in tree["assets"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, NoLibrary):
            raise
        raise NoLibrary(f"{place}: cannot be read; import the meshes anew") from error
    return Library(categories, entries)


def _entry(folder: Path, asset: dict[str, Any]) -> Entry:
    mesh, pieces = str(asset["mesh"]), str(asset.get("collision") or "")
    if not mesh.isalnum() or not (pieces or mesh).isalnum():
        raise ValueError(f"{mesh!r} or {pieces!r} is no hash")
    return Entry(
        name=str(asset["name"]),
        category=str(asset["category"]),
        mesh=mesh,
        path=folder / "meshes" / f"{mesh}.obj",
        density_kg_m3=float(asset["density_kg_m3"]),
        licence=str(asset["licence"]),
        upright=asset.get("upright"),
        source=str(asset.get("source", "")),
        pieces=folder / PIECES / f"{pieces}.obj" if pieces else None,
    )
