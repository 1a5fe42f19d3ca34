"""`check --fix` repairs what needs no guess and leaves out the rest; the copy passes `check`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sim2coco.check import CheckError, check
from sim2coco.repair import CHANGES, RepairError, repair

TRAIN, VAL = "annotations/instances_train.json", "annotations/instances_val.json"
OUTLINE = [10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0]


def square(identity: Any, **more: Any) -> dict[str, Any]:
    """An annotation of a square of 400 px."""
    box = {"bbox": [10, 10, 20, 20], "area": 400, "segmentation": [OUTLINE], "iscrowd": 0}
    return {"id": identity, "image_id": 1, "category_id": 1, **box, **more}


def valid() -> dict[str, Any]:
    """Two images, a nut in each, and a person with keypoints."""
    person = {"id": 2, "name": "person", "keypoints": ["head", "hand"], "skeleton": [[1, 2]]}
    points = {"keypoints": [12, 12, 2, 0, 0, 0], "num_keypoints": 1}
    size = {"width": 64, "height": 48}
    return {
        "info": {"year": 2024},
        "images": [{"id": 1, "file_name": "a.png", **size}, {"id": 2, "file_name": "c/b.png", **size}],
        "annotations": [square(1), square(2, image_id=2), square(3, category_id=2, **points)],
        "categories": [{"id": 1, "name": "nut"}, person],
        "videos": [{"id": 1}, {"id": 2, "fps": 30.5}],
    }


def write(root: Path, trees: dict[str, Any]) -> Path:
    for name, tree in trees.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(tree if isinstance(tree, bytes) else json.dumps(tree).encode())
    for name in ("a.png", "c/b.png"):
        path = root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), (len(name), 0, 0)).save(path)
    return root


def repaired(tmp_path: Path, tree: Any) -> tuple[list[str], dict[str, Any]]:
    """Kinds of the changes, and the annotation file of the copy, which has no faults."""
    source = write(tmp_path / "data", {TRAIN: tree})
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    done = repair(source, tmp_path / "copy")
    assert [str(fault) for fault in done.report.faults] == []
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == before
    lines = (tmp_path / "copy/changes.txt").read_text().splitlines()
    assert lines == [str(change) for change in done.changes]
    return [change.kind for change in done.changes], json.loads((tmp_path / "copy" / TRAIN).read_bytes())


def test_a_valid_data_set_is_copied_as_it_is(tmp_path: Path) -> None:
    kinds, tree = repaired(tmp_path, valid())
    assert (kinds, tree) == ([], valid())
    for name in ("images/a.png", "images/c/b.png"):
        assert (tmp_path / "data" / name).samefile(tmp_path / "copy" / name)


Change = Callable[[dict[str, Any]], object]


def first(**values: Any) -> Change:
    """The first annotation gets other values."""
    return lambda tree: tree["annotations"][0].update(values)


def without(kind: str, *keys: str) -> Change:
    """The first entry of a list lacks keys."""
    return lambda tree: [tree[kind][0].pop(key) for key in keys]


# name: (what is wrong, kinds of the changes, what is different in the copy)
REPAIRED: dict[str, tuple[Change, list[str], Change]] = {
    "box of another": (first(bbox=[0, 0, 64, 48]), ["bbox"], first(bbox=[10.0, 10.0, 20.0, 20.0])),
    "no box": (without("annotations", "bbox"), ["bbox"], first(bbox=[10.0, 10.0, 20.0, 20.0])),
    "box as text": (first(bbox="10,10"), ["bbox"], first(bbox=[10.0, 10.0, 20.0, 20.0])),
    "area of the box": (first(area=640), ["area"], first(area=400)),
    "no area": (without("annotations", "area"), ["area"], first()),
    "area NaN": (first(area=float("nan")), ["value", "area"], first()),
    "no iscrowd": (without("annotations", "iscrowd"), ["iscrowd"], first()),
    "iscrowd false": (first(iscrowd=False), ["iscrowd"], first()),
    "box beyond the image": (
        first(bbox=[-9, 40, 30, 30], area=900, segmentation=[]),
        ["bbox"],
        first(bbox=[0, 40, 21, 8], area=900, segmentation=[]),
    ),
    "a polygon of two points": (
        first(segmentation=[[1, 1, 2, 2], OUTLINE]),
        ["polygons"],
        first(),
    ),
    "ids from 0": (
        lambda t: [a.update(id=rank) for rank, a in enumerate(t["annotations"])],
        ["ids"] * 3,
        first(),
    ),
    "ids as text": (
        lambda t: [t["annotations"][rank].update(id=str(rank + 1)) for rank in range(3)],
        ["ids"] * 3,
        first(),
    ),
    "ids of images as text": (
        lambda t: [
            *[image.update(id=f"x{image['id']}") for image in t["images"]],
            *[a.update(image_id=f"x{a['image_id']}") for a in t["annotations"]],
        ],
        ["ids"],
        first(),
    ),
    "ids of categories as text": (
        lambda t: [
            *[category.update(id=category["name"]) for category in t["categories"]],
            *[a.update(category_id="person" if "keypoints" in a else "nut") for a in t["annotations"]],
        ],
        ["ids", "ids"],
        first(),
    ),
    "label twice": (lambda t: t["annotations"].append(square(9)), ["duplicate"], first()),
    "image twice": (lambda t: t["images"].append(dict(t["images"][0])), ["duplicate"], first()),
    "image under two ids": (
        lambda t: [
            t["images"].append({**t["images"][0], "id": 7}),
            t["annotations"][0].update(image_id=7),
        ],
        ["duplicate"],
        first(),
    ),
    "backslashes": (
        lambda t: t["images"][1].update(file_name="c\\b.png"),
        ["file_name"],
        first(),
    ),
    "no size": (without("images", "width"), ["size"], first()),
    "no such image": (
        lambda t: t["annotations"].append(square(4, image_id=9)),
        ["dangling"],
        first(),
    ),
    "no such category": (
        lambda t: t["annotations"].append(square(4, category_id=9)),
        ["dangling"],
        first(),
    ),
    "number of keypoints": (
        lambda t: t["annotations"][2].update(num_keypoints=2),
        ["keypoints"],
        first(),
    ),
    "malformed keypoints": (
        lambda t: t["annotations"][2].update(keypoints=[1, 2]),
        ["keypoints"],
        lambda t: [t["annotations"][2].pop(key) for key in ("keypoints", "num_keypoints")],
    ),
    "info a list": (lambda t: t.update(info=[1]), ["value"], lambda t: t.update(info={})),
    "empty mask": (
        lambda t: t["annotations"].append(square(4, segmentation=[[70, 1, 80, 1, 80, 9]])),
        ["left_out"],
        first(),
    ),
    "broken mask": (
        lambda t: t["annotations"].append(square(4, segmentation={"size": [9, 9], "counts": "x"})),
        ["left_out"],
        first(),
    ),
    "no file": (
        lambda t: t["images"].append({"id": 3, "file_name": "x.png", "width": 1, "height": 1}),
        ["left_out"],
        first(),
    ),
    "upwards": (
        lambda t: t["images"].append({"id": 3, "file_name": "../x.png", "width": 1, "height": 1}),
        ["left_out"],
        first(),
    ),
    "names of categories": (
        lambda t: t["categories"].append({"id": 5, "name": "nut"}),
        ["category_name"],
        lambda t: t["categories"].append({"id": 5, "name": "nut (2)"}),
    ),
    "other size": (
        lambda t: t["images"][0].update(width=48, height=64),
        ["left_out", "dangling", "dangling"],
        lambda t: [t["images"].pop(0), t["annotations"].pop(2), t["annotations"].pop(0)],
    ),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_what_needs_no_guess_is_repaired(tmp_path: Path, name: str) -> None:
    spoil, kinds, expect = REPAIRED[name]
    tree, expected = valid(), valid()
    spoil(tree)
    expect(expected)
    found, copy = repaired(tmp_path, tree)
    assert found == kinds
    assert set(found) <= set(CHANGES)
    assert copy == expected


def test_nothing_is_written_if_no_image_is_left(tmp_path: Path) -> None:
    tree = valid()
    tree["images"][1]["id"] = 1  # which of the two an annotation means, nobody knows
    with pytest.raises(RepairError, match=r"nothing can be repaired: .*another entry also has id 1"):
        repaired(tmp_path, tree)
    assert not (tmp_path / "copy").exists()


def test_categories_are_numbered_alike_in_all_splits(tmp_path: Path) -> None:
    val = valid()
    val["categories"] = [{"id": 1, "name": "pin"}, {"id": 2, "name": "nut"}]
    for annotation in val["annotations"]:  # neither category has names of keypoints
        for key in ("keypoints", "num_keypoints"):
            annotation.pop(key, None)
    source = write(tmp_path / "data", {TRAIN: valid(), VAL: val})
    assert check(source).counts == {"splits": 1}
    assert repair(source, tmp_path / "copy").report.faults == ()
    trees = [json.loads((tmp_path / "copy" / name).read_bytes()) for name in (TRAIN, VAL)]
    names = [{entry["id"]: entry["name"] for entry in tree["categories"]} for tree in trees]
    assert names == [{1: "nut", 2: "person"}, {3: "pin", 1: "nut"}]
    labels = [[entry["category_id"] for entry in tree["annotations"]] for tree in trees]
    assert labels == [[1, 1, 2], [3, 3, 1]]


def test_a_file_that_is_no_json_is_left_out(tmp_path: Path) -> None:
    source = write(tmp_path / "data", {TRAIN: valid(), VAL: json.dumps(valid()).encode()[:-50]})
    done = repair(source, tmp_path / "copy")
    assert done.report.faults == ()
    assert [str(change) for change in done.changes] == [f"{VAL}: the file is left out: it is truncated"]
    assert not (tmp_path / "copy" / VAL).exists()


def test_the_copy_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    source = write(tmp_path / "data", {TRAIN: valid()})
    (tmp_path / "used").mkdir()
    (tmp_path / "used/x").touch()
    with pytest.raises(RepairError, match=r"--fix: .* exists; name a new or empty folder"):
        repair(source, tmp_path / "used")
    with pytest.raises(RepairError, match="is inside the data set"):
        repair(source, source / "copy")
    (source / "empty").mkdir()
    with pytest.raises(RepairError, match="is inside the data set"):
        repair(source, source / "empty")
    with pytest.raises(CheckError, match="no such folder"):
        repair(tmp_path / "nowhere", tmp_path / "copy")
    (tmp_path / "copy").mkdir()
    assert repair(source, tmp_path / "copy").report.faults == ()
