"""Renders a picture again from its record."""

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import yaml

from scenes.assets.catalogue import OF, Catalogue, CatalogueError, load_catalogue
from scenes.assets.library import is_library
from scenes.assets.panoramas import panorama_files
from scenes.assets.reading import ImageError
from scenes.looks import image_files
from sim2coco.pipeline import make_view
from sim2coco.recipe import Recipe
from sim2coco.review.dataset import DataSet, DataSetError
from sim2coco.sentences import ConfigError, build
from sim2coco.studio import Studio

HINT = "--meshes FOLDER says where the data set's own files lie, and may be given several times"


def replay(data: DataSet, name: str, folders: Sequence[Path] = ()) -> tuple[bytes, bytes]:
    """The bytes of a picture as they are, and as its recorded poses and shot give them now.

    Args:
        data: The data set.
        name: The picture.
        folders: Where the data set's own mesh and image files lie now.

    Raises:
        DataSetError: The picture is not there, or its meshes are others now.
        EglUnavailable: The renderer cannot draw on this machine.
    """
    record, view, picture = data.find(name)
    recipe = _recipe(data, folders)
    recipe.render.device()
    catalogue = _catalogue(recipe)
    assert record.settled is not None
    missing = {body.asset for body in record.settled.spec.bodies} - set(catalogue.assets)
    if missing:
        raise DataSetError(f"{min(missing).partition('@')[0]}: that mesh is another one now; {HINT}")
    with (
        tempfile.TemporaryDirectory(prefix="sim2coco-") as folder,
        closing(Studio(recipe, Path(folder), catalogue)) as studio,
    ):
        ((written, reasons),) = make_view(studio, record.settled, [view.shot])
    for again in written:
        if again.picture.name == picture.name:
            return data.content(record, picture), again.content
    raise DataSetError(f"{picture.name}: rendered again, it is rejected ({', '.join(reasons)})")


def _recipe(data: DataSet, folders: Sequence[Path]) -> Recipe:
    place = data.store.root / "config.yaml"
    try:
        tree = yaml.safe_load(data.store.get("config.yaml"))
    except (OSError, yaml.YAMLError):
        raise DataSetError(f"{place}: cannot be read; the same command repairs it") from None
    _look_in(tree, folders or [Path()])
    try:
        recipe: Recipe = build(Recipe, tree)
    except ConfigError as error:
        hint = f"; {HINT}" if "images" in str(error) or "environment" in str(error) else ""
        raise DataSetError(f"{place}: {error}{hint}") from error
    return recipe


def _catalogue(recipe: Recipe) -> Catalogue:
    try:
        return load_catalogue(recipe.assets, recipe.image_folders)
    except (CatalogueError, ImageError) as error:
        raise DataSetError(f"{error}; {HINT}") from error


def _has(folder: Path, value: str) -> bool:
    """Whether a folder holds what a `path:` or `images:` without its folder stands for."""
    library = value.rpartition(OF)[0]
    return any(folder.glob(value)) or (bool(library) and is_library(folder / library))


def _look_in(node: object, folders: Sequence[Path]) -> None:
    """Puts before each bare name of a file the first folder that has it.

    Raises:
        DataSetError: None has.
    """
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in ("path", "images") and isinstance(value, str) and not value.startswith("pybullet_data:"):
            found = [folder / value for folder in folders if _has(folder, value)]
            if not found and (key == "images" or "turn_deg" in node):
                # The folder of pictures itself, whatever it is called now; those of all around have a turn.
                files = image_files if key == "images" else panorama_files
                found = [folder for folder in folders if folder.name == value]
                found += [folder for folder in folders if files(str(folder))]
            if not found:
                places = ", ".join(map(str, folders))
                raise DataSetError(f"{value}: not in {places}; {HINT}")
            node[key] = str(found[0])
        else:
            _look_in(value, folders)
