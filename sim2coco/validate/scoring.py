"""Average precision, computed with pycocotools."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.validate.data import IGNORED
from sim2coco.validate.found import Found, Numbers

MOST = 100
"""Maximum number of detections per image; those with the highest scores count."""
SIZES = ("all", "small", "medium", "large")
"""COCO's object sizes: all, area below 32² px, from 32² to 96² px, and above 96² px."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Average precisions from 0 to 1; None where the reference has no objects.

    Attributes:
        ap: Mean AP over categories and over IoU thresholds from 0.5 to 0.95.
        ap50: Mean AP at IoU 0.5.
        ap75: Mean AP at IoU 0.75.
        by_size: Mean AP of small, medium and large objects.
        by_category: AP of each category.
        by_category50: AP of each category at IoU 0.5.
        precision: Precision at recalls 0, 0.01, ..., 1 and IoU 0.5, averaged over categories.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None
    by_size: dict[str, float | None]
    by_category: dict[str, float | None]
    by_category50: dict[str, float | None]
    precision: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The ground truth.

    Attributes:
        images: The test images.
        classes: For each category of the test images, its class as an index into `names`; None if the
            category is not compared.
        names: Class names.
    """

    images: tuple[LabelledImage, ...]
    classes: tuple[int | None, ...]
    names: tuple[str, ...]

    def annotations(self) -> list[dict[str, Any]]:
        """Returns COCO annotations; visible unlabelled objects become crowds, i.e. ignored regions."""
        found: list[dict[str, Any]] = []
        for number, image in enumerate(self.images, 1):
            for label in image.labels:
                category = self.classes[label.category]
                if category is not None:
                    found.append(_annotation(number, category, label.bbox, label.area, label.crowd))
            for ignored in image.ignored or ():
                category = self.classes[ignored.category]
                if category is not None:
                    area = ignored.bbox[2] * ignored.bbox[3]
                    found.append(_annotation(number, category, ignored.bbox, area, True))
        return [entry | {"id": rank} for rank, entry in enumerate(found, 1)]


def _annotation(
    image: int, category: int, bbox: tuple[float, float, float, float], area: float, crowd: bool
) -> dict[str, Any]:
    """A COCO annotation without id."""
    assert category != IGNORED
    numbers = {"image_id": image, "category_id": category + 1}
    return numbers | {"bbox": list(bbox), "area": area, "iscrowd": int(crowd)}


def score(reference: Reference, found: Sequence[Found]) -> Scores:
    """Computes the average precision of detections.

    Args:
        reference: The ground truth.
        found: The detections in each image, in pixels of the image file.
    """
    with redirect_stdout(io.StringIO()):
        truth = _coco(reference)
        rows = _rows(found)
        evaluation = COCOeval(truth, truth.loadRes(rows) if len(rows) else _nothing(truth), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return _scores(evaluation.eval["precision"], reference.names)


def _coco(reference: Reference) -> COCO:
    truth = COCO()
    sizes = enumerate(reference.images, 1)
    truth.dataset = {
        "info": {},
        "images": [{"id": number, "width": image.width, "height": image.height} for number, image in sizes],
        "categories": [{"id": rank, "name": name} for rank, name in enumerate(reference.names, 1)],
        "annotations": reference.annotations(),
    }
    truth.createIndex()
    return truth


def _nothing(truth: COCO) -> COCO:
    """A COCO results object without detections, because pycocotools cannot load an empty list."""
    nothing = COCO()
    nothing.dataset = truth.dataset | {"annotations": []}
    nothing.createIndex()
    return nothing


def _rows(found: Sequence[Found]) -> Numbers:
    """Converts detections to rows (n, 7): image, x, y, width, height, score, category."""
    rows = []
    for number, own in enumerate(found, 1):
        sides = own.boxes[:, 2:] - own.boxes[:, :2]
        image = np.full((len(own), 1), number)
        rows.append(
            np.hstack((image, own.boxes[:, :2], sides, own.scores[:, None], own.classes[:, None] + 1))
        )
    return np.concatenate(rows) if rows else np.zeros((0, 7))


def _scores(precision: Numbers, names: Sequence[str]) -> Scores:
    """Averages COCO's precision array, with axes IoU, recall, category, size and maximum detections."""
    last = precision[..., -1]
    at50 = last[0, :, :, 0]
    known = at50[:, (at50 > -1).all(0)]
    curve = known.mean(1) if known.size else np.zeros(len(at50))
    return Scores(
        _mean(last[..., 0]),
        _mean(at50),
        _mean(last[5, :, :, 0]),
        {name: _mean(last[..., rank]) for rank, name in enumerate(SIZES) if rank},
        {name: _mean(last[:, :, rank, 0]) for rank, name in enumerate(names)},
        {name: _mean(at50[:, rank]) for rank, name in enumerate(names)},
        tuple(float(value) for value in curve),
    )


def _mean(values: Numbers) -> float | None:
    known = values[values > -1]
    return float(known.mean()) if known.size else None
