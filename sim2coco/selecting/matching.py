"""Chooses images whose histograms together are near those of a target."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.histograms import QUANTITIES, Histogram, bins
from sim2coco.statistics.measures import ImageMeasures

Array = NDArray[np.float64]
COMPARED = ("objects", "box_size", "occlusion", "brightness")
"""Quantities that are brought near those of another data set."""
CANDIDATES = 256
"""Images among which each one is chosen, drawn at random: the result is nearly that of trying all."""


def uniform(categories: tuple[str, ...], images: Sequence[ImageMeasures]) -> dict[str, Histogram]:
    """The target in which all categories that some image has are equally frequent."""
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
    """Chooses images so that the shares in each histogram are near those of the target.

    Greedy: each image is the one of 256, drawn at random, after which the summed difference is smallest.

    Args:
        images: The measures of all images.
        target: Histograms by the names of their quantities; those without values are left out.
        number: How many are chosen.
        rng: Draws the candidates.

    Returns:
        Their indices, in the order in which they were chosen.
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
    """A histogram of the target, and that of the images chosen so far."""

    def __init__(self, images: Sequence[ImageMeasures], target: Histogram) -> None:
        """Counts the values of each image in each bin: cumulative, if the bins have an order."""
        self._ordered = not target.labels
        self._counts = self._accumulated(np.array([_counts(image, target) for image in images], np.float64))
        self._totals = np.array([len(_bins(image, target.name)) for image in images], np.float64)
        shares = self._accumulated(target.counts[None] / target.counts.sum())[0]
        self._shares, self._sum, self._total = shares, np.zeros(len(shares)), 0.0

    def _accumulated(self, counts: Array) -> Array:
        return np.cumsum(counts, axis=1) if self._ordered else counts

    def costs(self, tried: NDArray[np.intp]) -> Array:
        """How far the histogram is from the target if one of the images is added."""
        totals = np.maximum(self._total + self._totals[tried], 1)
        shares = (self._sum + self._counts[tried]) / totals[:, None]
        return np.asarray(np.abs(shares - self._shares).mean(axis=1))

    def add(self, image: int) -> None:
        """Adds an image."""
        self._sum += self._counts[image]
        self._total += self._totals[image]


_BY_NAME = {one.name: one for one in QUANTITIES}


def _bins(image: ImageMeasures, name: str) -> NDArray[np.int64]:
    if name == "categories":
        return np.array([one.category for one in image.objects], np.int64)
    return bins(_BY_NAME[name], image)


def _counts(image: ImageMeasures, target: Histogram) -> NDArray[np.int64]:
    return np.bincount(_bins(image, target.name), minlength=len(target.counts))
