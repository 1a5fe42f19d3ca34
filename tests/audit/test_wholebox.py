"""The box of a whole body may differ where a part is thinner than a pixel, and nowhere else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sim2coco.audit.wholebox import worst_side


def block(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """A block of 20 x 20 px, with a needle of 0.01 px to x = 30, just above the centres of a row."""
    x, y = points.T
    needle = (x >= 20) & (x <= 30) & (np.abs(y - 10.49) <= 0.005)
    return np.asarray(((x >= 0) & (x < 20) & (y >= 0) & (y < 20)) | needle)


def on_centres(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The same, with the needle on the centres."""
    return block(points - [0.0, 0.01])


@pytest.mark.parametrize(
    ("told", "found", "off"),
    [
        ((0, 0, 30, 20), (0, 0, 20, 20), 0),  # the label has the needle, rays miss it
        ((0, 0, 25, 20), (0, 0, 20, 20), 0),
        ((0, 0, 35, 20), (0, 0, 20, 20), 15),  # longer than the needle
        ((-3, 0, 30, 20), (0, 0, 20, 20), 3),
        ((0, 0, 20, 23), (0, 0, 20, 20), 3),
        ((0, 2, 20, 20), (0, 0, 20, 20), 2),  # a part of the block is missing
        ((0, 0, 20, 20), (1, 0, 20, 20), 1),
    ],
)
def test_rays_that_miss_a_needle(told: tuple[int, ...], found: tuple[int, ...], off: int) -> None:
    assert worst_side(box(told), box(found), block) == off


@pytest.mark.parametrize(
    ("told", "off"), [((0, 0, 20, 20), 0), ((0, 0, 27, 20), 0), ((0, 0, 17, 20), 13), ((4, 0, 30, 20), 4)]
)
def test_a_label_that_misses_a_needle(told: tuple[int, ...], off: int) -> None:
    assert worst_side(box(told), (0, 0, 30, 20), on_centres) == off


def box(sides: tuple[int, ...]) -> tuple[int, int, int, int]:
    left, top, right, bottom = sides
    return left, top, right, bottom
