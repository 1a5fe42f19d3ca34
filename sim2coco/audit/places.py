"""Finds the user's mesh files by name and content hash."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sim2coco.audit.errors import AuditError

MAX_TOLD = 3
"""Maximum number of missing files that a message lists."""
PACKAGE = "pybullet_data"
Search = Callable[[Set[str]], Sequence[Path]]
"""Finds files and folders by name."""


def nowhere(names: Set[str]) -> Sequence[Path]:
    """A `Search` that finds nothing."""
    return []


def found_files(
    root: Path, run: Mapping[str, Any], folders: Sequence[Path], search: Search = nowhere
) -> dict[str, Path]:
    """Returns a dict from asset key to mesh file, for all assets that come from a file.

    Args:
        root: The data set.
        run: The content of the data set's `run.json`.
        folders: Folders to search first. The paths in the settings are searched next, relative to the working
            directory and to the parent of the data set folder.
        search: Function that finds files by their names. It is called with the names of the mesh files that
            are in none of these places.

    Raises:
        AuditError: A folder in `folders` does not exist, or a mesh file is not found.
    """
    for folder in folders:
        if not folder.exists():
            raise AuditError(f"--meshes: no folder {str(folder)!r}")
    wanted = {
        key: source
        for key, source in run.get("sources", {}).items()
        if isinstance(source.get("sha256"), str) and isinstance(source.get("file"), str)
    }
    if not wanted:
        return {}
    libraries = [place for folder in folders for place in _of_library(folder)]
    searched = [*folders, *libraries, *_packages(run), *_named(root, run)]
    hashes = _by_hash(_files(searched), wanted.values())
    lost = [source for source in wanted.values() if source["sha256"] not in hashes]
    if lost:
        hashes |= _by_hash(_files(search({source["file"] for source in lost})), lost)
    places = {key: hashes[source["sha256"]] for key, source in wanted.items() if source["sha256"] in hashes}
    missing = sorted({source["file"] for key, source in wanted.items() if key not in places})
    if missing:
        told = ", ".join(missing[:MAX_TOLD]) + (
            f" and {len(missing) - MAX_TOLD} more" * (len(missing) > MAX_TOLD)
        )
        raise AuditError(
            f"{told}: not found with the content that the data set was made from; "
            "pass the folder of the original mesh files with --meshes FOLDER, which may be repeated"
        )
    return places


def _by_hash(files: Iterable[Path], sources: Iterable[Mapping[str, Any]]) -> dict[str, Path]:
    """Returns a dict from hash to file, for those of `files` whose hash occurs in `sources`.

    Files whose name occurs in `sources` are hashed first. The search ends when each hash has been found.
    """
    left, names = {source["sha256"] for source in sources}, {source["file"] for source in sources}
    suffixes = {Path(name).suffix.lower() for name in names}
    found: dict[str, Path] = {}
    for file in sorted(files, key=lambda file: file.name not in names):
        if not left - found.keys():
            break
        if file.suffix.lower() in suffixes:
            found.setdefault(_hash(file), file)
    return found


def _hash(file: Path) -> str:
    try:
        with file.open("rb") as content:
            digest = sha256()
            while chunk := content.read(1 << 20):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError:
        return ""


def _files(places: Iterable[Path]) -> Iterator[Path]:
    """Yields each file once: the given files, and all files below the given folders."""
    seen: set[Path] = set()
    for place in places:
        files = [place] if place.is_file() else _below(place)
        for file in files:
            if file not in seen:
                seen.add(file)
                yield file


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(parent) / file for file in sorted(files))


def _paths(run: Mapping[str, Any]) -> Iterator[str]:
    """Yields the `path` settings of all categories."""
    assets = run["recipe"]["assets"]
    for settings in (*assets["categories"].values(), *assets.get("distractors", {}).values()):
        if isinstance(settings.get("path"), str):
            yield settings["path"]


def _packages(run: Mapping[str, Any]) -> list[Path]:
    """Returns a list with the folder of the package `pybullet_data`; [] if no `path` setting refers to it."""
    spec = find_spec(PACKAGE) if any(path.startswith(f"{PACKAGE}:") for path in _paths(run)) else None
    return [Path(spec.origin).parent] if spec is not None and spec.origin else []


def _named(root: Path, run: Mapping[str, Any]) -> list[Path]:
    """Returns the existing files and folders to which the `path` settings refer.

    For a mesh library, also returns the folders from which it was made.
    """
    places: list[Path] = []
    for path in dict.fromkeys(_paths(run)):
        for above in dict.fromkeys((Path(), root.parent)):
            # Strip the part from the first wildcard on, and the category (#...) of a library.
            place = above / path.partition("*")[0].rpartition("/")[0] if "*" in path else above / path
            if not place.exists():
                place = above / path.rpartition("#")[0]
            if path and place.exists() and place != above:
                places += [place, *_of_library(place)]
    return places


def _of_library(place: Path) -> list[Path]:
    """Returns the folders from which a mesh library was made; [] if `place` is not a library."""
    try:
        folders = json.loads((place / "sources.json").read_text(encoding="utf-8"))
        return [place / str(folder) for folder in folders.values()]
    except (OSError, ValueError, AttributeError):
        return []
