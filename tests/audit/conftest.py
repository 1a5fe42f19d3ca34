"""A small data set of meshes of the user's, which all tests of the audit read and none changes."""

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
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("audit")
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
        }
    )
    generate(recipe, root / "data", 4)
    return Made(root / "data", meshes)
