"""Images side by side, and text on them."""

import numpy as np
import pytest

from sim2coco.contactsheet import contact_sheet, shortened, text_width, write
from sim2coco.fonts import font_for


def filled(height: int, value: int) -> np.ndarray:
    return np.full((height, 8, 3), value, np.uint8)


def test_images_stand_in_rows_on_white() -> None:
    page = contact_sheet([filled(5, 10), filled(3, 20), filled(5, 30)], columns=2, gap_px=2)
    assert page.shape == (2 * 7, 2 * 10, 3)
    places = {10: page[:5, :8], 20: page[:3, 10:18], 30: page[7:12, :8]}
    for value, place in places.items():
        assert (place == value).all()
        place[:] = 255
    assert (page == 255).all()


def test_text_stands_on_its_baseline_and_is_as_wide_as_told() -> None:
    image = np.full((40, 200, 3), 255, np.uint8)
    write(image, "Häuser", (20, 30), (0, 0, 0))
    rows, columns = np.nonzero((image < 128).any(axis=2))
    assert rows.max() == 29
    assert 20 <= columns.min() <= columns.max() < 20 + text_width("Häuser")


def test_outlined_text_can_be_read_on_its_own_colour() -> None:
    image = np.full((40, 200, 3), 255, np.uint8)
    write(image, "duck", (20, 30), (255, 255, 255), outline=(0, 0, 0))
    assert (image < 64).any()


def drawn(text: str) -> bytes:
    image = np.full((40, 200, 3), 255, np.uint8)
    write(image, text, (20, 30), (0, 0, 0), outline=(0, 0, 0))
    return image.tobytes()


SCRIPTS = {
    "Latin": ("dűčk", "dűčh"),
    "Greek": ("κούπα", "κούπο"),
    "Cyrillic": ("утка", "утки"),
    "Japanese": ("アヒル", "アヒロ"),
    "Chinese": ("鸭子", "鸡子"),
    "Korean": ("오리", "오라"),
    "mixed": ("утка 鸭子 duck", "утка 鸡子 duck"),
}


@pytest.mark.parametrize("names", SCRIPTS.values(), ids=SCRIPTS)
def test_names_in_other_scripts_are_drawn_with_their_own_glyphs(names: tuple[str, str]) -> None:
    """Two names that differ in one letter look different, and unlike names of missing glyphs."""
    one, other = names
    missing = "".join(" " if letter == " " else "\uffff" for letter in one)
    assert len({drawn(one), drawn(other), drawn(missing)}) == 3
    for letter in one.replace(" ", ""):
        assert drawn(letter) != drawn("\uffff")
        assert drawn(letter) != drawn("?")


def test_a_name_that_no_font_has_is_drawn_all_the_same() -> None:
    assert drawn("\U0001347f\U0010ffff") != drawn("")
    assert font_for("\U0010ffff", 13).getlength("\U0010ffff") > 0


@pytest.mark.parametrize("text", ["a_rather_long_name_of_a_domino", "アヒルのおもちゃのおもちゃ", "x" * 500])
@pytest.mark.parametrize("keep_end", [False, True])
def test_long_names_end_in_an_ellipsis(text: str, keep_end: bool) -> None:
    shown = shortened(text, 80, bold=True, keep_end=keep_end)
    kept = shown.strip("…")
    assert shown == (f"…{kept}" if keep_end else f"{kept}…")
    assert text.endswith(kept) if keep_end else text.startswith(kept)
    assert 40 < text_width(shown, bold=True) <= 80
    assert shortened(text, 1e6) == text
