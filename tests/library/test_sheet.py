"""What stands below the pictures of a library's sheet."""

import numpy as np
import pytest

from sim2coco.cli.assets import _size
from sim2coco.contactsheet import LINE_PX, MARGIN_PX, Image, caption_width, captioned, shortened, wrapped
from sim2coco.library.sheet import SIDE_PX

WHITE = np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8)
BLACK = (0, 0, 0)


def ink(*lines: str, room: int = 0) -> Image:
    """The pixels below a picture."""
    return captioned(WHITE, lines, [BLACK] * len(lines), room)[SIDE_PX:]


def test_letters_with_accents_are_written_as_they_are() -> None:
    assert (ink("Käse ü") != ink("Kase u")).any()
    assert (ink("ä") != ink("ü")).any()
    assert (ink("ä") != ink("é")).any()


@pytest.mark.parametrize("text", ["m", "W" * 99, "1440 x 1970 x 926 mm  50 kg", "gÄ"])
def test_text_stays_in_its_band(text: str) -> None:
    width_px = caption_width(SIDE_PX)
    band = ink(shortened(text, width_px), shortened(text, width_px), room=3)
    assert band.shape == (3 * LINE_PX + MARGIN_PX, SIDE_PX, 3)
    assert band.min() < 128
    assert (band[:, -5:] == 255).all()
    assert (band[:, :5] == 255).all()
    assert (band[-2:] == 255).all()


def test_sizes_are_short() -> None:
    texts = [_size((0.926, 1.44, 1.97), 50.0), _size((0.01, 0.0225, 0.1), 0.0123)]
    assert [text.replace("\u00a0", " ") for text in texts] == [
        *("0.926 x 1.44 x 1.97 m  50 kg", "10 x 22.5 x 100 mm  12.3 g")
    ]


def test_a_long_size_takes_a_second_line_and_loses_no_number() -> None:
    lines = wrapped(_size((0.123, 0.123, 0.123), 0.123), caption_width(SIDE_PX))
    assert len(lines) == 2
    assert [line.replace("\u00a0", " ").strip() for line in lines] == ["123 x 123 x 123 mm", "123 g"]
    assert len(wrapped(_size((0.01, 0.02, 0.03), 0.01), caption_width(SIDE_PX))) == 1
