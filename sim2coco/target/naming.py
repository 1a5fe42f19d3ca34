"""Replaces a data set that the user has set as the target with the histograms of the data set."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sim2coco.messages import ConfigError
from sim2coco.target.settings import BALANCED, HISTOGRAMS


def with_histograms(tree: Any) -> Any:
    """Returns the values of a Recipe; a target that is a data set is replaced by the data set's histograms.

    The Recipe, and every file written from it, is therefore independent of the data set.

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
        return {**tree, "quality": {**quality, "target": None}}  # parsing the Recipe reports the histograms
    return {**tree, "quality": {**quality, "target": _read(Path(str(named)).expanduser(), histograms)}}


def _read(path: Path, histograms: Collection[str]) -> Any:
    from sim2coco.datasets.errors import DataSetError  # slow to import, and rarely needed
    from sim2coco.target.reading import read_target

    try:
        target = read_target(path, histograms)
    except DataSetError as error:
        raise ConfigError(f"quality.target: {error}") from error
    return json.loads(target.model_dump_json(exclude_none=True))
