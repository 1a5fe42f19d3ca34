"""Small data sets of meshes of the user's, which all tests of the audit read and none changes."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from sim2coco import Recipe, generate
from tests.solids import OUTLINES, obj, prism


class Made(NamedTuple):
    """A data set and the folder of its meshes."""

    data: Path
    meshes: Path


@pytest.fixture(scope="session")
def made_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """The data set that a renderer makes."""
    return cache(lambda render: make(tmp_path_factory.mktemp("audit"), render))


@pytest.fixture(scope="session")
def made(made_by: Callable[[str], Made]) -> Made:
    return made_by("relit")


def make(root: Path, render: str) -> Made:
    meshes = root / "meshes"
    meshes.mkdir()
    for name in ("channel", "ell", "dart"):
        (meshes / f"{name}.obj").write_text(obj(prism(OUTLINES[name])))
    categories = {
        name: {"path": str(meshes / f"{name}.obj"), "size_m": [0.09, 0.1]} for name in ("channel", "ell")
    }
    recipe = Recipe.parse(
        {
            "seed": 1,
            "views": 1,
            "split": {"train": 1.0},
            "image": {"width": 200, "height": 150, "format": "png", "extra": ["depth"]},
            "assets": {
                "categories": {**categories, "nut": {"shape": "nut", "size_m": 0.09}},
                "distractors": {"dart": {"path": str(meshes / "dart.obj"), "size_m": 0.1}},
            },
            "scene": {"kind": "drop", "num_objects": [4, 4], "num_distractors": [1, 1], "empty_share": 0.0},
            "camera": {"kind": "shell", "fill": [0.8, 0.9]},
            "render": {"kind": render},
        }
    )
    generate(recipe, root / "data", 4)
    return Made(root / "data", meshes)
