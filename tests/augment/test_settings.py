"""Augmentation settings: every file in conf/augment is valid, and errors are reported in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

import conf
from augment.pipeline import Augmenter
from augment.settings import AugmentSettings
from sim2coco.cli.config import settings_of
from tests.refusals import assert_refused

FILES = sorted((Path(conf.__path__[0]) / "augment").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_builds_and_lists_every_setting(path: Path) -> None:
    text, tree = path.read_text(), settings_of("augment", path.stem)
    settings = AugmentSettings.parse(tree)
    Augmenter(settings)
    assert list(tree) == list(AugmentSettings.model_fields)
    assert text.startswith("# ")
    assert text.splitlines()[0].endswith(".")
    assert AugmentSettings.parse(settings.model_dump(mode="json")) == settings


def test_no_augmentation_is_the_default() -> None:
    (none,) = (path for path in FILES if path.stem == "none")
    assert AugmentSettings.parse(yaml.safe_load(none.read_text())) == AugmentSettings()


@pytest.mark.parametrize("size_wh", [(64, 48), (128, 72), (48, 64), (50, 50)], ids=str)
def test_light_leaves_no_corner_empty(size_wh: tuple[int, int]) -> None:
    affine = settings_of("augment", "light")["geometry"]["affine"] | {"p": 1.0}
    transform = AugmentSettings.parse({"geometry": {"affine": affine}}).geometry["affine"].build()
    white = np.full((*size_wh[::-1], 3), 255, np.uint8)
    for seed in range(150):
        transform.set_random_seed(seed)
        assert transform(image=white)["image"].min() == 255


WRONG: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "name": (
        {"name": "HorizontalFlop", "p": 1.0},
        "geometry",
        ["'HorizontalFlop'", "did you mean 'HorizontalFlip'"],
    ),
    "no transform": ({"name": "Compose", "p": 1.0}, "geometry", ["unknown transform 'Compose'; allowed"]),
    "not in Albumentations": (
        {"name": "__file__", "p": 1.0},
        "pixels",
        ["unknown transform '__file__'; allowed"],
    ),
    "too slow": (
        {"name": "ElasticTransform", "p": 1.0},
        "geometry",
        ["unknown transform 'ElasticTransform'; allowed"],
    ),
    "other list": ({"name": "GaussNoise", "p": 1.0}, "geometry", ["'GaussNoise'", "belongs under pixels"]),
    "other list too": ({"name": "Affine", "p": 1.0}, "pixels", ["'Affine'", "belongs under geometry"]),
    "argument": (
        {"name": "Affine", "p": 1.0, "scal": 1.0},
        "geometry",
        ["'scal'", "Affine", "did you mean 'scale'"],
    ),
    "argument of none": (
        {"name": "D4", "p": 1.0, "scale": 1.0},
        "geometry",
        ["unknown argument 'scale'", "D4"],
    ),
    "no strict": (
        {"name": "RandomRotate90", "p": 1.0, "limit": 1},
        "geometry",
        ["unknown argument 'limit'", "RandomRotate90"],
    ),
    "self": ({"name": "Affine", "p": 1.0, "self": 1}, "geometry", ["unknown argument 'self'", "Affine"]),
    "strict": (
        {"name": "Affine", "p": 1.0, "strict": False},
        "geometry",
        ["unknown argument 'strict'", "Affine"],
    ),
    "value": (
        {"name": "Affine", "p": 1.0, "scale": "big"},
        "geometry",
        ["'scale'", "valid number", "Affine"],
    ),
    "range": (
        {"name": "ImageCompression", "p": 1.0, "quality_range": [90, 300]},
        "pixels",
        ["'quality_range'", "between 30 and 100"],
    ),
    "order": (
        {"name": "GaussNoise", "p": 1.0, "std_range": [0.5, 0.1]},
        "pixels",
        ["'std_range'", "less than the second", "GaussNoise"],
    ),
    "missing": ({"name": "Resize", "p": 1.0, "width": 9}, "geometry", ["'height'", "required", "Resize"]),
    "pair": (
        {"name": "Perspective", "p": 1.0, "scale": [0.1]},
        "geometry",
        ["'scale'", "required", "Perspective"],
    ),
    "repaired": (
        {"name": "MedianBlur", "p": 1.0, "blur_limit": 4},
        "pixels",
        ["blur_limit", "must be odd", "MedianBlur"],
    ),
    "nan": ({"name": "Affine", "p": 1.0, "rotate": [float("nan"), 1.0]}, "geometry", ["'rotate'", "finite"]),
    "infinite": ({"name": "Rotate", "p": 1.0, "limit": float("inf")}, "geometry", ["'limit'", "finite"]),
    "when run": (
        {"name": "CoarseDropout", "p": 1.0, "fill": [1, 2]},
        "pixels",
        ["number of channels", "CoarseDropout"],
    ),
    "empty image": (
        {"name": "RandomScale", "p": 0.1, "scale_limit": [-0.999, -0.999]},
        "geometry",
        ["RandomScale", "in function 'resize'"],
    ),
    "grayscale": ({"name": "ToGray", "p": 1.0, "num_output_channels": 1}, "pixels", ["colour", "ToGray"]),
    "soft masks": (
        {"name": "Affine", "p": 1.0, "mask_interpolation": 1},
        "geometry",
        ["'mask_interpolation' must be 0"],
    ),
    "averaged masks": (
        {"name": "RandomScale", "p": 1.0, "area_for_downscale": "image_mask"},
        "geometry",
        ["'area_for_downscale' must be null or \"image\""],
    ),
    "mirrored border": (
        {"name": "Rotate", "p": 1.0, "border_mode": 4},
        "geometry",
        ["'border_mode' must be 0"],
    ),
    "invented label": (
        {"name": "Pad", "p": 1.0, "padding": 1, "fill_mask": 1},
        "geometry",
        ["'fill_mask' must be 0"],
    ),
    "label under a hole": (
        {"name": "Erasing", "p": 1.0, "fill_mask": None},
        "pixels",
        ["'fill_mask' must be 0"],
    ),
    "too large a crop": (
        {"name": "RandomCrop", "p": 1.0, "height": 9, "width": 9, "pad_if_needed": False},
        "geometry",
        ["'pad_if_needed' must be true"],
    ),
}


@pytest.mark.parametrize(("transform", "group", "words"), WRONG.values(), ids=WRONG)
def test_errors_are_reported_in_one_line(transform: dict[str, Any], group: str, words: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        AugmentSettings.parse({group: {"it": transform}})
    (error,) = caught.value.errors()
    assert error["loc"] == (group, "it")
    for word in words:
        assert word.lower() in error["msg"].lower()
    assert "\n" not in error["msg"]


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ({"tries": 0}, "tries", "greater than or equal to 1"),
        ({"tries": 100}, "tries", "less than or equal to 99"),
        ({"copies": -1}, "copies", "greater than or equal to 0"),
        ({"copies": 100}, "copies", "less than or equal to 99"),
        ({"splits": "train"}, "splits", "valid array"),
        ({"geometry": []}, "geometry", "should be an object"),
        ({"flip": {}}, "flip", "Extra inputs"),
        ({"geometry": {"it": {"name": "D4", "p": 1.5}}}, "geometry.it.p", "less than or equal to 1"),
        ({"geometry": {"it": {"name": "D4", "p": "0.5"}}}, "geometry.it.p", "valid number"),
        ({"geometry": {"it": {"name": "D4"}}}, "geometry.it.p", "required"),
        ({"geometry": {"it": {"p": 0.5}}}, "geometry.it.name", "required"),
    ],
    ids=str,
)
def test_other_settings_are_checked_too(tree: dict[str, Any], where: str, why: str) -> None:
    assert_refused(AugmentSettings, tree, where, why)


def test_limited_arguments_may_be_given_with_an_allowed_value() -> None:
    tree = {"name": "Affine", "p": 1.0, "mask_interpolation": 0, "border_mode": 0, "fill_mask": 0}
    settings = AugmentSettings.parse({"geometry": {"it": tree}})
    assert settings.geometry["it"].arguments == {"mask_interpolation": 0, "border_mode": 0, "fill_mask": 0}


def test_transforms_keep_their_order() -> None:
    keys = ["z", "a", "m"]
    tree = {"geometry": {key: {"name": "D4", "p": 1.0} for key in keys}}
    assert list(AugmentSettings.parse(tree).geometry) == keys


def test_building_does_not_touch_global_random_numbers() -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002 (it is the global state that is watched)
    AugmentSettings.parse(settings_of("augment", FILES[-1].stem))
    assert repr(np.random.get_state(legacy=False)) == repr(before)  # noqa: NPY002
