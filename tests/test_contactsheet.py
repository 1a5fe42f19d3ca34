"""Images side by side, and text on them."""

import numpy as np

from sim2coco.contactsheet import contact_sheet, text_width, write


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
