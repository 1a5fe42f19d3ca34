"""Detectors in ONNX files, in the two forms that Ultralytics exports."""

from pathlib import Path

import numpy as np
import pytest

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.png import png
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.onnx import run_onnx
from sim2coco.validate.scoring import Reference
from tests.validate.onnxfile import constant_detector

SIDE_PX = 64
NAMES = ("square", "disc")
"""The classes of the detector: not in the order of the reference."""


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    """One image of 128x96 pixels."""
    (tmp_path / "a.png").write_bytes(png(np.zeros((96, 128, 3), np.uint8)))
    image = LabelledImage("val", "a.png", tmp_path / "a.png", 128, 96, ())
    return Reference((image,), (0, 1), ("disc", "square"))


def _file(tmp_path: Path, rows: list[list[float]]) -> Path:
    (tmp_path / "m.onnx").write_bytes(constant_detector(np.array(rows, np.float32), SIDE_PX))
    return tmp_path / "m.onnx"


def test_boxes_with_one_score_for_each_class(reference: Reference, tmp_path: Path) -> None:
    # Columns are objects: a disc, the same one a little moved, and a square that reaches below the image.
    rows: list[list[float]] = [
        [20, 21, 40],
        [20, 20, 40],
        [10, 10, 8],
        [12, 12, 20],
        [0.1, 0.1, 0.7],
        [0.9, 0.6, 0.2],
    ]
    (found,) = run_onnx(_file(tmp_path, rows), reference, NAMES, SIDE_PX)
    assert found.classes.tolist() == [0, 1]
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])
    assert found.boxes.tolist() == [[30.0, 28.0, 50.0, 52.0], [72.0, 60.0, 88.0, 96.0]]


def test_boxes_without_doubles_inside_the_model(reference: Reference, tmp_path: Path) -> None:
    rows: list[list[float]] = [[10, 10, 20, 20, 0.8, 0], [0, 0, 5, 5, 0.9, 1], [0, 0, 0, 0, 0, 0]]
    (found,) = run_onnx(_file(tmp_path, rows), reference, NAMES, SIDE_PX)
    assert found.classes.tolist() == [0, 1]
    assert found.boxes.tolist() == [[0.0, 0.0, 10.0, 10.0], [20.0, 20.0, 40.0, 40.0]]


def test_classes_that_the_reference_lacks_do_not_count(reference: Reference, tmp_path: Path) -> None:
    rows: list[list[float]] = [[10, 10, 20, 20, 0.8, 0], [0, 0, 5, 5, 0.9, 1]]
    (found,) = run_onnx(_file(tmp_path, rows), reference, ("disc", "person"), SIDE_PX)
    assert found.scores.tolist() == pytest.approx([0.8])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[0.0] * 5] * 7, "the output of .* is 1x7x5; expected 1x6xN for 2 classes, or 1xNx6"),
        ([[0, 0, 5, 5, 0.9, 3]], "more than 2 classes"),
    ],
    ids=["another shape", "another class"],
)
def test_another_output_is_told(
    rows: list[list[float]], told: str, reference: Reference, tmp_path: Path
) -> None:
    with pytest.raises(ValidateError, match=told):
        run_onnx(_file(tmp_path, rows), reference, NAMES, SIDE_PX)


def test_another_size_of_the_input_is_told(reference: Reference, tmp_path: Path) -> None:
    with pytest.raises(ValidateError, match=r"cannot run .*m.onnx on 32 px; set another --input"):
        run_onnx(_file(tmp_path, [[10, 10, 20, 20, 0.8, 0]]), reference, NAMES, 32)
