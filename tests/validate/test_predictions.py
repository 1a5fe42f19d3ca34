"""Predictions of a user's own detector, and every fault that their files may have."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim2coco.datasets.reading import open_dataset
from sim2coco.validate.choosing import common_classes, images_of, reference_splits, training_split
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.predictions import read_predictions
from sim2coco.validate.scoring import Reference, score
from tests.validate.drawn import write

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def reference(discs: Path) -> Reference:
    dataset = open_dataset(discs)
    images = tuple(images_of(dataset, reference_splits(dataset)))
    classes = common_classes(dataset, {})
    return Reference(images, classes.of(dataset), classes.names)


@pytest.fixture
def rows(discs: Path) -> Rows:
    """Perfect predictions for the split val."""
    tree = json.loads((discs / "annotations/instances_val.json").read_text())
    keys = ("image_id", "category_id", "bbox")
    return [{key: entry[key] for key in keys} | {"score": 0.5} for entry in tree["annotations"]]


def test_perfect_predictions_score_1(discs: Path, reference: Reference, rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps(rows))
    assert score(reference, read_predictions(tmp_path / "p.json", discs, reference)).ap == pytest.approx(1.0)
    (tmp_path / "none.json").write_text("[]")
    assert score(reference, read_predictions(tmp_path / "none.json", discs, reference)).ap == 0.0


FAULTS: dict[str, tuple[Callable[[Rows], Any], str]] = {
    "no list": (lambda rows: {"annotations": rows}, "must be a list of"),
    "no score": (
        lambda rows: [{k: rows[0][k] for k in ("image_id", "category_id", "bbox")}],
        "entry 0: score is missing",
    ),
    "no mapping": (lambda rows: [5], "entry 0: image_id, category_id, bbox, score are missing"),
    "unknown image": (
        lambda rows: [rows[0] | {"image_id": 999}],
        "image_id 999 is not an image of the reference",
    ),
    "image of a list": (lambda rows: [rows[0] | {"image_id": [1]}], "must be ids of the reference"),
    "unknown category": (
        lambda rows: [rows[0], rows[1] | {"category_id": 7}],
        "entry 1: category_id 7 is no",
    ),
    "three numbers": (lambda rows: [rows[0] | {"bbox": [1, 2, 3]}], "bbox must be x, y, width, height"),
    "negative width": (lambda rows: [rows[0] | {"bbox": [1, 2, -3, 4]}], "bbox must be x, y, width, height"),
    "infinite": (
        lambda rows: [rows[0] | {"bbox": [1, 2, float("inf"), 4]}],
        "bbox must be x, y, width, height",
    ),
    "words": (lambda rows: [rows[0] | {"score": "high"}], "score must be a number"),
    "nan": (lambda rows: [rows[0] | {"score": float("nan")}], "score must be a number"),
}


@pytest.mark.parametrize("case", [*FAULTS])
def test_a_fault_is_told(case: str, discs: Path, reference: Reference, rows: Rows, tmp_path: Path) -> None:
    change, told = FAULTS[case]
    (tmp_path / "p.json").write_text(json.dumps(change(rows)))
    with pytest.raises(ValidateError, match=told) as caught:
        read_predictions(tmp_path / "p.json", discs, reference)
    assert "p.json" in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_json_is_told(discs: Path, reference: Reference, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("[")
    with pytest.raises(ValidateError, match=r"p\.json is not JSON"):
        read_predictions(tmp_path / "p.json", discs, reference)
    with pytest.raises(ValidateError, match=r"cannot read .*: No such file"):
        read_predictions(tmp_path / "q.json", discs, reference)


def test_splits_and_categories_are_matched_by_name(discs: Path, shuffled: Path, tmp_path: Path) -> None:
    data, only_train = open_dataset(discs), open_dataset(shuffled)
    assert (training_split(data), reference_splits(data), reference_splits(only_train)) == (
        ("train",),
        ("val",),
        ("train",),
    )
    assert reference_splits(data, "train") == ("train",)
    with pytest.raises(
        ValidateError, match=r"--split: .* has no split 'test' with images; it has 'train', 'val'"
    ):
        reference_splits(data, "test")
    other = write(tmp_path, "train", 2, 5)
    file = other / "annotations/instances_train.json"
    file.write_text(file.read_text().replace('"square"', '"cube"'))
    classes = common_classes(data, {"other": open_dataset(other)})
    assert classes.names == ("disc",)
    assert classes.of(data) == (0, None)
    assert classes.notes == (
        "the reference has no category 'cube': left out of the comparison",
        "other has no category 'square': left out of the comparison",
    )
    file.write_text(file.read_text().replace('"disc"', '"ball"'))
    with pytest.raises(
        ValidateError, match="no category is in all data sets: the reference has 'disc', 'square'; other"
    ):
        common_classes(data, {"other": open_dataset(other)})


def test_ids_that_two_splits_share_need_the_name_of_one(rows: Rows, tmp_path: Path) -> None:
    data = open_dataset(write(write(tmp_path, "test", 3, 1), "val", 3, 2))
    (tmp_path / "p.json").write_text(json.dumps(rows[:2]))
    classes = common_classes(data, {})

    def read(split: str | None) -> None:
        images = tuple(images_of(data, reference_splits(data, split)))
        read_predictions(tmp_path / "p.json", tmp_path, Reference(images, (0, 1), classes.names))

    with pytest.raises(ValidateError, match="image id 1 is in test and val; choose one with --split"):
        read(None)
    read("val")
