"""Data sets of a kind of scene with furniture, from one file outside of the package."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from scenes.scene import Scene
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.context import WorkerContext
from sim2coco.pipeline import bounds, draw_and_settle
from sim2coco.records import from_bytes, to_bytes
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from tests.commandline import tree
from tests.table import TOP_M, OnTable

KEYS = ("asset", "category", "scale", "pose", "look", "friction", "roughness")


@pytest.fixture(autouse=True, scope="module")
def _kind() -> Iterator[None]:
    Scene.family["on_table"] = OnTable
    yield
    del Scene.family["on_table"]


@pytest.fixture(scope="module")
def woods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images."""
    folder = tmp_path_factory.mktemp("home") / "woods"
    folder.mkdir()
    for number in range(4):
        pixels = np.full((8, 12, 3), (60 * number + 20, 90, 40), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def recipe(woods: Path, **changes: Any) -> Recipe:
    table = {"images": str(woods), "textured": 1.0}
    return Recipe.parse(
        {
            "seed": 3,
            "views": 2,
            "image": {"width": 96, "height": 72},
            "assets": {
                "categories": {
                    name: {"shape": name, "size_m": size} for name, size in (("box", 0.1), ("nut", 0.06))
                },
                "distractors": {"ball": {"shape": "sphere", "size_m": 0.07}},
            },
            "scene": {"kind": "on_table", "num_objects": [3, 4], "around": {"table": table}},
            "augment": {"splits": []},
            **changes,
        }
    )


@pytest.fixture(scope="module", params=["relit", "tiny", "egl"])
def made(request: pytest.FixtureRequest, woods: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of ten images."""
    if request.param == "egl":
        request.getfixturevalue("egl")
    out = tmp_path_factory.mktemp("furniture") / "data"
    generate(recipe(woods, render={"kind": request.param}), out, 10)
    return out


def specs(out: Path) -> list[Any]:
    records = [json.loads(path.read_text()) for path in sorted((out / "records").rglob("*.json"))]
    return [record["settled"]["spec"] for record in records if record["status"] == "done"]


def test_a_data_set_is_right_and_is_made_again_bit_for_bit(made: Path, woods: Path, tmp_path: Path) -> None:
    assert [str(fault) for fault in check(made).faults] == []
    render = json.loads((made / "run.json").read_text())["recipe"]["render"]["kind"]
    generate(recipe(woods, render={"kind": render}), tmp_path / "again", 10)
    assert tree(tmp_path / "again") == tree(made)
    name = min((made / "images" / "train").iterdir()).stem
    before, again = replay(DataSet(made), name, [woods.parent])
    assert before == again


def test_records_name_furniture_and_run_json_its_mesh(made: Path) -> None:
    run = json.loads((made / "run.json").read_text())
    assert [key.partition("@")[0] for key in run["assets"]] == ["ball", "box", "cube", "nut"]
    assert list(run["images"]) == ["around.table"]
    (cube,) = (key for key in run["assets"] if key.startswith("cube@"))
    for spec in specs(made):
        parts = [body for body in spec["bodies"] if body.get("role") == "furniture"]
        assert len(parts) == 5
        for part in parts:
            assert (part["asset"], part["category"], part["fixed"]) == (cube, None, True)
            assert len(part["scale"]) == 3
            assert part["look"]["texture"]["source"] in run["images"]["around.table"]
        others = [body for body in spec["bodies"] if "role" not in body]
        assert len(others) + len(parts) == len(spec["bodies"])
        for body in others:
            assert tuple(key for key in body if key != "metallic") == KEYS
            assert body.get("metallic", True)  # it is written where it is so
            assert isinstance(body["scale"], float)


def test_records_are_read_as_they_were_written(made: Path) -> None:
    for path in (made / "records").rglob("*.json"):
        record = from_bytes(path.read_bytes())
        assert to_bytes(record) == path.read_bytes()
        assert record.settled is not None
        roles = {(body.role, body.category is None) for body in record.settled.spec.bodies}
        assert roles <= {("object", False), ("distractor", True), ("furniture", True)}


def test_no_label_is_of_furniture(made: Path) -> None:
    for path in (made / "annotations").glob("*.json"):
        coco = json.loads(path.read_text())
        assert [category["name"] for category in coco["categories"]] == ["box", "nut"]
        assert {label["attributes"]["asset"] for label in coco["annotations"]} <= {"box", "nut"}


def test_cameras_aim_at_objects_and_at_the_table_where_it_is_empty(woods: Path, tmp_path: Path) -> None:
    for empty_share in (0.0, 1.0):
        scene = {"kind": "on_table", "num_distractors": 0, "empty_share": empty_share}
        context = WorkerContext(recipe(woods, scene=scene), tmp_path)
        settled, _ = draw_and_settle(context, 0)
        assert settled is not None
        (*_, height_m), radius_m = bounds(context, settled)
        assert settled.has_objects == (not empty_share)
        if empty_share:
            assert (height_m, radius_m) == pytest.approx((0.25, 0.688), abs=0.01)
        else:
            assert TOP_M < height_m < TOP_M + 0.06
            assert radius_m < 0.4
        context.close()


def test_splits_hold_out_images_on_furniture_but_not_its_mesh(woods: Path, tmp_path: Path) -> None:
    for number in range(4):
        solid = trimesh.creation.box((1.0, 0.8, 0.3 + 0.1 * number))
        (tmp_path / f"{number}.stl").write_bytes(bytes(solid.export(file_type="stl")))
    split = {"train": 0.5, "val": 0.5, "by": ["asset", "background"]}
    assets = {"categories": {"brick": {"path": str(tmp_path), "size_m": 0.1}}}
    ours = recipe(woods, split=split, views=1, assets=assets, render={"kind": "tiny"})
    generate(ours, tmp_path / "data", 8)
    report = check(tmp_path / "data")
    assert [str(fault) for fault in report.faults] == []
    held_out = json.loads((tmp_path / "data" / "run.json").read_text())["held_out"]
    for part in held_out.values():
        assert (len(part["images"]), len(part["assets"])) == (2, 2)
    shown: dict[str, set[str]] = {"train": set(), "val": set()}
    for spec in specs(tmp_path / "data"):
        parts = [body for body in spec["bodies"] if body["asset"].startswith("cube@")]
        assert len(parts) == 5
        shown[spec["split"]] |= {part["look"]["texture"]["source"] for part in parts}
    assert all(shown.values())
    assert not shown["train"] & shown["val"]
