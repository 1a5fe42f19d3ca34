"""Renders a picture again from its record."""

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import yaml

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.loading import load_catalogue
from scenes.assets.reading.image import ImageError
from sim2coco.context import WorkerContext
from sim2coco.messages import ConfigError, build
from sim2coco.pipeline import make_view
from sim2coco.recipe import Recipe
from sim2coco.records import Record, View
from sim2coco.review.dataset import DataSet, DataSetError
from sim2coco.review.whereabouts import MISSING, Whereabouts, content_of, put_original


def replay(data: DataSet, name: str, folders: Sequence[Path] = ()) -> tuple[bytes, bytes]:
    """The bytes of a picture as they are, and as its recorded poses and shot give them now.

    Args:
        data: The data set.
        name: The picture.
        folders: Where to look for the data set's own mesh and image files, by name and content, in all
            depths; without any they are taken from where they were, seen from the working directory.

    Raises:
        DataSetError: The picture is not there, or its meshes are others now.
        EglUnavailable: The renderer cannot draw on this machine.
    """
    record, view, picture = data.find(name)
    assert record.settled is not None
    with tempfile.TemporaryDirectory(prefix="sim2coco-") as scratch:
        stage, folder = (Path(scratch) / part for part in ("pictures", "meshes"))
        stage.mkdir()
        recipe = _recipe(data, record, view, folders, stage)
        recipe.render.device()
        catalogue = _with({body.asset for body in record.settled.spec.bodies}, _catalogue(recipe))
        with closing(WorkerContext(recipe, folder, catalogue)) as context:
            ((written, reasons),) = make_view(context, record.settled, [view.shot])
    for again in written:
        if again.picture.name == picture.name:
            return data.content(record, picture), again.content
    raise DataSetError(f"{picture.name}: rendered again, it is rejected ({', '.join(reasons)})")


def _recipe(data: DataSet, record: Record, view: View, folders: Sequence[Path], stage: Path) -> Recipe:
    place = data.store.root / "config.yaml"
    try:
        tree = yaml.safe_load(data.store.get("config.yaml"))
    except (OSError, yaml.YAMLError):
        raise DataSetError(f"{place}: cannot be read; the same command repairs it") from None
    if folders:
        Whereabouts(folders, data.run, record, view).put_into(tree, stage)
    else:
        put_original(tree)
    try:
        recipe: Recipe = build(Recipe, tree)
    except ConfigError as error:
        hint = f"; {MISSING}" if "images" in str(error) or "environment" in str(error) else ""
        raise DataSetError(f"{place}: {error}{hint}") from error
    return recipe


def _catalogue(recipe: Recipe) -> Catalogue:
    try:
        return load_catalogue(recipe.assets, recipe.image_folders)
    except (CatalogueError, ImageError) as error:
        raise DataSetError(f"{error}; {MISSING}") from error


def _with(keys: Iterable[str], catalogue: Catalogue) -> Catalogue:
    """The catalogue with some assets under the names that they had, whatever their files are called now.

    Raises:
        DataSetError: It has not the content of one of them.
    """
    known = {content_of(key): asset for key, asset in catalogue.assets.items()}
    renamed = []
    for key in sorted(set(keys) - set(catalogue.assets)):
        if content_of(key) not in known:
            raise DataSetError(f"{key.partition('@')[0]}: that mesh is another one now; {MISSING}")
        renamed.append(replace(known[content_of(key)], key=key))
    return replace(catalogue, distractor_groups=(*catalogue.distractor_groups, tuple(renamed)))
