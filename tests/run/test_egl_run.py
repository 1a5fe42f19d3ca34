"""Whole runs that render with OpenGL, in one and in several processes."""

import json
from pathlib import Path

import pytest

from sim2coco.engines.local import Local
from sim2coco.recipe import Recipe
from sim2coco.run import generate
from sim2coco.storage import StoreError
from tests.commandline import tree


def recipe() -> Recipe:
    return Recipe.parse(
        {
            "seed": 3,
            "views": 2,
            "assets": {"categories": {"bolt": {"shape": "bolt", "size_m": 0.1, "color": "random"}}},
            "scene": {"kind": "floating", "num_objects": 3, "empty_share": 0.0},
            "image": {"width": 64, "height": 64},
            "render": {"kind": "egl"},
            "quality": {},
        }
    )


def test_two_processes_give_the_same_bytes_and_the_device_is_recorded(egl: str, tmp_path: Path) -> None:
    generate(recipe(), tmp_path / "one", 4)
    generate(recipe(), tmp_path / "two", 4, workers=2, engine=Local())
    first, second = tree(tmp_path / "one"), tree(tmp_path / "two")
    assert first == second
    assert sum(name.startswith("images/") for name in first) == 4
    run = json.loads(first["run.json"])
    assert run["device"] == egl
    (tmp_path / "one/run.json").write_text(json.dumps(run | {"device": "another GPU"}))
    with pytest.raises(StoreError, match=r"contains another run's data \(device: \"another GPU\" there"):
        generate(recipe(), tmp_path / "one", 6)
