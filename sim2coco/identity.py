"""The identity of a data set: recipe, meshes, versions and CPU.

A run continues an existing data set only if its identity is the same.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np
import yaml

from scenes.assets.catalogue import Catalogue
from sim2coco.export.format import Format
from sim2coco.export.settings import Export
from sim2coco.messages import ConfigError, build
from sim2coco.outputs import refuse_strangers
from sim2coco.plugins import plugins_of
from sim2coco.recipe import Recipe, digest, portable, updated
from sim2coco.storage import Storage, StoreError

PARTS = (
    "recipe",
    "assets",
    "masses_kg",
    "collision",
    "upright",
    "keypoints",
    "regions",
    "images",
    "held_out",
    "versions",
    "cpu",
    "device",
    "plugins",
)
"""The parts of the identity, in the order in which they are compared."""
PACKAGES = (
    "sim2coco",
    "albumentations",
    "mapbox-earcut",
    "numpy",
    "opencv-python",
    "pillow",
    "pybullet",
    "pycocotools",
    "scipy",
)


@dataclass(frozen=True, slots=True)
class Finished:
    """The number of images and the formats that the last finished run wrote."""

    num_images: int = 0
    formats: tuple[Format, ...] = ()


def begin(
    store: Storage, recipe: Recipe, catalogue: Catalogue, num_images: int, alone: bool = True
) -> Finished:
    """Writes the identity of a new data set, or checks that an existing one is the same.

    Args:
        store: The data set.
        recipe: The settings of the data set.
        catalogue: The loaded assets.
        num_images: The number of images that the run is to make.
        alone: Whether no other process writes to the data set.

    Returns:
        The number of images and the annotation formats that the last finished run wrote.

    Raises:
        StoreError: The folder holds a different data set, or more images than requested.
    """
    new = describe(recipe, catalogue)
    finished = _check_same(store, new, num_images)
    if alone:
        store.sweep()
    settings = yaml.safe_dump(portable(recipe), sort_keys=False, allow_unicode=True)
    _put(store, new, finished, num_images)  # first: without it, a folder with other files is not a data set
    store.put("config.yaml", settings.encode())
    return finished


def finish(
    store: Storage, recipe: Recipe, catalogue: Catalogue, num_images: int, formats: Sequence[Format]
) -> None:
    """Records in `run.json` the number of images and the annotation formats of a finished data set."""
    _put(store, describe(recipe, catalogue), Finished(num_images, tuple(formats)), num_images)


def finished_run(
    recipe: Recipe, catalogue: Catalogue, num_images: int, formats: Sequence[Format]
) -> dict[str, Any]:
    """The content of `run.json` for a finished data set."""
    return _whole(describe(recipe, catalogue), Finished(num_images, tuple(formats)), num_images)


def _put(store: Storage, description: dict[str, Any], finished: Finished, asked_for: int) -> None:
    whole = _whole(description, finished, asked_for)
    store.put("run.json", json.dumps(whole, indent=1).encode() + b"\n")


def _whole(description: dict[str, Any], finished: Finished, asked_for: int) -> dict[str, Any]:
    formats = [json.loads(format.model_dump_json()) for format in finished.formats]
    numbers = {"num_images": finished.num_images, "asked_for": asked_for}
    whole = {"format": 1, **numbers, "formats": formats, **description}
    if plugins := [plugin.key for plugin in plugins_of(*finished.formats)]:
        whole["format_plugins"] = plugins
    return whole


def describe(recipe: Recipe, catalogue: Catalogue) -> dict[str, Any]:
    """Returns everything that determines a data set, without absolute paths.

    The value of `identity` is a hash of all other values except `sources`.

    Raises:
        CatalogueError: There are too few meshes or images to give each split different ones.
        EglUnavailable: The recipe's renderer does not work on this machine.
    """
    held_out = recipe.hold_out(catalogue).tree()
    parts: dict[str, Any] = {
        "recipe": portable(recipe),
        "assets": sorted(catalogue.assets),
        # Masses depend on the densities of an asset library, which no other part contains.
        "masses_kg": {key: asset.mass_kg for key, asset in sorted(catalogue.assets.items())},
        **_collisions(catalogue),
        **_keypoints(catalogue),
        **_regions(catalogue),
        "images": {role: [image.key for image in images] for role, images in catalogue.images.items()},
        # Omitted if empty: versions without the setting `split.by` wrote no such part.
        **({"held_out": held_out} if held_out else {}),
        "versions": versions(),
        "cpu": {
            "machine": platform.machine(),
            "features": np.show_config(mode="dicts")["SIMD Extensions"].get("found", []),
        },
    }
    if plugins := [plugin.key for plugin in plugins_of(recipe)]:
        parts["plugins"] = plugins
    if device := recipe.render.device():
        parts["device"] = device
    return {"identity": digest(parts), **parts, "sources": sources(catalogue)}


def sources(catalogue: Catalogue) -> dict[str, Any]:
    """Returns the original geometry of each mesh in a data set, as a dict keyed by asset key.

    For an asset from a user's file, the value is the file's name and hash, and what the user stated about it.
    For a piece of furniture, the value is its triangles. Built-in shapes are left out.

    An audit computes labels from these originals, not from the meshes derived from them.
    """
    files = {
        key: asset.origin.tree()
        for key, asset in sorted(catalogue.assets.items())
        if asset.origin is not None
    }
    for asset in catalogue.furniture.values():
        mesh = asset.mesh
        files[asset.key] = {"triangles_m": mesh.vertices_m[mesh.faces].tolist()}
    return files


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that influence pixels, keyed by package name."""
    return {name: version(name) for name in PACKAGES} | {"python": platform.python_version()}


def _collisions(catalogue: Catalogue) -> dict[str, Any]:
    """The part of a data set's identity that describes collision shapes and upright poses.

    `collision` is a dict from asset key to a hash of the convex pieces, `upright` a list of the keys of
    assets that have an upright pose. A value that would be empty is left out.
    """
    assets = sorted(catalogue.assets.items())
    pieces = {
        key: sha256(b"".join(piece.tobytes() for piece in asset.pieces)).hexdigest()[:16]
        for key, asset in assets
        if asset.pieces
    }
    standing = [key for key, asset in assets if asset.standing is not None]
    return ({"collision": pieces} if pieces else {}) | ({"upright": standing} if standing else {})


def _keypoints(catalogue: Catalogue) -> dict[str, Any]:
    """The part of a data set's identity that describes keypoints; empty if no category has keypoints."""
    if not catalogue.keypoint_names:
        return {}
    pairs = zip(catalogue.names, catalogue.keypoint_names, strict=True)
    names = {
        name: {"names": list(one.names), "skeleton": [list(edge) for edge in one.edges]}
        for name, one in pairs
        if one is not None
    }
    points = {
        key: {name: list(point) for name, point in asset.keypoints.keypoints.items()}
        for key, asset in sorted(catalogue.assets.items())
        if asset.keypoints is not None and asset.category is not None
    }
    return {"keypoints": {"categories": names, "assets": points}}


def _regions(catalogue: Catalogue) -> dict[str, Any]:
    """The part of a data set's identity that describes regions; empty if there are no regions."""
    if not catalogue.regions:
        return {}
    assets = {
        key: asset.regions.content
        for key, asset in sorted(catalogue.assets.items())
        if asset.regions is not None
    }
    return {"regions": {"categories": dict(catalogue.regions), "assets": assets}}


def _check_same(store: Storage, new: dict[str, Any], num_images: int) -> Finished:
    """Checks that the folder is new or holds the same data set.

    Returns the number of images and the formats that the last finished run wrote; for a new folder, 0 images
    and no formats.

    Raises:
        StoreError: The folder holds other files or a different data set, or more images than requested.
    """
    try:
        old = json.loads(store.get("run.json"))
        finished = Finished(int(old["num_images"]), _formats(store, old))
        old["recipe"] = updated(old.get("recipe"))
    except FileNotFoundError:
        try:
            refuse_strangers(store, "out")
        except StoreError:
            if store.exists("run.json"):  # another shard has just written it
                return _check_same(store, new, num_images)
            raise
        return Finished()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise StoreError(f"out: {store}/run.json cannot be read; name an empty folder") from None
    if where := difference(old, new):
        raise StoreError(f"out: {store} contains another run's data ({where}); name another folder")
    if finished.num_images > num_images:
        holds = f"{store} already contains {finished.num_images} images"
        raise StoreError(f"num_images: {holds}; request at least as many")
    return finished


def _formats(store: Storage, run: Mapping[str, Any]) -> tuple[Format, ...]:
    """The formats listed in `run.json`.

    Raises:
        StoreError: A format is unknown, so that its files could not be updated.
    """
    try:
        export: Export = build(Export, {"formats": run.get("formats", [])})
    except ConfigError as error:
        made_by = ", ".join(str(key).rpartition("@")[0] for key in run.get("format_plugins", []))
        hint = (
            f"; the data set uses a format of the plug-in {made_by}: add --plugin and its path"
            if made_by
            else ""
        )
        raise StoreError(f"out: {store}/run.json: {error}{hint}") from error
    return export.formats


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """The first difference between two descriptions of data sets, as text with both values; None if equal."""
    for part in PARTS:
        if json.dumps(old.get(part)) != json.dumps(new.get(part)):
            return _difference(part, old.get(part), new.get(part))
    return None


def _difference(path: str, old: Any, new: Any) -> str:
    """The first difference between two trees that differ, as text with the values of both trees."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            if json.dumps(old.get(key)) != json.dumps(new.get(key)):
                return _difference(f"{path}.{key}".removeprefix("recipe."), old.get(key), new.get(key))
        old, new = list(old), list(new)
        path = f"order of {path}"
    return f"{path}: {_short(old)} there, {_short(new)} here"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
