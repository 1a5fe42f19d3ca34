"""Data sets with defects on objects: they pass all checks, and faults of their labels are found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pydantic import ValidationError

from sim2coco import Recipe, generate
from sim2coco.audit import audit
from sim2coco.check import check
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.exporting import export
from sim2coco.export.panoptic import Panoptic
from sim2coco.export.yolo import Yolo
from sim2coco.records import Record, from_bytes, to_bytes
from sim2coco.review.dataset import DataSet
from sim2coco.review.deep import check_deep
from sim2coco.review.whereabouts import Whereabouts

DEFECTS: dict[str, dict[str, Any]] = {
    "dent": {"kind": "dent", "share": 0.9, "size": [0.3, 0.5]},
    "logo": {"kind": "image", "share": 0.9, "size": [0.4, 0.6], "on": ["box"]},
    "scratch": {"kind": "scratch", "share": 0.9, "number": [1, 3], "size_mm": [30, 60]},
}


def recipe(folder: Path, **changes: Any) -> Recipe:
    logos = folder / "logos"
    logos.mkdir(exist_ok=True)
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[4:16, 5:25] = (40, 200, 250, 255)
    (logos / "sun.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    defects = {**DEFECTS, "logo": {**DEFECTS["logo"], "images": str(logos)}}
    shapes = {name: {"shape": name, "size_m": 0.1} for name in ("box", "cylinder")}
    return Recipe.parse(
        {
            "seed": 2,
            "views": 2,
            "split": {"train": 1.0},
            "image": {"width": 200, "height": 150, "format": "png"},
            "assets": {"categories": shapes},
            "scene": {"kind": "drop", "num_objects": [4, 4], "empty_share": 0.0, "defects": defects},
            "augment": {"copies": 1, "geometry": {"turn": {"name": "Affine", "rotate": [-40, 40], "p": 1.0}}},
            **changes,
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of four images, two of them augmented copies; the folder of pictures lies beside it."""
    folder = tmp_path_factory.mktemp("defects")
    generate(recipe(folder), folder / "data", 2)
    return folder / "data"


def annotations(root: Path, name: str = "annotations/instances_train.json") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((root / name).read_text())["annotations"]
    return found


def is_on_object(annotation: dict[str, Any]) -> bool:
    return "on" in annotation["attributes"]


def test_defects_are_labels_of_their_own_categories(made: Path) -> None:
    tree = json.loads((made / "annotations/instances_train.json").read_text())
    assert [category["name"] for category in tree["categories"]] == ["box", "cylinder", *DEFECTS]
    assert {category["supercategory"] for category in tree["categories"][2:]} == {"defect"}
    found = {entry["category_id"] for entry in tree["annotations"] if is_on_object(entry)}
    assert found == {3, 4, 5}
    assert not any(entry["category_id"] > 2 for entry in tree["annotations"] if not is_on_object(entry))


def test_masks_of_defects_lie_in_those_of_their_objects_also_after_a_warp(made: Path) -> None:
    for name in ("annotations/instances_train.json", "annotations_amodal/amodal_train.json"):
        listed = annotations(made, name)
        objects = {
            (one["image_id"], one["attributes"]["instance"]): one for one in listed if not is_on_object(one)
        }
        for one in filter(is_on_object, listed):
            own, on = (
                coco_mask.decode(entry["segmentation"]) > 0
                for entry in (one, objects[one["image_id"], one["attributes"]["on"]])
            )
            assert own.any()
            assert not (own & ~on).any()


def test_check_and_check_deep_and_audit_accept_them(made: Path) -> None:
    assert [str(fault) for fault in check(made).faults] == []
    assert [str(fault) for fault in check_deep(made, [made.parent], scenes=1).faults] == []
    report = audit(made)
    assert list(report.findings) == []
    assert any("defects" in note for note in report.notes)


def test_pictures_of_a_defect_of_any_name_are_found_again(made: Path, tmp_path: Path) -> None:
    data = DataSet(made)
    record, view, _ = data.find("s000000_v00")
    name = "../sign/print"
    run = {**data.run, "images": {f"defects.{name}": data.run["images"]["defects.logo"]}}
    tree = {"scene": {"defects": {name: {"kind": "image", "images": str(made.parent / "logos")}}}}
    Whereabouts([made.parent], run, [(record, view)]).put_into(tree, tmp_path)
    assert [file.name for file in tmp_path.rglob("*.png")] == ["sun.png"]


def test_a_defect_is_one_category_of_one_object_only(made: Path) -> None:
    record = DataSet(made).find("s000000_v00")[0]
    assert record.settled is not None
    for body in record.settled.spec.bodies:
        kinds = [decal.kind for decal in body.decals]
        assert kinds.count("dent") <= 2
        assert kinds.count("scratch") <= 3
        assert "image" not in kinds or body.asset.startswith("box@")
        for decal in body.decals:
            assert decal.length_m == pytest.approx(max(decal.size_m))
            assert decal.kind != "scratch" or 0.03 <= decal.length_m <= 0.06


def test_defects_change_nothing_else(made: Path, tmp_path: Path) -> None:
    plain = recipe(tmp_path).scene.model_copy(update={"defects": {}})
    without = recipe(tmp_path).model_copy(update={"scene": plain})
    generate(without, tmp_path / "plain", 2)
    assert "defects" not in (tmp_path / "plain" / "config.yaml").read_text()
    for name in ("000000.json",):
        other = from_bytes((tmp_path / "plain" / "records/000" / name).read_bytes())
        own = from_bytes((made / "records/000" / name).read_bytes())
        assert other.settled is not None
        assert own.settled is not None
        assert [body.pose for body in own.settled.spec.bodies] == [
            body.pose for body in other.settled.spec.bodies
        ]
        for view, again in zip(own.views, other.views, strict=True):
            for picture, bare in zip(view.pictures, again.pictures, strict=True):
                assert objects_of(picture.annotations) == [label.counts for label in bare.annotations]


def objects_of(labels: Any) -> list[str]:
    return [label.counts for label in labels if label.on is None]


def test_formats_take_defects_and_panoptic_leaves_them_out(made: Path, tmp_path: Path) -> None:
    export(open_dataset(made), (Yolo(), Panoptic()), tmp_path / "out")
    tree = json.loads((tmp_path / "out/panoptic/panoptic_train.json").read_text())
    segments = [segment for entry in tree["annotations"] for segment in entry["segments_info"]]
    assert not {3, 4, 5} & {segment["category_id"] for segment in segments}
    rows = [line for file in (tmp_path / "out").rglob("s*.txt") for line in file.read_text().splitlines()]
    assert {row.split()[0] for row in rows} >= {"2", "4"}


def relabel(label: dict[str, Any], **values: Any) -> None:
    label.update(values)


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "on another object": (lambda label: relabel(label, on=label["on"] % 4 + 1), "on is"),
    "of another category": (lambda label: relabel(label, category=2 + label["category"] % 3), "category is"),
    "another decal": (lambda label: relabel(label, decal=99), "decal 99"),
    "dropped": (lambda label: label.clear(), "neither labelled nor ignored nor unseen"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_label_of_a_defect_is_found(made: Path, tmp_path: Path, name: str) -> None:
    edit, told = FAULTS[name]
    shutil.copytree(made, tmp_path / "data")
    place = tmp_path / "data/records/000/000000.json"
    tree = json.loads(place.read_text())
    labels = tree["views"][0]["pictures"][0]["annotations"]
    edit(next(label for label in labels if label.get("on")))
    labels[:] = filter(None, labels)
    place.write_text(json.dumps(tree))
    assert any(told in str(fault) for fault in check(tmp_path / "data").faults)


def test_a_defect_that_leaves_its_object_is_found(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "data")
    place = tmp_path / "data/annotations/instances_train.json"
    tree = json.loads(place.read_text())
    one = next(entry for entry in tree["annotations"] if is_on_object(entry))
    mask = np.zeros((150, 200), np.uint8, order="F")
    mask[2:6, 2:9] = 1
    one["segmentation"]["counts"] = coco_mask.encode(mask)["counts"].decode()
    place.write_text(json.dumps(tree))
    assert any(
        "is not inside the mask of its object" in str(fault) for fault in check(tmp_path / "data").faults
    )


def test_records_of_defects_are_read_again(made: Path) -> None:
    for path in sorted((made / "records/000").iterdir()):
        record: Record = from_bytes(path.read_bytes())
        assert to_bytes(record) == path.read_bytes()


@pytest.mark.parametrize(
    ("defects", "told"),
    [
        ({"box": {"kind": "dent"}}, "'box' is also a category of assets"),
        ({"dent": {"kind": "dent", "on": ["boks"]}}, "no category 'boks'; allowed: box, cylinder"),
        ({"logo": {"kind": "image"}}, "needs a folder of images"),
        ({"dent": {"kind": "dent", "images": "no/such/folder"}}, "no such folder"),
        ({"dent": {"kind": "hole"}}, "'scratch', 'dent', 'stain', 'crack' or 'image'"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, defects: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        recipe(tmp_path, scene={"kind": "drop", "defects": defects})
