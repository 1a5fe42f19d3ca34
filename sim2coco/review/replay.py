"""Renders an image again from its record."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from scenes.assets.catalogue import Catalogue, CatalogueError
from scenes.assets.keypoints import KeypointNames, Keypoints
from scenes.assets.reading.image import ImageError
from scenes.geometry import Vec3
from scenes.shot import Shot
from scenes.spec import Body
from sim.settled import Settled
from sim.temporary import temporary_folder
from sim2coco.context import WorkerContext
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.runs import REPAIR
from sim2coco.messages import ConfigError, build
from sim2coco.nearby import nearby
from sim2coco.pipeline import Outcome, make_view
from sim2coco.plugins import loaded_plugins
from sim2coco.recipe import Recipe, updated
from sim2coco.records import Record, View
from sim2coco.review.dataset import DataSet
from sim2coco.review.renderable import unrenderable
from sim2coco.review.whereabouts import MISSING, Whereabouts, content_of, names_in, put_original, regions_in

MAX_TOLD = 200
"""Maximum length of an error message that is reported."""
Files = Mapping[str, bytes]
"""The contents of all files of an image, by file name in the data set; the image file comes first."""


def replay(data: DataSet, name: str, folders: Sequence[Path] = ()) -> tuple[Files, Files]:
    """Renders an image again from its record, for comparison with the files in the data set.

    Args:
        data: The data set.
        name: The name of the image.
        folders: Folders that are searched recursively for the user's meshes and images, by name and content.
            Without folders, each file is expected at its path in the settings, relative to the working
            directory, or anywhere below the working directory.

    Returns:
        The image's files in the data set, and the same files rendered again.

    Raises:
        DataSetError: The image does not exist, the quality checks reject it when it is rendered again, or a
            file that is needed is missing or has changed.
        EglUnavailable: The renderer does not work on this machine.
    """
    record, view, picture = data.find(name)
    if record.settled is None:
        raise DataSetError(f"{data.store}: the record of scene {record.scene} has no scene; {REPAIR}")
    with (
        temporary_folder() as scratch,
        closing(context_for(data, [(record, view)], folders, Path(scratch))) as context,
    ):
        ((written, reasons),) = _made(context, record.settled, view.shot, picture.name)
    for again in written:
        if again.picture.name == picture.name:
            return data.files(record, picture), again.files
    raise DataSetError(f"{picture.name}: rendered again, it is rejected ({', '.join(reasons)})")


def _made(context: WorkerContext, settled: Settled, shot: Shot, name: str) -> list[Outcome]:
    """Renders the images of a view.

    Raises:
        DataSetError: The record was edited and cannot be rendered.
    """
    told = f"{name}: cannot be rendered again"
    if why := unrenderable(context.recipe, settled, shot):
        raise DataSetError(f"{told}: in the record, {why}; {REPAIR}")
    try:
        with np.errstate(all="ignore"):
            return make_view(context, settled, [shot])
    except Exception as error:  # an edited record may contain anything
        why = " ".join(str(error).split())[:MAX_TOLD]
        raise DataSetError(f"{told} ({type(error).__name__}: {why}); {REPAIR}") from error


def context_for(
    data: DataSet, views: Sequence[tuple[Record, View]], folders: Sequence[Path], scratch: Path
) -> WorkerContext:
    """Returns a context in which recorded views can be rendered again.

    Args:
        data: The data set.
        views: The views that will be rendered, each with the record of its scene.
        folders: As for `replay`.
        scratch: An empty folder.

    Raises:
        DataSetError: A file is missing or has changed.
        EglUnavailable: The renderer does not work on this machine.
    """
    stage, meshes = scratch / "pictures", scratch / "meshes"
    stage.mkdir()
    recipe = _recipe(data, views, folders, stage)
    recipe.render.device()
    bodies = [body for record, _ in views if record.settled for body in record.settled.spec.bodies]
    catalogue = with_renamed({body.asset for body in bodies}, _catalogue(recipe))
    check_regions(data, catalogue, bodies)
    return WorkerContext(recipe, meshes, with_keypoints(data, catalogue))


def _recipe(
    data: DataSet, views: Sequence[tuple[Record, View]], folders: Sequence[Path], stage: Path
) -> Recipe:
    place = f"{data.store}/config.yaml"
    tree = updated(data.settings())
    _put_files(tree, data, views, folders, stage)
    loaded = {plugin.key for plugin in loaded_plugins()}
    if missing := [str(key) for key in data.run.get("plugins", []) if key not in loaded]:
        name = missing[0].rpartition("@")[0]
        what = f"{place}: was made with the plug-in {missing[0]}"
        if any(key.startswith(f"{name}@") for key in loaded):
            raise DataSetError(f"{what}; {name} has changed since; use the version of that time")
        raise DataSetError(f"{what}; add --plugin with the path of {name}")
    try:
        recipe: Recipe = build(Recipe, tree)
    except ConfigError as error:
        hint = f"; {MISSING}" if "images" in str(error) or "environment" in str(error) else ""
        raise DataSetError(f"{place}: {error}{hint}") from error
    return recipe


def _put_files(
    tree: dict[str, Any],
    data: DataSet,
    views: Sequence[tuple[Record, View]],
    folders: Sequence[Path],
    stage: Path,
) -> None:
    """Replaces the names of the user's files in the settings with the paths at which they are found."""
    try:
        if not folders:
            put_original(tree)
            return
    except DataSetError:
        folders = nearby(names_in(tree))
        if not folders:
            raise
    Whereabouts(folders, data.run, views).put_into(tree, stage)


def _catalogue(recipe: Recipe) -> Catalogue:
    try:
        return recipe.load_catalogue()
    except (CatalogueError, ImageError) as error:
        raise DataSetError(f"{error}; {MISSING}") from error


def check_regions(data: DataSet, catalogue: Catalogue, bodies: Iterable[Body]) -> None:
    """Checks that the mesh regions in the catalogue are the same as in the run that made the data set.

    Args:
        data: The data set.
        catalogue: The current catalogue.
        bodies: The bodies whose regions are compared.

    Raises:
        DataSetError: Regions differ, or `run.json` has no valid entry for them.
    """
    known = regions_in(data.run)
    for body in bodies:
        own = catalogue.assets[body.asset].regions if body.regions else None
        if body.regions and (own is None or own.content != known.get(body.asset)):
            name = body.asset.partition("@")[0]
            raise DataSetError(f"{name}: the regions of this mesh have changed; {MISSING}")


def with_keypoints(data: DataSet, catalogue: Catalogue) -> Catalogue:
    """Returns the catalogue with the keypoints in `run.json` instead of those in the current mesh folders.

    Raises:
        DataSetError: The keypoints in `run.json` are invalid.
    """
    known = data.run.get("keypoints") or {"categories": {}, "assets": {}}
    try:
        points = {key: Keypoints(keypoints=_points(found)) for key, found in known["assets"].items()}
        names = [_names(known["categories"].get(name)) for name in catalogue.names]
    except (TypeError, ValueError, KeyError, AttributeError):
        raise DataSetError(f"{data.store}/run.json: keypoints are invalid; {REPAIR}") from None
    changed = replace(catalogue, keypoint_names=tuple(names) if any(names) else ())
    groups, distractors = (
        tuple(tuple(replace(asset, keypoints=points.get(asset.key)) for asset in group) for group in groups)
        for groups in (changed.groups, changed.distractor_groups)
    )
    return replace(changed, groups=groups, distractor_groups=distractors)


def _points(tree: Mapping[str, Sequence[float]]) -> dict[str, Vec3]:
    return {str(name): (float(x), float(y), float(z)) for name, (x, y, z) in tree.items()}


def _names(tree: Mapping[str, Any] | None) -> KeypointNames | None:
    if tree is None:
        return None
    edges = tuple((int(one), int(other)) for one, other in tree["skeleton"])
    return KeypointNames(tuple(map(str, tree["names"])), edges)


def with_renamed(keys: Iterable[str], catalogue: Catalogue) -> Catalogue:
    """Returns a catalogue that has an asset for each recorded key, even if mesh files have been renamed.

    A key consists of a name and a hash. If the catalogue lacks a key, the asset with the same hash is added
    under this key.

    Args:
        keys: Keys of assets in the records.
        catalogue: The current catalogue.

    Raises:
        DataSetError: No asset in the catalogue has the hash of a recorded key.
    """
    known = {content_of(key): asset for key, asset in catalogue.assets.items()}
    renamed = []
    for key in sorted(set(keys) - set(catalogue.assets)):
        if content_of(key) not in known:
            raise DataSetError(f"{key.partition('@')[0]}: this mesh has changed; {MISSING}")
        renamed.append(replace(known[content_of(key)], key=key))
    return replace(catalogue, distractor_groups=(*catalogue.distractor_groups, tuple(renamed)))
