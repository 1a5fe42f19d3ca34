"""Adjusts settings so that the images of the next trial are closer to a data set.

Each quantity is controlled by one setting. The range of this setting is shifted by the remaining difference
in the mean of the quantity, and widened by the remaining difference in its variance. A uniform distribution
on [a, b] has mean (a + b)/2 and variance (b - a)²/12.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.matching.observed import Observed

Array = NDArray[np.float64]
Tree = dict[str, Any]
GAMMA = 2.2
"""Approximate gamma of sRGB: one stop of light changes the luma by the factor 2^(1/2.2)."""
MAX_FILL = 1.5
"""Maximum `camera.fill`; to enlarge boxes even more, objects are brought closer together."""
MIN_SPREAD = 0.3
MAX_OBJECTS = 150
MAX_EMPTY = 0.9
CONTRAST = "matched_contrast"
"""Name of the transform that changes the contrast."""
MAX_CONTRAST = 4.0


def size_of(tree: Tree, real: Observed) -> Tree:
    """Sets the image size to the most frequent image size of a data set."""
    width, height = real.size
    return {**tree, "image": {**tree["image"], "width": width, "height": height}}


def follow(tree: Tree, real: Observed, trial: Observed, step: float = 1.0) -> Tree:
    """Computes the settings of the next trial.

    Args:
        tree: The settings of this trial, as JSON values of a `Recipe`.
        real: The data set to resemble.
        trial: The measured images of this trial.
        step: Fraction of the remaining difference by which ranges are shifted and widened. It does not apply
            to the number of objects, which is computed directly from the data set.
    """
    tree = deepcopy(tree)
    if "num_objects" in tree["scene"]:
        _follow_objects(tree["scene"], real.values.of("objects"), trial.values.of("objects"))
    if tree["camera"].get("fill") and not tree["camera"].get("distance_m"):
        _follow_size(tree, real.values.of("box_size"), trial.values.of("box_size"), step)
    if "exposure_ev" in tree["light"]:
        _follow_brightness(tree["light"], real.values.of("brightness"), trial.values.of("brightness"), step)
    if tree["augment"]["splits"]:
        _follow_contrast(tree["augment"], real.values.of("contrast"), trial.values.of("contrast"), step)
    return tree


def _follow_objects(scene: Tree, real: Array, trial: Array) -> None:
    """Sets `empty_share`, the fraction of images without labels, and `num_objects`.

    Args:
        scene: The scene settings; modified in place.
        real: (n,) number of labels in each image of the data set.
        trial: (m,) number of labels in each image of the trial.
    """
    if "empty_share" in scene and len(real):
        scene["empty_share"] = round(min(float((real == 0).mean()), MAX_EMPTY), 3)
    real, trial = real[real > 0], trial[trial > 0]
    if not len(real) or not len(trial) or scene.get("density_m2") is not None:
        return  # the density replaces the number of objects
    low, high = scene["num_objects"]
    seen_share = float(trial.mean()) / max((low + high) / 2, 0.5)
    wanted = real / max(seen_share, 0.1)
    # The uniform distribution on n consecutive integers has the variance (n² - 1) / 12.
    middle, half = float(wanted.mean()), float(np.sqrt(12 * wanted.var() + 1) - 1) / 2
    bounds = (round(middle - half), round(middle + half))
    scene["num_objects"] = [int(np.clip(bound, 1, MAX_OBJECTS)) for bound in bounds]


def _follow_size(tree: Tree, real: Array, trial: Array, step: float) -> None:
    """Adjusts `camera.fill` to the wanted box sizes; beyond `MAX_FILL`, also reduces `scene.spread`."""
    if not len(real) or not len(trial):
        return
    low, high = _moved(tree["camera"]["fill"], np.log2(real), np.log2(trial), step)
    excess = max(high / MAX_FILL, 1.0)
    tree["camera"]["fill"] = _rounded(low / excess, high / excess)
    spread = tree["scene"].get("spread")
    if excess > 1 and isinstance(spread, list):
        tree["scene"]["spread"] = _rounded(*(max(bound / excess, MIN_SPREAD) for bound in spread))


def _follow_brightness(light: Tree, real: Array, trial: Array, step: float) -> None:
    if not len(real) or not len(trial):
        return
    bounds = [2**ev for ev in light["exposure_ev"]]
    stops, trial_stops = (GAMMA * np.log2(np.maximum(values, 1)) for values in (real, trial))
    moved = _moved(bounds, stops, trial_stops, step)
    light["exposure_ev"] = [round(float(np.clip(np.log2(bound), -4, 4)), 2) for bound in moved]


def _follow_contrast(augment: Tree, real: Array, trial: Array, step: float) -> None:
    """Sets the augmentation that changes the contrast of images, as a camera's tone curve does."""
    if not len(real) or not len(trial):
        return
    before = augment["pixels"].get(CONTRAST, {}).get("contrast", [1.0, 1.0])
    logs, trial_logs = (np.log2(np.maximum(values, 1)) for values in (real, trial))
    low, high = _moved(before, logs, trial_logs, step)
    factor = [max(low, 1 / MAX_CONTRAST), min(high, MAX_CONTRAST)]
    same = {"brightness": [1.0, 1.0], "saturation": [1.0, 1.0], "hue": [0.0, 0.0]}
    augment["pixels"][CONTRAST] = {"name": "ColorJitter", "p": 1.0, "contrast": _rounded(*factor), **same}


def _moved(bounds: list[float], real: Array, trial: Array, step: float) -> tuple[float, float]:
    """Adjusts a uniform range of factors so that the mean and variance of `trial` approach those of `real`.

    Args:
        bounds: The range.
        real: (n,), log2 of the values in the data set.
        trial: (m,), log2 of the values in a trial that used the range.
        step: Fraction of the differences in mean and variance that is corrected.
    """
    low, high = (float(np.log2(max(bound, 1e-6))) for bound in bounds)
    middle = (low + high) / 2 + step * float(real.mean() - trial.mean())
    variance = (high - low) ** 2 / 12 + step * float(real.var() - trial.var())
    half = float(np.sqrt(3 * max(variance, 0.0)))
    return 2 ** (middle - half), 2 ** (middle + half)


def _rounded(*bounds: float) -> list[float]:
    return [float(f"{bound:.3g}") for bound in bounds]


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Tree:
    """The settings of `after` that are missing from `before`, or have another value there."""
    found: Tree = {}
    for key, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            if inner := changed(before[key], value):
                found[key] = inner
        elif key not in before or before[key] != value:
            found[key] = value
    return found
