"""Reads the histograms of a data set for a target."""

from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.datasets.reading import Dataset
from sim2coco.datasets.reference import open_reference
from sim2coco.statistics.labels import measure_labels
from sim2coco.statistics.pixels import LONGER_PX
from sim2coco.target.bins import binned, mean_luma
from sim2coco.target.settings import QUANTITY, Target

DECODED = 1000
"""Number of images whose brightness is measured, spread evenly over the data set."""


def read_target(path: Path, histograms: Collection[str]) -> Target:
    """Reads the histograms of a data set.

    Args:
        path: The folder of the data set, or one of its annotation files.
        histograms: Names of the requested histograms; those without data are left out.

    Raises:
        DataSetError: The data set cannot be read.
    """
    data, split = open_reference(path)
    images = sum(size.images for size in data.sizes().values())
    return _read(path.resolve(), split, f"{data.identity} {images}", frozenset(histograms))


@lru_cache(maxsize=4)
def _read(path: Path, split: str | None, state: str, histograms: frozenset[str]) -> Target:
    """Implements `read_target`, with a cache.

    Args:
        path: As for `read_target`.
        split: The split to read; None for all.
        state: Identifies the content of the data set, so that a changed data set is read again.
        histograms: As for `read_target`.
    """
    data, _ = open_reference(path)
    names = data.info.categories
    labels: Counter[str] = Counter(dict.fromkeys(names, 0))
    counts = {name: np.zeros(len(one.edges) - 1, np.int64) for name, one in QUANTITY.items()}
    for image, decoded in _images(data, split, "brightness" in histograms):
        objects = [one for one in measure_labels(image) if not one.crowd]
        labels.update(names[one.category] for one in objects)
        area = image.width * image.height
        known = [one.occlusion for one in objects if one.occlusion is not None]
        _add(counts, "objects", [len(objects)])
        _add(counts, "box_size", [float(np.sqrt(one.box[2] * one.box[3] / area)) for one in objects])
        _add(counts, "occlusion", known)
        _add(counts, "brightness", [mean_luma(read_pixels(image, LONGER_PX))] if decoded else [])
    found: dict[str, object] = {
        name: counts[name].tolist() for name in counts if name in histograms and counts[name].any()
    }
    if "categories" in histograms and labels.total():
        found["categories"] = dict(labels)
    return Target.parse({"name": path.name, **found})


def _images(data: Dataset, split: str | None, decoded: bool) -> Iterator[tuple[LabelledImage, bool]]:
    """Yields (image, decode) for each image of a split; `decode` says whether its pixels are to be decoded.

    At most `DECODED` evenly spaced images are to be decoded, and none if `decoded` is False. If `split` is
    None, the images of all splits are yielded.
    """
    sizes = data.sizes()
    number = sum(size.images for name, size in sizes.items() if split in (None, name))
    step = max(1, -(-number // DECODED))
    for index, image in enumerate(data.images(split)):
        yield image, decoded and index % step == 0


def _add(counts: dict[str, np.ndarray], name: str, values: list[float]) -> None:
    np.add.at(counts[name], list(binned(name, values)), 1)
