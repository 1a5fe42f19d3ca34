"""What stands below the pictures of a library's sheet."""

import numpy as np
import pytest

from sim2coco.cli.assets import _size
from sim2coco.library.sheet import BAND_PX, SIDE_PX, _cell

WHITE = np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8)


def ink(name: str, size: str = "") -> np.ndarray:
    """The pixels below a picture, their frame aside."""
    return _cell(WHITE, name, size)[SIDE_PX:-1, :-1]


def test_letters_with_accents_are_written_as_they_are() -> None:
    assert (ink("Käse ü") != ink("Kase u")).any()
    assert (ink("ä") != ink("ü")).any()
    assert (ink("ä") != ink("é")).any()


@pytest.mark.parametrize("text", ["m", "W" * 99, "1440 x 1970 x 926 mm  50 kg"])
def test_text_stays_in_its_cell(text: str) -> None:
    band = ink(text, text)
    assert band.shape == (BAND_PX - 1, SIDE_PX - 1, 3)
    assert band.min() < 128
    assert (band[:, -5:] == 255).all()
    assert (band[:, :5] == 255).all()
    assert (band[-2:] == 255).all()


def test_sizes_are_short() -> None:
    assert _size((0.926, 1.44, 1.97), 50.0) == "0.926 x 1.44 x 1.97 m  50 kg"
    assert _size((0.01, 0.0225, 0.1), 0.0123) == "10 x 22.5 x 100 mm  12.3 g"
