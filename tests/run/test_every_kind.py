"""Four images of each kind of scene, with each renderer, have no faults."""

from pathlib import Path
from typing import Any

import pytest

from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.cli.config import choices, settings_of
from sim2coco.records import from_bytes
from tests.rig import RENDERS

SHAPES = {name: {"shape": name, "size_m": 0.08} for name in ("box", "nut")}


@pytest.mark.parametrize("render", RENDERS)
@pytest.mark.parametrize("kind", choices("scene"))
def test_four_images_of_each_kind_have_no_faults(tmp_path: Path, kind: str, render: str) -> None:
    settings: dict[str, Any] = {**settings_of("scene", kind), "empty_share": 0.0, "num_objects": [4, 6]}
    recipe = {
        "seed": 5,
        "views": 2,
        "scene": settings,
        "render": {"kind": render},
        "image": {"width": 96, "height": 72},
        "assets": {"categories": SHAPES, "distractors": {"tube": {"shape": "tube", "size_m": 0.05}}},
        "quality": {"checks": {}},
        "augment": {"splits": []},
    }
    generate(Recipe.parse(recipe), tmp_path / "data", 4)
    found = check(tmp_path / "data")
    assert (found.faults, found.images) == ((), 4)
    for path in sorted((tmp_path / "data" / "records").rglob("*.json")):
        record = from_bytes(path.read_bytes())
        assert record.status == "done"
