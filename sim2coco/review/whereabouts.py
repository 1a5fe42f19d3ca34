"""Finds the user's mesh and image files from which an image was rendered; compares names and contents."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, TypeGuard

from pydantic import ValidationError

from scenes.assets.catalogue import CatalogueError
from scenes.assets.categories import Category
from scenes.assets.images import DEFECTS, file_hash
from scenes.assets.library import is_library
from scenes.assets.loading import load_category
from scenes.assets.panoramas import SUFFIXES as PANORAMAS
from scenes.assets.paths import OF, AssetPath, matches
from scenes.assets.reading.limits import SUFFIXES as MESHES
from scenes.spec import Role
from sim2coco.datasets.errors import DataSetError
from sim2coco.records import Record, View, plain

MISSING = "pass the folder of the data set's original files with --meshes FOLDER, which may be repeated"
UNSEEN = {"shape": "box", "size_m": 0.1}
"""Replaces the settings of a category without objects in the scene, so that its files are not needed."""
MAX_TOLD = 3
"""Maximum number of changed files in an error message."""


class Whereabouts:
    """Finds the user's mesh and image files from which selected images of a data set were rendered.

    Args:
        folders: The folders to search, including their subfolders.
        run: The content of the data set's `run.json`.
        views: The views that these images show, each with the record of its scene.

    Raises:
        DataSetError: A folder does not exist.
    """

    def __init__(
        self, folders: Sequence[Path], run: dict[str, Any], views: Iterable[tuple[Record, View]]
    ) -> None:
        """Lists all files and folders, without reading them."""
        for folder in folders:
            if not folder.exists():
                raise DataSetError(f"--meshes: no folder {str(folder)!r}")
        self._told = ", ".join(map(str, folders))
        found = dict.fromkeys(place for folder in folders for place in _below(folder))
        self._files = [place for place in found if place.is_file()]
        self._folders = [place for place in found if place.is_dir()]
        self._images: dict[str, list[str]] = run.get("images", {})
        self._shown: set[str] = set()
        self._bodies: set[tuple[Role, str]] = set()
        self._regions: dict[str, object] = {}
        for record, view in views:
            assert record.settled is not None
            self._shown |= set(_sources([plain(record.settled.spec), plain(view.shot)]))
            bodies = record.settled.spec.bodies
            self._bodies |= {(body.role, body.asset) for body in bodies}
            self._regions |= {body.asset: regions_in(run).get(body.asset) for body in bodies if body.regions}

    def put_into(self, tree: object, stage: Path) -> None:
        """Replaces the names of files and folders in the settings with the paths at which they were found.

        Args:
            tree: The data set's settings; modified in place.
            stage: An empty folder for copies of the image files under their original names.

        Raises:
            DataSetError: A file from which the images were rendered was not found.
        """
        for keys, node in list(_nodes(tree)):
            if keys[:1] == ("assets",) and _is_own(node.get("path")):
                self._put_meshes("object" if keys[1] == "categories" else "distractor", keys[-1], node)
            elif keys[-1:] == ("environment",) and _is_own(node.get("path")):
                node["path"] = self._staged("environment", stage)
            elif _is_own(node.get("images")):
                node["images"] = self._staged(".".join(keys[1:]), stage)
                if keys[1:2] == (DEFECTS,) and node["images"] is None:
                    node["kind"] = "stain"  # a kind that needs no images, as the scene shows none

    def _put_meshes(self, role: Role, name: str, node: dict[str, Any]) -> None:
        own = {
            asset
            for own_role, asset in self._bodies
            if own_role == role and (asset.rpartition("@")[0] == name or asset.startswith(f"{name}/"))
        }
        if not own:
            node.clear()
            node.update(UNSEEN)
            return
        path, wanted = AssetPath.parse(node["path"]), set(map(content_of, own))
        regions = {_labelled(asset, self._regions[asset]) for asset in own & set(self._regions)}
        places = ({**node, "path": place} for place in self._places(path))
        suitable = (place for place in places if wanted <= _contents(name, place))
        first = next(suitable, None) or self._refuse(path.folder, _called(path))
        every = chain([first], suitable)
        same = (place for place in every if not regions or regions <= _regions(name, place))
        node["path"] = next(same, first)["path"]  # `check_regions` reports other regions later

    def _places(self, path: AssetPath) -> Iterator[str]:
        """Paths at which the meshes of a `path:` setting may be found.

        Files and folders with the name in the setting come first, then all other files or folders, since a
        file or folder may have been renamed.
        """
        name = path.folder
        if path.category:
            libraries = _by_name(filter(is_library, self._folders), name)
            return (f"{place}{OF}{path.category}" for place in libraries)
        if "*" in name:
            return (str(place / name) for place in self._folders if matches(place, name))
        if Path(name).suffix.lower() in MESHES:
            meshes = (file for file in self._files if file.suffix.lower() in MESHES)
            return map(str, _by_name(meshes, name))
        full = {file.parent for file in self._files if file.suffix.lower() in MESHES}
        return map(str, _by_name((p for p in self._folders if p in full or is_library(p)), name))

    def _staged(self, role: str, stage: Path) -> str | None:
        """Copies the images that the scene uses for one setting to a separate folder.

        Args:
            role: Name of the setting, by which `run.json` lists its images, for example `environment`.
            stage: Folder in which the new folder is made.

        Returns:
            The path of the new folder; None if the scene uses none of these images.
        """
        keys = [key for key in self._images.get(role, ()) if key in self._shown]
        place = stage / str(len(list(stage.iterdir())))  # a role may have any name, such as defects.a/b
        for key in keys:
            name, _, content = key.rpartition("@")
            pictures = (file for file in self._files if file.suffix.lower() in PANORAMAS)
            found = (file for file in _by_name(pictures, name) if _holds(file, content))
            source = next(found, None) or self._refuse(name, name)
            place.mkdir(exist_ok=True)
            shutil.copyfile(source, place / name)
        return str(place) if keys else None

    def _refuse(self, name: str, called: str) -> NoReturn:
        there = [place for place in (*self._files, *self._folders) if place.name == name]
        if there:
            told = ", ".join(map(str, there[:MAX_TOLD]))
            raise DataSetError(
                f"{called}: {told} has changed; restore the version that the data set was made from"
            )
        hint = "add its current folder with another --meshes"
        raise DataSetError(f"{called}: not found in {self._told} by name or content; {hint}")


def put_original(tree: object) -> None:
    """Checks that each file and folder in the settings exists at its path, relative to the working directory.

    Raises:
        DataSetError: A file or folder does not exist.
    """
    for _, node in _nodes(tree):
        for value in filter(_is_own, (node.get("path"), node.get("images"))):
            path = AssetPath.parse(value)
            if not Path(value).exists() and not matches(Path(), value) and path.library is None:
                where = f"not found in the working directory, {Path.cwd()}"
                raise DataSetError(f"{_called(path)}: {where}; {MISSING}")


def names_in(tree: object) -> set[str]:
    """The names of the user's files and folders in a data set's settings."""
    values = (value for _, node in _nodes(tree) for value in (node.get("path"), node.get("images")))
    return {Path(AssetPath.parse(value).folder).name for value in filter(_is_own, values)}


def regions_in(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the value of `regions.assets` in `run.json`, a dict from asset keys to hashes of regions.

    It is empty if the entry is missing or invalid.
    """
    regions = run.get("regions")
    known = regions.get("assets") if isinstance(regions, dict) else None
    return known if isinstance(known, dict) else {}


def content_of(key: str) -> str:
    """The content hash in an asset's key `name@hash`."""
    return key.rpartition("@")[2]


def _is_own(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and not AssetPath.parse(value).package


def _called(path: AssetPath) -> str:
    """Describes what a `path:` setting refers to, for use in an error message."""
    return f"the library {path.folder} with the category {path.category!r}" if path.category else path.text


def _nodes(node: object, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yields a pair for every mapping in a tree of settings: the keys that lead to it, and the mapping."""
    if isinstance(node, dict):
        yield keys, node
        for key, value in node.items():
            yield from _nodes(value, (*keys, str(key)))


def _sources(node: object) -> Iterator[str]:
    """Yields the key `name@hash` of each image file that occurs in a tree of dictionaries and lists."""
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _sources(part)
    if isinstance(node, dict) and isinstance(node.get("source"), str):
        yield node["source"]


def _below(folder: Path) -> Iterator[Path]:
    """Yields a folder and all files and folders below it, always in the same order.

    Links to folders are not followed.
    """
    yield folder
    for parent, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(parent) / name for name in (*sorted(files), *folders))


def _by_name(places: Iterable[Path], name: str) -> list[Path]:
    return sorted(places, key=lambda place: name not in (place.name, place.resolve().name))


def _holds(file: Path, content: str) -> bool:
    try:
        return file_hash(file) == content
    except OSError:
        return False


def _contents(name: str, node: dict[str, Any]) -> set[str]:
    """The content hashes of a category's meshes; an empty set if the meshes cannot be read."""
    try:
        return {content_of(asset.key) for asset in load_category(name, Category.parse(node))}
    except (CatalogueError, ValidationError, OSError):
        return set()


def _regions(name: str, node: dict[str, Any]) -> set[str]:
    """Returns `_labelled` strings for those meshes of a category that have regions.

    The set is empty if the meshes cannot be read.
    """
    try:
        assets = load_category(name, Category.parse(node), with_regions=True)
    except (CatalogueError, ValidationError, OSError):
        return set()
    return {_labelled(asset.key, asset.regions.content) for asset in assets if asset.regions is not None}


def _labelled(key: str, regions: object) -> str:
    """The content hash of a mesh and the hashes of its regions, as a JSON string."""
    return json.dumps([content_of(key), regions], sort_keys=True)
