"""Transforms that are known to be valid, so that checking them does not need to import Albumentations.

These are the transforms in `conf/augment/`. A test checks that this list and those files agree.
"""

import json
from typing import Any

TESTED: dict[str, list[dict[str, Any]]] = {
    "Affine": [
        {
            "scale": [1.15, 1.3],
            "keep_ratio": True,
            "rotate": [-3.0, 3.0],
            "translate_percent": [-0.03, 0.03],
            "fill": 114,
        },
        {
            "scale": [0.7, 1.4],
            "keep_ratio": True,
            "rotate": [-25.0, 25.0],
            "shear": [-8.0, 8.0],
            "translate_percent": [-0.1, 0.1],
            "fill": 114,
        },
    ],
    "CoarseDropout": [
        {
            "num_holes_range": [1, 6],
            "hole_height_range": [0.05, 0.15],
            "hole_width_range": [0.05, 0.15],
            "fill": "random_uniform",
        }
    ],
    "CropAndPad": [{"percent": [-0.15, 0.0], "keep_size": True}],
    "GaussNoise": [{"std_range": [0.01, 0.06]}],
    "GaussianBlur": [{"sigma_limit": [0.4, 1.0]}, {"sigma_limit": [0.5, 2.0]}],
    "HorizontalFlip": [{}],
    "HueSaturationValue": [
        {"hue_shift_limit": [-5, 5], "sat_shift_limit": [-20, 20], "val_shift_limit": [0, 0]},
        {"hue_shift_limit": [-12, 12], "sat_shift_limit": [-40, 40], "val_shift_limit": [0, 0]},
    ],
    "ImageCompression": [{"quality_range": [60, 95]}, {"quality_range": [30, 95]}],
    "MotionBlur": [{"blur_limit": [3, 9]}],
    "Perspective": [{"scale": [0.03, 0.1], "fill": 114}],
    "PlanckianJitter": [{}],
    "RandomBrightnessContrast": [
        {"brightness_limit": [-0.15, 0.15], "contrast_limit": [-0.15, 0.15]},
        {"brightness_limit": [-0.3, 0.3], "contrast_limit": [-0.3, 0.3]},
    ],
    "RandomShadow": [{}],
    "ToGray": [{}],
}
"""Valid sets of arguments of each transform, for any probability."""


def is_tested(name: str, arguments: dict[str, Any]) -> bool:
    """Whether a transform with these arguments is known to be valid.

    Values are compared as JSON strings, because `True` and 1 are equal but not the same argument.
    """
    return any(_written(known) == _written(arguments) for known in TESTED.get(name, ()))


def _written(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, default=repr)
