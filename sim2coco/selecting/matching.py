"""Selects images whose combined histograms are close to target histograms."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.histograms import QUANTITIES, Histogram, bins
from sim2coco.statistics.measures import ImageMeasures

Array = NDArray[np.float64]
COMPARED = ("objects", "box_size", "occlusion", "brightness")
"""Quantities whose histograms are matched to the histograms of another data set."""
CANDIDATES = 256
"""Number of random candidates for each selected image; the result is almost as good as trying all images."""


def uniform(categories: tuple[str, ...], images: Sequence[ImageMeasures]) -> dict[str, Histogram]:
    """Returns a target in which all categories that occur in the images are equally frequent."""
    counts = np.zeros(len(categories), np.int64)
    for image in images:
        counts[[one.category for one in image.objects]] = 1
    return {"categories": Histogram("categories", np.arange(-0.5, len(counts)), counts, labels=categories)}


def matching(
    images: Sequence[ImageMeasures],
    target: Mapping[str, Histogram],
    number: int,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    """Selects images so that their normalised histograms are close to the target histograms.

    Uses a greedy algorithm. Each step selects the best of 256 random candidates, i.e. the image that, if
    added, gives the smallest sum of differences from the target histograms.

    Args:
        images: The measures of all images.
        target: Dict from quantity to target histogram; empty histograms are ignored.
        number: Number of images to select.
        rng: Random generator for the candidates.

    Returns:
        The indices of the selected images, in the order of selection.
    """
    wanted = [_Wanted(images, one) for one in target.values() if one.counts.sum()]
    free = np.ones(len(images), np.bool_)
    chosen: list[int] = []
    while len(chosen) < min(number, len(images)):
        left = np.flatnonzero(free)
        tried = left if len(left) <= CANDIDATES else np.sort(rng.choice(left, CANDIDATES, replace=False))
        costs = sum((one.costs(tried) for one in wanted), np.zeros(len(tried)))
        image = int(tried[np.argmin(costs)])
        free[image] = False
        chosen.append(image)
        for one in wanted:
            one.add(image)
    return np.array(chosen, np.intp)


class _Wanted:
    """A target histogram, and the histogram of the images selected so far."""

    def __init__(self, images: Sequence[ImageMeasures], target: Histogram) -> None:
        """Counts how many values of each image are in each bin of the target histogram.

        If the bins are ordered, the counts are cumulative.
        """
        self._ordered = not target.labels
        self._counts = self._accumulated(np.array([_counts(image, target) for image in images], np.float64))
        self._totals = np.array([len(_bins(image, target.name)) for image in images], np.float64)
        shares = self._accumulated(target.counts[None] / target.counts.sum())[0]
        self._shares, self._sum, self._total = shares, np.zeros(len(shares)), 0.0

    def _accumulated(self, counts: Array) -> Array:
        return np.cumsum(counts, axis=1) if self._ordered else counts

    def costs(self, tried: NDArray[np.intp]) -> Array:
        """Returns, for each candidate image, the difference from the target if only this image is added."""
        totals = np.maximum(self._total + self._totals[tried], 1)
        shares = (self._sum + self._counts[tried]) / totals[:, None]
        return np.asarray(np.abs(shares - self._shares).mean(axis=1))

    def add(self, image: int) -> None:
        """Adds a selected image to the histogram."""
        self._sum += self._counts[image]
        self._total += self._totals[image]


_BY_NAME = {one.name: one for one in QUANTITIES}


def _bins(image: ImageMeasures, name: str) -> NDArray[np.int64]:
    if name == "categories":
        return np.array([one.category for one in image.objects], np.int64)
    return bins(_BY_NAME[name], image)


def _counts(image: ImageMeasures, target: Histogram) -> NDArray[np.int64]:
    return np.bincount(_bins(image, target.name), minlength=len(target.counts))
