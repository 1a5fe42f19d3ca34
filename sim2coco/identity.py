"""What a data set is: its recipe, meshes, versions and CPU, and whether a folder holds the same."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from scenes.assets.catalogue import Catalogue
from scenes.looks import folder_hash
from sim2coco.recipe import Recipe, digest, portable
from sim2coco.store import Store, StoreError

PACKAGES = (
    "sim2coco",
    "albumentations",
    "numpy",
    "opencv-python",
    "pillow",
    "pybullet",
    "pycocotools",
    "scipy",
    "trimesh",
)


def begin(store: Store, recipe: Recipe, catalogue: Catalogue, num_images: int) -> None:
    """Writes what the data set is, or checks that it is the same.

    Raises:
        StoreError: The folder holds another run's data, or more images than asked for.
    """
    new = describe(recipe, catalogue, num_images)
    try:
        old = json.loads(store.get("run.json"))
    except FileNotFoundError:
        strangers = [name for name in store.list(".") if name not in (".lock", "run.log")]
        if strangers:
            raise StoreError(
                f"out: {store.root} holds files of something else ({strangers[0]}); name an empty folder"
            ) from None
    except ValueError:
        raise StoreError(f"out: {store.root}/run.json cannot be read; name an empty folder") from None
    else:
        _check_same(store.root, old, new)
    settings = yaml.safe_dump(portable(recipe), sort_keys=False, allow_unicode=True)
    store.put("config.yaml", settings.encode())
    store.put("run.json", json.dumps(new, indent=1).encode() + b"\n")


def describe(recipe: Recipe, catalogue: Catalogue, num_images: int) -> dict[str, Any]:
    """The content of run.json: what the data set depends on, without a path of this machine."""
    parts = {
        "recipe": portable(recipe),
        "assets": sorted(catalogue.assets),
        "images": {role: folder_hash(path) for role, path in recipe.scene.image_folders.items() if path},
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "cpu": {
            "machine": platform.machine(),
            "features": np.show_config(mode="dicts")["SIMD Extensions"].get("found", []),
        },
    }
    return {"format": 1, "num_images": num_images, "identity": digest(parts), **parts}


def _check_same(root: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    if old.get("identity") != new["identity"]:
        for part in ("recipe", "assets", "images", "versions", "cpu"):
            if old.get(part) != new[part]:
                where = _difference(part, old.get(part), new[part])
                raise StoreError(f"out: {root} holds another run's data ({where}); name another folder")
    if old["num_images"] > new["num_images"]:
        raise StoreError(
            f"num_images: {root} holds {old['num_images']} images already; ask for as many or more"
        )


def _difference(path: str, old: Any, new: Any) -> str:
    """The first place where two trees differ, and both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            if old.get(key) != new.get(key):
                return _difference(f"{path}.{key}".removeprefix("recipe."), old.get(key), new.get(key))
    return f"{path}: {_short(old)} there, {_short(new)} here"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
