"""Labels that are drawn over images."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.contactsheet import LINE_PX
from sim2coco.datasets.labelled import Amodal, Label, LabelledImage
from sim2coco.review.names import Name, write_names
from sim2coco.review.overlay import ALL, Style, overlay, sheet

WIDTH, HEIGHT = 320, 240
BOX = 80.0, 100.0, 60.0, 40.0
"""Box of the only object, in a cell of 320 x 240 pixels."""


def labelled(times: int) -> LabelledImage:
    """An image `times` as wide and high as the cell, with one object whose right half is hidden."""
    x, y, width, height = (int(value) * times for value in BOX)
    amodal = np.zeros((HEIGHT * times, WIDTH * times), np.uint8, order="F")
    amodal[y : y + height, x : x + 2 * width] = 1
    visible = np.zeros_like(amodal)
    visible[y : y + height, x : x + width] = 1
    counts, amodal_counts = (coco_mask.encode(mask)["counts"].decode() for mask in (visible, amodal))
    area = int(visible.sum())
    hidden = Amodal(amodal_counts, 2 * area, (x, y, 2 * width, height))
    label = Label(0, (x, y, width, height), area, counts, amodal=hidden)
    return LabelledImage("train", "a.png", Path("a.png"), WIDTH * times, HEIGHT * times, (label,))


def drawn(times: int, name: str = "gear", style: Style = ALL) -> NDArray[np.uint8]:
    grey = np.full((HEIGHT * times, WIDTH * times, 3), 128, np.uint8)
    return overlay(grey, labelled(times), (name,), WIDTH, style)


@pytest.mark.parametrize("times", [2, 4, 8])
def test_lines_and_names_in_a_cell_do_not_depend_on_the_size_of_the_image(times: int) -> None:
    small, large = drawn(1).astype(int), drawn(times).astype(int)
    assert small.shape == large.shape == (HEIGHT, WIDTH, 3)
    assert (np.abs(small - large).max(axis=2) > 8).mean() < 1e-3
    plain = drawn(times, style=Style(boxes=False))
    rows, _ = np.nonzero((large != plain).any(axis=2)[: int(BOX[1]) - 1])
    assert 8 <= rows.max() - rows.min() <= 20  # the height of the name, in pixels of the cell


def test_the_hidden_part_is_outlined_with_dashes() -> None:
    outlined = drawn(1, style=Style(tint=False, boxes=False))
    changed = (outlined != 128).any(axis=2)
    x, y, width, height = map(int, BOX)
    visible = changed[y, x : x + width]
    hidden = changed[y, x + width + 1 : x + 2 * width]
    assert visible.all()
    assert 0.3 < hidden.mean() < 0.7
    changed[y : y + height, x : x + 2 * width] = False
    assert not changed.any()


def test_a_long_name_stays_near_its_box() -> None:
    named, plain = drawn(1, "a_rather_long_name_" * 5), drawn(1, style=Style(boxes=False))
    _, columns = np.nonzero((named != plain).any(axis=2)[: int(BOX[1]) - 1])
    assert columns.min() >= BOX[0] - 2
    assert columns.max() <= BOX[0] + 0.3 * WIDTH + 3


def test_names_of_neighbours_do_not_hide_each_other() -> None:
    """What is drawn of two names together is what is drawn of each alone, somewhere in the image."""
    boxes = [
        (40.0, 40.0, 90.0, 80.0),
        (42.0, 42.0, 92.0, 82.0),
        (44.0, 38.0, 96.0, 84.0),
        (30.0, 36.0, 80.0, 70.0),
    ]
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255)]

    def inked(image: NDArray[np.uint8], color: tuple[int, int, int]) -> int:
        return int((image == color).all(axis=2).sum())

    together = np.full((120, 200, 3), 128, np.uint8)
    write_names(together, [Name("gear", box, color) for box, color in zip(boxes, colors, strict=True)])
    for box, color in zip(boxes, colors, strict=True):
        alone = np.full((120, 200, 3), 128, np.uint8)
        write_names(alone, [Name("gear", box, color)])
        assert inked(together, color) == inked(alone, color) > 20


def test_a_name_without_room_is_left_out() -> None:
    image = np.full((20, 60, 3), 128, np.uint8)
    names = [Name("gear", (0.0, 0.0, 60.0, 20.0), color) for color in ((255, 0, 0), (0, 255, 0))]
    write_names(image, names)
    assert (image == (255, 0, 0)).all(axis=2).any()
    assert not (image == (0, 255, 0)).all(axis=2).any()


@pytest.mark.parametrize(
    "box", [(-50.0, -50.0, -10.0, -10.0), (190.0, 110.0, 400.0, 400.0), (0.0, 0.0, 200.0, 120.0)]
)
def test_names_stay_in_the_image(box: tuple[float, float, float, float]) -> None:
    """Beyond the edges of the image a name would be cut off."""
    image, free = (np.full((120, 200, 3), 128, np.uint8) for _ in range(2))
    write_names(image, [Name("gear", box, (255, 0, 0))])
    write_names(free, [Name("gear", (60.0, 60.0, 90.0, 90.0), (255, 0, 0))])
    assert (image != 128).any(axis=2).sum() == (free != 128).any(axis=2).sum()


def test_a_title_is_written_below_the_image_whole() -> None:
    cells = [np.full((60, 200, 3), 128, np.uint8) for _ in range(2)]
    page = sheet(cells, 2, ["s000000_v00.jpg (no objects, on purpose)", "s.jpg"])
    assert (page[:60, :200] == 128).all()
    below = page[60:, :200]
    assert len(below) >= 2 * LINE_PX
    assert all((rows < 64).any() for rows in (below[:LINE_PX], below[LINE_PX : 2 * LINE_PX]))
