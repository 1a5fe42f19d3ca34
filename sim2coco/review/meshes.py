"""Finds the meshes of a data set's objects, for formats that include 3-D models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.categories import Assets
from scenes.assets.loading import load_catalogue
from scenes.assets.mesh import Mesh
from sim.temporary import temporary_folder
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset
from sim2coco.datasets.runs import REPAIR, Run
from sim2coco.messages import ConfigError, build
from sim2coco.records import Record, View
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import with_renamed
from sim2coco.review.whereabouts import Whereabouts


def with_meshes(data: Dataset, folders: Sequence[Path]) -> Dataset:
    """Returns the data set with access to the meshes of its objects, for formats that include 3-D models.

    Args:
        data: A data set made by sim2coco.
        folders: Folders that are searched recursively for the user's meshes, by name and content.

    Raises:
        DataSetError: The data set has no records, or a mesh is missing or has changed.
    """
    if not isinstance(data, Run):
        raise DataSetError(f"--meshes: {data.root} has no records, which are needed to find its meshes")
    return replace(data, info=replace(data.info, meshes=_finder(DataSet(data.root), folders)))


def _finder(data: DataSet, folders: Sequence[Path]) -> Callable[[str], Mesh]:
    """Returns a function from the key of an asset to its mesh."""
    keys: set[str] = set()
    with temporary_folder() as scratch:
        tree = {"assets": _assets(data)}
        Whereabouts(folders, data.run, _noted(data, keys)).put_into(tree, Path(scratch))
        catalogue = with_renamed(keys, _catalogue(data, tree["assets"]))

    def mesh(key: str) -> Mesh:
        if key not in catalogue.assets:
            raise DataSetError(f"{data.store}: {key}: a label refers to a mesh that no object has; {REPAIR}")
        return catalogue.assets[key].mesh

    return mesh


def _noted(data: DataSet, keys: set[str]) -> Iterator[tuple[Record, View]]:
    """Yields (record, view) for each image, and adds the asset keys of the scene's objects to `keys`."""
    for record, view, _ in data.pictures():
        bodies = record.settled.spec.bodies if record.settled else ()
        keys |= {body.asset for body in bodies if body.role == "object"}
        yield record, view


def _assets(data: DataSet) -> dict[str, Any]:
    """Returns the asset settings without the distractors, whose meshes are not needed."""
    try:
        return {**data.settings()["assets"], "distractors": {}}
    except (TypeError, KeyError):
        raise DataSetError(f"{data.store}/config.yaml: cannot be read; {REPAIR}") from None


def _catalogue(data: DataSet, tree: dict[str, Any]) -> Catalogue:
    try:
        return load_catalogue(build(Assets, tree))
    except (ConfigError, CatalogueError) as error:
        raise DataSetError(f"{data.store}/config.yaml: assets: {error}") from error
