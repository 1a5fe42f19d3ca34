"""Images and boxes at the size of the detector."""

from pathlib import Path

import numpy as np
import pytest

from sim2coco.datasets.labelled import IgnoredObject, Label, LabelledImage
from sim2coco.png import png
from sim2coco.validate.data import GREY, IGNORED, Canvas, canvas_for, photographs, read_examples
from sim2coco.validate.errors import ValidateError


@pytest.mark.parametrize(
    ("sizes", "long_px", "canvas"),
    [
        ([(640, 480)], 320, (320, 320, 256)),
        ([(640, 480), (480, 640)], 320, (320, 320, 320)),
        ([(64, 48), (30, 20)], 320, (64, 64, 64)),
        ([(5000, 3)], 320, (320, 320, 32)),
    ],
    ids=["one size", "both ways up", "never enlarged beyond the largest", "a strip"],
)
def test_the_canvas_holds_all_images(
    sizes: list[tuple[int, int]], long_px: int, canvas: tuple[int, int, int]
) -> None:
    assert canvas_for(sizes, long_px) == Canvas(*canvas)


def test_images_and_boxes_are_scaled_alike(tmp_path: Path) -> None:
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[20:40, 40:60] = 255
    (tmp_path / "a.png").write_bytes(png(pixels))
    labels = (
        Label(1, (40, 20, 20, 20), 400, None),
        Label(0, (0, 0, 8, 8), 64, None),
        Label(1, (0, 0, 80, 60), 4800, None, crowd=True),
        Label(1, (5, 5, 0, 3), 0, None),
    )
    ignored = (IgnoredObject(1, (8, 8, 4, 4), "too_small"), IgnoredObject(0, (8, 8, 4, 4), "too_small"))
    image = LabelledImage("train", "a.png", tmp_path / "a.png", 80, 60, labels, ignored)
    told: list[int] = []
    examples = read_examples([image], (None, 0), Canvas(40, 64, 32), told.append)
    assert examples.pixels.shape == (1, 32, 64, 3)
    assert examples.boxes[0].tolist() == [[20, 10, 30, 20], [0, 0, 40, 30], [4, 4, 6, 6]]
    assert examples.classes[0].tolist() == [0, IGNORED, IGNORED]
    assert (examples.pixels[0, 10:20, 20:30] == 255).all() and examples.pixels[0, :9].max() == GREY
    assert (examples.pixels[0, 30:] == GREY).all() and (examples.pixels[0, :, 40:] == GREY).all()
    assert told == [1]


def test_photographs_are_all_images_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/x.PNG", "a.png"):
        (tmp_path / name).write_bytes(png(np.zeros((4, 6, 3), np.uint8)))
    (tmp_path / "notes.txt").write_text("none")
    found = photographs(tmp_path)
    assert [(image.name, image.width, image.height, image.labels) for image in found] == [
        ("a.png", 6, 4, ()),
        ("x.PNG", 6, 4, ()),
    ]
    (tmp_path / "c.jpg").write_text("none")
    with pytest.raises(ValidateError, match=r"--negatives: .*c\.jpg: cannot be read as an image"):
        photographs(tmp_path)
