"""Run lengths, boxes and areas of masks, and decoding them again."""

from io import BytesIO
from typing import Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from scenes.camera import ImageSettings
from sim2coco.codec import encode
from sim2coco.labels import run_lengths

FORMATS: tuple[Literal["png", "jpg"], ...] = ("png", "jpg")
RNG = np.random.Generator(np.random.PCG64(0))


def rectangle(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.bool_]:
    mask = np.zeros((40, 60), np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


MASKS = {
    "nothing": rectangle(0, 0, 0, 0),
    "everything": rectangle(0, 0, 60, 40),
    "first pixel": rectangle(0, 0, 1, 1),
    "last pixel": rectangle(59, 39, 60, 40),
    "a column": rectangle(7, 0, 8, 40),
    "a row": rectangle(0, 7, 60, 8),
    "two parts": rectangle(3, 3, 9, 9) | rectangle(30, 20, 50, 39),
    "noise": RNG.random((40, 60)) < 0.5,
}


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_unchanged_after_encoding_and_decoding(name: str) -> None:
    mask = MASKS[name]
    counts, area, (x, y, width, height) = run_lengths(mask)
    assert counts.encode() == coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    again = coco_mask.decode({"size": [40, 60], "counts": counts.encode()})
    np.testing.assert_array_equal(again, mask)
    assert area == mask.sum()
    if area:
        rows, columns = np.nonzero(mask)
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("name", MASKS)
def test_a_crop_gives_the_same_as_the_whole_image(name: str) -> None:
    mask = np.pad(MASKS[name], ((3, 0), (0, 5)))
    assert run_lengths(mask[3:, :60], (0, 3), mask.shape) == run_lengths(mask)


def test_png_is_lossless_and_jpeg_nearly() -> None:
    noise = RNG.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)
    png, jpg = (
        np.asarray(Image.open(BytesIO(encode(smooth, ImageSettings(format=kind))))) for kind in FORMATS
    )
    np.testing.assert_array_equal(png, smooth)
    assert np.abs(jpg.astype(int) - smooth).mean() < 2
