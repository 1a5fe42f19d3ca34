"""What a format cannot hold is told, or the export is refused before anything is written."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.reading import open_dataset
from sim2coco.export.bop import Bop
from sim2coco.export.coco import Coco
from sim2coco.export.exporting import export
from sim2coco.export.format import write_formats
from sim2coco.export.kitti import Kitti
from sim2coco.export.voc import Voc
from sim2coco.export.webdataset import sample
from sim2coco.export.yolo import Yolo
from sim2coco.store import LocalStore
from tests.cocosets import small
from tests.export.masks import INFO, images_of


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    """An image with three labels."""
    ids = np.zeros((10, 12), np.uint8)
    ids[2:4, 1:10] = np.repeat([1, 2, 3], 3)
    return images_of([ids], tmp_path / "made")[0]


def test_a_format_that_would_hold_nothing_is_refused(tmp_path: Path) -> None:
    small().write(tmp_path / "data/labels.json", tmp_path / "data/images")
    with pytest.raises(DataSetError, match=r"data: bop: nothing to write: no image has a camera, a scene"):
        export(open_dataset(tmp_path / "data"), [Coco(), Bop()], tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("task", ["segment", "obb"])
def test_outlines_of_boxes_are_told(
    image: LabelledImage, tmp_path: Path, task: str, caplog: pytest.LogCaptureFixture
) -> None:
    boxes = replace(image, labels=tuple(replace(label, counts=None) for label in image.labels))
    write_formats((Yolo.parse({"kind": "yolo", "task": task}),), LocalStore(tmp_path / "new"), INFO, [boxes])
    assert "yolo: 3 labels have no mask: their boxes are used as outlines" in caplog.text
    caplog.clear()
    write_formats((Yolo(task="detect"),), LocalStore(tmp_path / "other"), INFO, [boxes])
    assert not caplog.records


def test_boxes_outside_the_image_are_told(
    image: LabelledImage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, *others = image.labels
    moved = replace(image, labels=(replace(first, bbox=(50.0, 1.0, 3.0, 3.0)), *others))
    with caplog.at_level(logging.WARNING):
        write_formats((Voc(),), LocalStore(tmp_path / "new"), INFO, [moved])
    assert "voc: 1 labels are left out: their boxes are outside the image" in caplog.text


def test_kitti_keeps_categories_apart_and_takes_crowds_for_regions(
    image: LabelledImage, tmp_path: Path
) -> None:
    info = replace(INFO, categories=("small nut", "small_nut", "DontCare"))
    crowd = replace(image.labels[0], crowd=True)
    write_formats((Kitti(),), LocalStore(tmp_path), info, [replace(image, labels=(crowd, *image.labels))])
    rows = (tmp_path / "kitti/training/label_2/000000.txt").read_text().splitlines()
    assert sorted(row.partition(" ")[0] for row in rows) == [
        "DontCare",
        "DontCare_2",
        "small_nut",
        "small_nut_2",
    ]


def test_webdataset_keeps_keypoints(tmp_path: Path, image: LabelledImage) -> None:
    pointed = replace(image, labels=(replace(image.labels[0], keypoints=((1, 2, 2), (0, 0, 0))),))
    (entry,) = json.loads(json.dumps(sample(INFO, pointed)))["annotations"]
    assert (entry["keypoints"], entry["num_keypoints"]) == ([1, 2, 2, 0, 0, 0], 1)
