"""Chooses images that represent all and differ from each other: facility location and a log-determinant."""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.diversity import Vectors, squared_distances

MIN_NEIGHBOURS, MAX_NEIGHBOURS = 24, 384
"""Bounds for the number of neighbours that each image has; similarities to all others count as zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest images of each image, itself included.

    Attributes:
        indices: (n, m), from the nearest to the farthest.
        squared: (n, m), the squared distances.
    """

    indices: NDArray[np.int32]
    squared: NDArray[np.float32]


def nearest(compared: Vectors, number: int) -> Neighbours:
    """The `number` nearest images of each image, itself included; equal distances by index."""
    number = min(number, len(compared))
    indices = np.zeros((len(compared), number), np.int32)
    squared = np.zeros((len(compared), number), np.float32)
    for rows, found in squared_distances(compared):
        some = np.argpartition(found, number - 1, axis=1)[:, :number]
        some.sort(axis=1)
        order = np.argsort(np.take_along_axis(found, some, axis=1), axis=1, kind="stable")
        indices[rows] = np.take_along_axis(some, order, axis=1)
        squared[rows] = np.take_along_axis(found, indices[rows], axis=1)
    return Neighbours(indices, squared)


def most_covering(compared: Vectors, number: int) -> NDArray[np.intp]:
    """Chooses images so that each image (n, d) has a similar one among them, and they differ from each other.

    The sum of two numbers is maximised greedily, one image after the other, which reaches at least 63 % of
    the maximum. The first (facility location) is the mean similarity of all images to the most similar chosen
    one, times `number`. The similarity is exp(-d² / s²), where s² is the mean squared distance to the
    neighbour of rank n / number, and is zero beyond the nearest neighbours. The second is log det(1 + K),
    where K holds the cosines between the vectors of the chosen images; the first alone chooses typical images
    only.

    Args:
        compared: The vectors of all images.
        number: How many are chosen.

    Returns:
        Their indices, in the order in which they were chosen.
    """
    total = len(compared)
    if number >= total:
        return np.arange(total)
    if number <= 0:
        return np.zeros(0, np.intp)
    rank = min(-(-total // number), total - 1)
    around = nearest(compared, min(max(2 * rank, MIN_NEIGHBOURS), MAX_NEIGHBOURS) + 1)
    scale = float(around.squared[:, min(rank, around.squared.shape[1] - 1)].mean(dtype=np.float64))
    similar = np.exp(-around.squared / max(scale, 1e-12))
    return _greedy(_Value(_Served(around.indices, similar), _Spread(compared), number / total), total, number)


class _Served:
    """For each image, which others are served by it, and how similar they are."""

    def __init__(self, indices: NDArray[np.int32], similar: NDArray[np.float32]) -> None:
        """Sorts the pairs by neighbour."""
        order = np.argsort(indices, axis=None, kind="stable")
        self._rows = (order // indices.shape[1]).astype(np.int32)
        self._similar = similar.ravel()[order]
        self._starts = np.searchsorted(indices.ravel()[order], np.arange(len(indices) + 1))
        self.best = np.zeros(len(indices), np.float32)

    def gain(self, image: int) -> float:
        """How much the sum increases if an image is chosen."""
        part = slice(self._starts[image], self._starts[image + 1])
        return float(np.maximum(self._similar[part] - self.best[self._rows[part]], 0).sum(dtype=np.float64))

    def choose(self, image: int) -> None:
        """Adds an image to the chosen ones."""
        part = slice(self._starts[image], self._starts[image + 1])
        rows = self._rows[part]
        self.best[rows] = np.maximum(self.best[rows], self._similar[part])


class _Spread:
    """log det(1 + K) of the chosen images, where K holds the cosines between their vectors."""

    def __init__(self, compared: Vectors) -> None:
        """Begins without chosen images."""
        length = np.linalg.norm(compared, axis=1, keepdims=True).astype(np.float64)
        self._unit = compared / np.maximum(length, 1e-9)
        self._inverse = np.eye(compared.shape[1])

    def gain(self, image: int) -> float:
        """How much it increases if an image is chosen."""
        unit = self._unit[image]
        return float(np.log1p(unit @ self._inverse @ unit))

    def choose(self, image: int) -> None:
        """Adds an image to the chosen ones (Sherman and Morrison's formula)."""
        turned = self._inverse @ self._unit[image]
        self._inverse -= np.outer(turned, turned) / (1 + self._unit[image] @ turned)


class _Value:
    """What chosen images are worth together.

    Args:
        served: How similar the others are to them.
        spread: How they differ from each other.
        share: Number of images to choose, as a share of all.
    """

    def __init__(self, served: _Served, spread: _Spread, share: float) -> None:
        """Begins without chosen images."""
        self._served, self._spread, self._share = served, spread, share

    def gain(self, image: int) -> float:
        """How much more they are worth if an image is chosen."""
        return self._served.gain(image) * self._share + self._spread.gain(image)

    def choose(self, image: int) -> None:
        """Adds an image to the chosen ones."""
        self._served.choose(image)
        self._spread.choose(image)


def _greedy(value: _Value, total: int, number: int) -> NDArray[np.intp]:
    """Chooses the image with the largest gain, again and again; as gains only shrink, few are computed."""
    queue = [(-value.gain(image), image) for image in range(total)]
    heapify(queue)
    chosen: list[int] = []
    while len(chosen) < number:
        _, image = heappop(queue)
        gain = value.gain(image)
        if queue and (-gain, image) > queue[0]:
            heappush(queue, (-gain, image))
            continue
        value.choose(image)
        chosen.append(image)
    return np.array(chosen, np.intp)
