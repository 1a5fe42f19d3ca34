"""Transforms that change no label do not move the image: edges of known shapes, before and after."""

import inspect
import re
from pathlib import Path
from typing import Any

import albumentations as A  # noqa: N812 (its documentation uses this name)
import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from augment.allowed import BOUNDS, MOVING, PIXELS
from augment.settings import AugmentSettings, Pixels
from benchmarks.shifts import STRONG, cases, movement, picture, shift_of

DOCS = Path(__file__).parents[2] / "docs"
ALLOWED_PX = 0.25
ROW = re.compile(r"^\| (\w+) \| ([\w=]+)(?:, ids cleared)? \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
ROWS = ROW.findall((DOCS / "augmentation.md").read_text())
TOLD = {(name, case): (float(mean), float(worst)) for name, case, mean, worst in ROWS}


def test_the_docs_list_what_is_measured() -> None:
    assert set(TOLD) == {(name, case) for name in PIXELS for case, _ in cases(name)}, "run make docs"
    assert set(STRONG) <= set(PIXELS)


@pytest.mark.parametrize("name", PIXELS)
def test_no_pixel_transform_moves_the_image(name: str) -> None:
    for case, arguments in cases(name):
        found = shift_of(name, arguments)
        assert found.mean_px <= ALLOWED_PX, case
        assert (found.mean_px, found.worst_px) == pytest.approx(TOLD[name, case], abs=0.03), "run make docs"


def moved(before_to_after: Any, size_wh: tuple[int, int] = (333, 251)) -> float:
    image, corners = picture(*size_wh)
    return movement(before_to_after(image), corners)


@pytest.mark.parametrize("size_wh", [(333, 251), (251, 333), (640, 480)])
@pytest.mark.parametrize(("x_px", "y_px"), [(0.0, 0.0), (1.0, 0.0), (0.0, -0.5), (0.3, 0.4), (-3.0, 4.0)])
def test_the_measure_finds_a_translation(size_wh: tuple[int, int], x_px: float, y_px: float) -> None:
    def shifted(image: Any) -> Any:
        matrix = np.array([[1.0, 0.0, x_px], [0.0, 1.0, y_px]])
        return cv2.warpAffine(image, matrix, size_wh, borderMode=cv2.BORDER_REPLICATE)

    assert moved(shifted, size_wh) == pytest.approx(np.hypot(x_px, y_px), abs=0.15)


def test_the_measure_finds_a_zoom_and_a_growth_but_no_change_of_tone() -> None:
    zoom = cv2.getRotationMatrix2D((166.0, 125.0), 0.0, 1.03)
    assert moved(lambda image: cv2.warpAffine(image, zoom, (333, 251))) > 1.5
    assert moved(lambda image: cv2.dilate(image, np.ones((3, 3), np.uint8))) > 0.5
    assert moved(lambda image: 255 - image) == 0.0
    assert moved(lambda image: (255.0 * (image / 255.0) ** 2.2).astype(np.uint8)) == 0.0


# What Albumentations does with arguments that are refused here; each would pass without the limits.
WORSE: dict[str, dict[str, Any]] = {
    "MotionBlur": {},
    "Downscale": {"scale_range": (0.3, 0.6)},
    "Emboss": {},
    "ZoomBlur": {},
    "AdvancedBlur": {"blur_limit": (21, 21), "sigma_x_limit": (5, 5), "noise_limit": (0.0, 3.0)},
    "Sharpen": {"alpha": (0.5, 0.5), "method": "gaussian"},
}


@pytest.mark.parametrize("name", WORSE)
def test_the_measure_finds_the_transforms_that_move_the_image(name: str) -> None:
    image, corners = picture(333, 251)
    transform = getattr(A, name)(**WORSE[name], p=1.0)
    found = []
    for draw in range(6):
        transform.set_random_seed(draw)
        found.append(movement(transform(image=image)["image"], corners))
    assert np.mean(found) > ALLOWED_PX


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "zoom": ({"name": "ZoomBlur"}, "ZoomBlur moves the image but not the labels"),
    "emboss": ({"name": "Emboss"}, "use Sharpen"),
    "fringes": ({"name": "ChromaticAberration"}, "moves the image but not the labels: red and blue"),
    "to one side": ({"name": "MotionBlur", "direction_range": [0, 1]}, "'direction_range' must be [0, 0]"),
    "shifted": ({"name": "MotionBlur", "allow_shifted": True}, "'allow_shifted' must be false"),
    "single pixels": (
        {"name": "Downscale", "interpolation_pair": {"downscale": 0, "upscale": 0}},
        "'interpolation_pair' must be",
    ),
    "noise": ({"name": "AdvancedBlur", "noise_limit": [0.5, 1.25]}, "must be between 0.75 and 1.25"),
    "one number": ({"name": "Sharpen", "alpha": 0.6}, "'alpha' must be between 0.0 and 0.5"),
    "blocks": ({"name": "ImageCompression", "quality_range": [1, 90]}, "must be between 30 and 100"),
    "sizes": ({"name": "Downscale", "scale_range": [0.1, 0.5]}, "'scale_range' must be between 0.25 and 1.0"),
    "halo": ({"name": "Sharpen", "method": "gaussian"}, "'method' must be \"kernel\""),
}


@pytest.mark.parametrize(("transform", "words"), REFUSED.values(), ids=REFUSED)
def test_what_moves_the_image_is_refused_in_one_line(transform: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AugmentSettings.parse({"pixels": {"it": {"p": 1.0, **transform}}})
    (error,) = caught.value.errors()
    assert words in error["msg"]
    assert "\n" not in error["msg"]


def test_limits_are_those_of_transforms_that_exist() -> None:
    assert not set(MOVING) & set(PIXELS)
    for key in BOUNDS:
        name, _, argument = key.partition(".")
        assert argument in inspect.signature(getattr(A, name).__init__).parameters


@pytest.mark.parametrize("size_wh", [(7, 5), (31, 64), (129, 97)])
@pytest.mark.parametrize("scale", [0.25, 0.3, 0.61, 0.9])
def test_downscaling_keeps_the_centre_of_an_object(size_wh: tuple[int, int], scale: float) -> None:
    """A symmetric image stays symmetric: nothing moves to the right or down."""
    width, height = size_wh
    image = np.zeros((height, width, 3), np.uint8)
    image[height // 3 : height - height // 3, width // 3 : width - width // 3] = 200
    down = Pixels.parse({"name": "Downscale", "p": 1.0, "scale_range": [scale, scale]}).build()
    after = down(image=image)["image"].astype(int)
    assert after.shape == image.shape
    assert np.abs(after - after[::-1, ::-1]).max() <= 2
