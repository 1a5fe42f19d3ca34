"""The mesh folders that a library is made from, and asset names that are unique across them."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

from scenes.assets.filenames import readable, real_path
from scenes.assets.library import INDEX
from sim2coco.library.row import Override, Row
from sim2coco.library.scan import LibraryError
from sim2coco.storage import Store

SOURCES = "sources.json"
"""File in the library with the name and relative path of each mesh folder."""
Joining = Literal["ask", "add", "replace"]
"""How to import a folder that is new to the library: `ask` raises an error if the library has other folders,
`add` adds the new folder to them, and `replace` replaces them."""


@dataclass(frozen=True, slots=True)
class MeshFolder:
    """One of the folders that a library is made from.

    Attributes:
        name: Folder name in the library.
        folders: Dict from the name of each mesh folder of the library to its path. The paths are relative to
            the library, so that library and folders can be moved together.
        own: The entries in the library's index for the assets of this folder.
        others: The entries in the library's index for the assets of the other folders.
    """

    name: str
    folders: Mapping[str, str]
    own: tuple[Mapping[str, Any], ...]
    others: tuple[Mapping[str, Any], ...]

    def named(self, overrides: Mapping[str, Override]) -> dict[str, Override]:
        """Returns `overrides` with unique asset names; assets that are in the library keep their names."""
        before = {entry["source"]: entry["name"] for entry in self.own}
        taken = {entry["name"] for entry in self.others}
        names: dict[str, str] = {}
        for file, override in overrides.items():
            old = before.get(file, "")
            wanted = old if f"/{old}".endswith(f"/{override.name}") else override.name
            if wanted not in taken:
                names[file] = wanted
                taken.add(wanted)
        further: dict[str, Iterator[str]] = {}
        for file, override in overrides.items():
            if file not in names:
                candidates = further.setdefault(override.name, self._further(override.name))
                names[file] = next(name for name in candidates if name not in taken)
                taken.add(names[file])
        return {file: replace(override, name=names[file]) for file, override in overrides.items()}

    def _further(self, name: str) -> Iterator[str]:
        yield f"{self.name}/{name}"
        yield from (f"{self.name}-{number}/{name}" for number in count(2))

    def strangers(self, rows: Iterable[Row]) -> set[str]:
        """Returns the mesh files in `rows` that are not yet in the library."""
        known = {entry["source"] for entry in self.own}
        return {row.file for row in rows} - known

    def other_rows(self) -> list[Row]:
        """Returns the assets of the other folders as rows, with their units marked as stated by the user."""
        return [
            Row(
                file=f"{entry['folder']}: {entry['source']}",
                override=Override(entry["category"], entry["name"]),
                verdict="ok",
                extents_m=tuple(entry["extents_m"]),
                unit="table",
            )
            for entry in self.others
        ]


def mesh_folder_of(store: Store, library: Path, root: Path, joining: Joining) -> MeshFolder:
    """Returns the mesh folder `root` of a library; a folder that is new to the library gets a name.

    Args:
        store: The library's files.
        library: The library's folder.
        root: The mesh folder.
        joining: What to do if the library is made from other folders.

    Raises:
        LibraryError: The library is made from other folders and `joining` is "ask"; or the library has
            an older version, `root` contains none of its meshes, and `joining` is not "replace".
    """
    entries = _tree(store, INDEX).get("assets", [])
    nameless = [entry["source"] for entry in entries if "folder" not in entry]
    if nameless and joining != "replace" and not any(real_path(root, file).is_file() for file in nameless):
        raise LibraryError(
            f"--out: {library} is from an older version that does not record the folders of its meshes, and "
            f"none of them is in {root}; import their folder again first, or --replace them"
        )
    way = readable(os.path.relpath(root.resolve(), library.resolve()))
    folders = {} if joining == "replace" else _tree(store, SOURCES)
    name = next((name for name, known in folders.items() if known == way), None)
    if name is None and folders and joining == "ask":
        known = ", ".join(os.path.normpath(library / way) for way in folders.values())
        raise LibraryError(
            f"--out: {library} is made from {known}; --add adds the meshes of {root}, "
            "--replace uses them instead of the existing meshes (also if the folder has moved)"
        )
    if name is None:
        plain = readable(root.resolve().name) or "meshes"
        name = next(name for name in (plain, *(f"{plain}-{n}" for n in range(2, 999))) if name not in folders)
    # Entries without a folder come from older versions, in which a library had a single folder.
    others = [entry for entry in entries if entry.get("folder", name) in folders.keys() - {name}]
    own = [entry for entry in entries if entry.get("folder", name) == name]
    return MeshFolder(name, {**folders, name: way}, tuple(own), tuple(others))


def put_mesh_folders(store: Store, mesh_folder: MeshFolder) -> None:
    """Writes the names and paths of the library's mesh folders."""
    store.put(SOURCES, json.dumps(mesh_folder.folders, indent=1, ensure_ascii=False).encode() + b"\n")


def _tree(store: Store, name: str) -> dict[str, Any]:
    """Reads the JSON object in a library file; empty if the file is missing or invalid."""
    try:
        tree = json.loads(store.get(name))
    except (OSError, ValueError):
        return {}
    return tree if isinstance(tree, dict) else {}
