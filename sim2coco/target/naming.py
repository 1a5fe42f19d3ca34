"""A target that is named by a data set, in settings as users write them."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sim2coco.messages import ConfigError
from sim2coco.target.settings import BALANCED, HISTOGRAMS


def with_histograms(tree: Any) -> Any:
    """The plain values of a Recipe with the histograms of a data set in place of its name.

    So a Recipe, and what is written of it, does not depend on the data set.

    Raises:
        ConfigError: The data set cannot be read.
    """
    quality = tree.get("quality") if isinstance(tree, dict) else None
    if not isinstance(quality, dict):
        return tree
    named = quality.get("target")
    if not isinstance(named, str | int | float) or isinstance(named, bool) or named == BALANCED:
        return tree
    histograms = quality.get("target_histograms", HISTOGRAMS)
    if not isinstance(histograms, list | tuple) or not all(name in HISTOGRAMS for name in histograms):
        return {**tree, "quality": {**quality, "target": None}}  # the histograms are refused
    return {**tree, "quality": {**quality, "target": _read(Path(str(named)).expanduser(), histograms)}}


def _read(path: Path, histograms: Collection[str]) -> Any:
    from sim2coco.datasets.errors import DataSetError  # not before a data set is read: both take long
    from sim2coco.target.reading import read_target

    try:
        target = read_target(path, histograms)
    except DataSetError as error:
        raise ConfigError(f"quality.target: {error}") from error
    return json.loads(target.model_dump_json(exclude_none=True))
