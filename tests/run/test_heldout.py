"""Data sets whose splits share no meshes and images, and the check that verifies this from their files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trimesh
import yaml
from PIL import Image

from scenes.assets.catalogue import CatalogueError
from sim2coco import Recipe, generate
from sim2coco.check import check
from sim2coco.engines.local import Local
from sim2coco.review.dataset import DataSet
from sim2coco.review.replay import replay
from sim2coco.storage import StoreError
from tests.commandline import tree


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Meshes of two categories (one mesh is in both), distractors and floor images."""
    root = tmp_path_factory.mktemp("heldout")
    for folder, numbers in (("bolts", range(6)), ("nuts", range(5, 9)), ("rubble", range(20, 23))):
        (root / folder).mkdir()
        for number in numbers:
            solid = trimesh.creation.box((1.0, 0.8, 0.3 + 0.1 * number))
            (root / folder / f"{folder}{number}.stl").write_bytes(bytes(solid.export(file_type="stl")))
    (root / "floors").mkdir()
    for number in range(5):
        Image.new("RGB", (8, 8), (40 * number, 90, 90)).save(root / "floors" / f"{number}.png")
    return root


def recipe(home: Path, by: Any, **changes: Any) -> Recipe:
    categories = {
        name: {"path": str(home / name), "size_m": size} for name, size in (("bolts", 0.06), ("nuts", 0.04))
    }
    floor = {"images": str(home / "floors"), "textured": 1.0}
    walls = floor | {"number": 1}
    skies = {"environment": {"skies": ["clear", "room"], "pool": 6}}
    return Recipe.parse(
        {
            "seed": 4,
            "views": 1,
            "split": {"train": 0.6, "val": 0.4, "by": by},
            "image": {"width": 64, "height": 64},
            "assets": {
                "categories": categories,
                "distractors": {"rubble": {"path": str(home / "rubble"), "size_m": 0.04}},
            },
            "scene": {
                "kind": "drop",
                "num_objects": [3, 6],
                "num_distractors": [1, 2],
                "floor": floor,
                "walls": walls,
            },
            "light": skies,
            "render": {"kind": "tiny"},
            **changes,
        }
    )


@pytest.fixture(scope="module")
def apart(home: Path) -> Path:
    """Twelve images whose splits share no assets."""
    generate(recipe(home, ["asset", "background"]), home / "apart", 12)
    return home / "apart"


@pytest.fixture(scope="module")
def alike(home: Path) -> Path:
    """Twelve images whose splits use the same assets."""
    generate(recipe(home, "scene"), home / "alike", 12)
    return home / "alike"


def check_result(data: Path) -> tuple[list[str], list[str]]:
    report = check(data)
    return [str(fault) for fault in report.faults], [str(holding) for holding in report.holdings]


def test_splits_share_nothing_and_the_counts_are_right(apart: Path, alike: Path) -> None:
    faults, holdings = check_result(apart)
    assert faults == []
    assert holdings[-1] == "in more than one: 0 meshes, 0 textures"
    used: dict[str, set[str]] = {"train": set(), "val": set()}
    for path in (apart / "records").rglob("*.json"):
        record = json.loads(path.read_text())
        used[record["split"]] |= {body["asset"] for body in record["settled"]["spec"]["bodies"]}
    for holding, (split, meshes) in zip(holdings, used.items(), strict=False):
        assert holding.startswith(f"{split}: {len(meshes)} meshes, ")
    run = json.loads((apart / "run.json").read_text())
    train, val = run["held_out"]["train"], run["held_out"]["val"]
    assert not set(train["assets"].values()) & set(val["assets"].values())
    # bolts5 and nuts5 are one mesh at two sizes.
    assert len(train["assets"]) + len(val["assets"]) == 13
    assert len(set(train["assets"].values()) | set(val["assets"].values())) == 12
    assert (len(train["images"]), len(val["images"])) == (3, 2)
    assert sorted(train["textures"] + val["textures"]) == list(range(256))
    assert yaml.safe_load((apart / "config.yaml").read_text())["split"]["by"] == ["asset", "background"]
    faults, holdings = check_result(alike)
    assert faults == []
    assert not holdings[-1].startswith("in more than one: 0")
    assert "held_out" not in json.loads((alike / "run.json").read_text())
    assert yaml.safe_load((alike / "config.yaml").read_text())["split"] == {"train": 0.6, "val": 0.4}


def test_extension_worker_processes_and_replay_give_the_same_bytes(apart: Path, home: Path) -> None:
    ours = recipe(home, ["asset", "background"])
    out = home / "extended"
    generate(ours, out, 5)
    generate(ours, out, 12, workers=2, engine=Local())
    assert tree(out) == tree(apart)
    name = min((apart / "images" / "val").iterdir()).stem
    before, again = replay(DataSet(apart), name, [home])
    assert before == again


def test_another_split_setting_is_another_data_set(apart: Path, home: Path) -> None:
    with pytest.raises(
        StoreError, match=r"split\.by: \[\"asset\", \"background\"\] there, \[\"asset\"\] here"
    ):
        generate(recipe(home, "asset"), apart, 14)
    with pytest.raises(StoreError, match="seed: 4 there, 5 here"):
        generate(recipe(home, ["asset", "background"], seed=5), apart, 14)


def test_too_few_meshes_are_refused_before_anything_is_written(home: Path) -> None:
    shape = {"nut": {"shape": "nut", "size_m": 0.05}}
    with pytest.raises(CatalogueError, match=r"assets\.categories\.nut: split\.by=asset needs"):
        generate(recipe(home, "asset", assets={"categories": shape}), home / "refused", 2)
    assert not (home / "refused").exists()


Forgery = Callable[[Path], None]


def changed(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    content.pop("sha256", None)  # as in records of earlier versions: it would tell that there are edits
    path.write_text(json.dumps(content))


def record_of(data: Path, split: str) -> Path:
    return next(
        path
        for path in sorted((data / "records").rglob("*.json"))
        if json.loads(path.read_text())["split"] == split and json.loads(path.read_text())["views"]
    )


def spec_of(data: Path, split: str) -> Any:
    return json.loads(record_of(data, split).read_text())["settled"]["spec"]


def a_distractor_of_train(data: Path) -> None:
    bodies = spec_of(data, "train")["bodies"]
    asset = next(body["asset"] for body in bodies if body["category"] is None)
    changed(
        record_of(data, "val"), lambda record: record["settled"]["spec"]["bodies"][-1].update(asset=asset)
    )


def a_mesh_of_train_at_another_size(data: Path) -> None:
    """Its name and hash are in no other split; only its size-independent hash reveals it."""
    held_out = json.loads((data / "run.json").read_text())["held_out"]
    content = held_out["train"]["assets"][spec_of(data, "train")["bodies"][0]["asset"]]
    changed(data / "run.json", lambda run: run["held_out"]["val"]["assets"].update({"big@0123": content}))
    changed(
        record_of(data, "val"), lambda record: record["settled"]["spec"]["bodies"][0].update(asset="big@0123")
    )


def a_floor_of_train_under_another_name(data: Path) -> None:
    texture = spec_of(data, "train")["floor"]["look"]["texture"]
    source = f"other.png@{texture['source'].partition('@')[2]}"
    changed(
        record_of(data, "val"),
        lambda record: record["settled"]["spec"]["floor"]["look"]["texture"].update(source=source),
    )


def a_wall_of_train(data: Path) -> None:
    texture = spec_of(data, "train")["room"]["surface"]["look"]["texture"]
    changed(
        record_of(data, "val"),
        lambda record: record["settled"]["spec"]["room"]["surface"]["look"]["texture"].update(texture),
    )


def a_sky_of_train(data: Path) -> None:
    train = json.loads(record_of(data, "train").read_text())["views"][0]["shot"]["light"]["environment"]
    changed(
        record_of(data, "val"),
        lambda record: record["views"][0]["shot"]["light"]["environment"].update(train),
    )


def a_label_of_train(data: Path) -> None:
    def forge(coco: Any) -> None:
        coco["annotations"][0]["attributes"]["asset"] = asset

    train = json.loads((data / "annotations" / "instances_train.json").read_text())
    asset = train["annotations"][0]["attributes"]["asset"]
    changed(data / "annotations" / "instances_val.json", forge)


def no_scene(data: Path) -> None:
    changed(record_of(data, "val"), lambda record: record["settled"].pop("spec"))


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (a_distractor_of_train, ("records/", "mesh rubble/", "is in split train too (s0")),
        (a_mesh_of_train_at_another_size, ("records/", "mesh big@0123 is in split train too (s0")),
        (
            a_floor_of_train_under_another_name,
            ("records/", "texture other.png@", "is in split train too (s0"),
        ),
        (a_wall_of_train, ("records/", "texture ", "is in split train too (s0")),
        (a_sky_of_train, ("records/", "texture ", ":", "is in split train too (s0")),
        (a_label_of_train, ("annotations/instances_val.json: s0", "is in split")),
        (no_scene, ("records/", "does not list the meshes and textures of the scene")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_check_finds_what_is_shared(
    apart: Path, tmp_path: Path, forge: Forgery, words: tuple[str, ...]
) -> None:
    shutil.copytree(apart, tmp_path / "data")
    forge(tmp_path / "data")
    faults, holdings = check_result(tmp_path / "data")
    assert any(all(word in fault for word in words) for fault in faults), faults
    if forge is not no_scene:
        assert "0 meshes, 0 textures" not in holdings[-1] or forge is a_mesh_of_train_at_another_size


def test_a_false_claim_of_held_out_assets_is_found(alike: Path, tmp_path: Path) -> None:
    shutil.copytree(alike, tmp_path / "data")
    by = {"by": ["asset", "background"]}
    changed(tmp_path / "data" / "run.json", lambda run: run["recipe"]["split"].update(by))
    faults, _ = check_result(tmp_path / "data")
    edited = "run.json: identity does not match the rest of the file: it was edited"
    differs = "config.yaml: differs from the recipe in run.json: 'split.by'"
    assert {fault for fault in faults if "is in split" not in fault} == {edited, differs}
    assert any("mesh" in fault for fault in faults)
    assert any("texture" in fault for fault in faults)
