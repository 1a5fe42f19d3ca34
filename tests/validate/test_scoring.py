"""Scores of known predictions, beside another implementation; and the faults that pictures show."""

from pathlib import Path

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster

from sim2coco.datasets.labelled import IgnoredObject, Label, LabelledImage
from sim2coco.validate.found import Found, iou
from sim2coco.validate.pictures import best_threshold, faults_of
from sim2coco.validate.scoring import Reference, score

NAMES = ("cat", "dog")
NONE = Found(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))


def _image(
    labels: list[tuple[int, tuple[int, int, int, int]]], *ignored: tuple[int, int, int, int]
) -> LabelledImage:
    own = tuple(Label(category, box, box[2] * box[3], None) for category, box in labels)
    others = tuple(IgnoredObject(0, box, "too_small") for box in ignored)
    return LabelledImage("val", "a.png", Path("a.png"), 200, 100, own, others)


def _found(*rows: tuple[float, float, float, float, float, int]) -> Found:
    table = np.array(rows, np.float64)
    return Found(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def _reference(*images: LabelledImage) -> Reference:
    return Reference(images, (0, 1), NAMES)


@pytest.fixture
def noisy(rng: np.random.Generator) -> tuple[Reference, list[Found]]:
    """Thirty images, with predictions that are shifted, doubled, missing and of the wrong category."""
    images, found = [], []
    for _ in range(30):
        boxes = [tuple(rng.integers((0, 0, 8, 8), (150, 60, 50, 40)).tolist()) for _ in range(4)]
        labels = [(int(rng.integers(2)), box) for box in boxes]
        images.append(_image(labels))
        rows = []
        for label, (x, y, width, height) in labels:
            for _ in range(int(rng.integers(3))):
                x0, y0 = x + float(rng.normal(0, 2)), y + float(rng.normal(0, 2))
                kind = label if rng.random() < 0.8 else 1 - label
                rows.append((x0, y0, x0 + width, y0 + height, float(rng.random()), kind))
        rows.sort(key=lambda row: -row[4])
        found.append(_found(*rows) if rows else NONE)
    return _reference(*images), found


def test_scores_are_those_of_another_implementation(noisy: tuple[Reference, list[Found]]) -> None:
    reference, found = noisy
    ours = score(reference, found)
    truth = COCO(
        {
            "images": [{"id": n, "width": 200, "height": 100} for n in range(1, 31)],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
            "annotations": reference.annotations(),
        }
    )
    rows = [
        {
            "image_id": n,
            "category_id": int(label) + 1,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "score": float(sure),
        }
        for n, own in enumerate(found, 1)
        for (x0, y0, x1, y1), sure, label in zip(own.boxes.tolist(), own.scores, own.classes, strict=True)
    ]
    theirs = COCOeval_faster(truth, truth.loadRes(rows), "bbox")
    theirs.run()
    numbers = [ours.ap, ours.ap50, ours.ap75, ours.by_size["small"], ours.by_size["medium"]]
    assert numbers == pytest.approx(theirs.stats[:5].tolist(), abs=1e-9)
    assert ours.ap == pytest.approx(sum(value or 0.0 for value in ours.by_category.values()) / 2)
    assert ours.by_size["large"] is None and 0.1 < (ours.ap or 0) < 0.9


def test_perfect_predictions_score_1_and_none_score_0() -> None:
    image = _image([(0, (10, 10, 40, 30)), (1, (80, 20, 20, 20))])
    found = _found((10, 10, 50, 40, 0.9, 0), (80, 20, 100, 40, 0.8, 1))
    perfect, nothing = score(_reference(image), [found]), score(_reference(image), [NONE])
    assert [perfect.ap, perfect.ap50, *perfect.by_category.values()] == pytest.approx([1.0] * 4)
    assert (nothing.ap, nothing.ap50, set(nothing.precision)) == (0.0, 0.0, {0.0})


def test_a_category_without_objects_counts_for_nothing() -> None:
    scores = score(_reference(_image([(0, (10, 10, 40, 30))])), [_found((10, 10, 50, 40, 0.9, 0))])
    assert scores.ap == pytest.approx(1.0)
    assert scores.by_category["dog"] is None


def test_an_object_without_a_label_is_no_fault() -> None:
    image = _image([(0, (10, 10, 40, 30))], (100, 50, 30, 30))
    found = _found((101, 51, 129, 79, 0.9, 0), (10, 10, 50, 40, 0.8, 0))
    assert score(_reference(image), [found]).ap == pytest.approx(1.0)
    objects = [((10.0, 10.0, 50.0, 40.0), 0), ((100.0, 50.0, 130.0, 80.0), -1)]
    assert faults_of(objects, found).number == 0


def test_faults_are_missed_and_wrong_objects() -> None:
    objects = [((0.0, 0.0, 10.0, 10.0), 0), ((50.0, 50.0, 60.0, 60.0), 1)]
    found = _found((0, 0, 10, 9, 0.9, 0), (0, 0, 10, 10, 0.8, 0), (50, 50, 60, 60, 0.7, 0))
    faults = faults_of(objects, found)
    assert faults.missed.tolist() == [False, True]
    assert faults.wrong.tolist() == [False, True, True]
    assert best_threshold([objects], [found]) == pytest.approx(0.9)


def test_doubles_are_left_out_within_a_class() -> None:
    found = _found(
        (0, 0, 10, 10, 0.9, 0), (0, 0, 10, 9, 0.8, 0), (0, 0, 10, 10, 0.7, 1), (20, 0, 30, 10, 0.6, 0)
    )
    assert found.without_doubles(0.6).scores.tolist() == [0.9, 0.7, 0.6]
    assert iou(found.boxes[:1], found.boxes)[0].tolist() == [1.0, 0.9, 1.0, 0.0]


def test_boxes_are_placed_in_the_image_that_was_scaled() -> None:
    placed = _found((10, 10, 60, 40, 0.9, 0)).placed(0.5, 100, 70)
    assert placed.boxes.tolist() == [[20.0, 20.0, 100.0, 70.0]]
