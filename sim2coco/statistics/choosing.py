"""Selects images that are representative (facility location) and diverse (log-determinant)."""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.diversity import Vectors, squared_distances

MIN_NEIGHBOURS, MAX_NEIGHBOURS = 24, 384
"""Bounds for the number of neighbours per image; images that are not neighbours have similarity 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The m nearest neighbours of each image, including the image itself.

    Attributes:
        indices: (n, m), image indices of the neighbours, from nearest to farthest.
        squared: (n, m), squared distances of the neighbours.
    """

    indices: NDArray[np.int32]
    squared: NDArray[np.float32]


def nearest(compared: Vectors, number: int) -> Neighbours:
    """Finds the `number` nearest neighbours of each image, including the image itself.

    Neighbours at equal distances are sorted by index.
    """
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
    """Selects images that represent all images well and differ from each other.

    Greedily maximises the sum of two submodular terms, which reaches at least 63 % of the maximum:

    1. Facility location: `number` times the mean, over all images, of the similarity to the most similar
       selected image. The similarity of an image and a selected image is exp(-d² / s²) if the selected image
       is among the nearest neighbours of the image (24 to 384 of them, 2 n / number if possible), otherwise
       0. s² is the mean squared distance of an image to its (n / number)-th neighbour.
    2. log det(I + K), where K contains the cosine similarities between the selected images. The first term
       alone would select only typical images.

    Args:
        compared: (n, d), the vectors of all images.
        number: Number of images to select.

    Returns:
        The indices of the selected images, in the order of selection.
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
    """The facility location term of the objective.

    It is the sum, over all images, of the similarity between the image and the most similar selected image.
    """

    def __init__(self, indices: NDArray[np.int32], similar: NDArray[np.float32]) -> None:
        """Stores, for each image, the images that list it among their neighbours.

        Args:
            indices: (n, m), the neighbours of each image.
            similar: (n, m), the similarity of each image to its neighbours.
        """
        order = np.argsort(indices, axis=None, kind="stable")
        self._rows = (order // indices.shape[1]).astype(np.int32)
        self._similar = similar.ravel()[order]
        self._starts = np.searchsorted(indices.ravel()[order], np.arange(len(indices) + 1))
        self.best = np.zeros(len(indices), np.float32)

    def gain(self, image: int) -> float:
        """Returns the increase of the sum of similarities if an image is selected."""
        part = slice(self._starts[image], self._starts[image + 1])
        return float(np.maximum(self._similar[part] - self.best[self._rows[part]], 0).sum(dtype=np.float64))

    def choose(self, image: int) -> None:
        """Adds an image to the selection."""
        part = slice(self._starts[image], self._starts[image + 1])
        rows = self._rows[part]
        self.best[rows] = np.maximum(self.best[rows], self._similar[part])


class _Spread:
    """The term log det(I + K), where K contains the cosine similarities between the selected images."""

    def __init__(self, compared: Vectors) -> None:
        """Begins with an empty selection."""
        length = np.linalg.norm(compared, axis=1, keepdims=True).astype(np.float64)
        self._unit = compared / np.maximum(length, 1e-9)
        self._inverse = np.eye(compared.shape[1])

    def gain(self, image: int) -> float:
        """Returns the increase of log det(I + K) if an image is selected."""
        unit = self._unit[image]
        return float(np.log1p(unit @ self._inverse @ unit))

    def choose(self, image: int) -> None:
        """Adds an image to the selection (Sherman–Morrison formula)."""
        turned = self._inverse @ self._unit[image]
        self._inverse -= np.outer(turned, turned) / (1 + self._unit[image] @ turned)


class _Value:
    """The objective function of the selection.

    Args:
        served: The facility location term.
        spread: The log-determinant term.
        share: Fraction of images to select; it is the weight of the facility location term.
    """

    def __init__(self, served: _Served, spread: _Spread, share: float) -> None:
        """Begins with an empty selection."""
        self._served, self._spread, self._share = served, spread, share

    def gain(self, image: int) -> float:
        """Returns the increase of the objective if an image is selected."""
        return self._served.gain(image) * self._share + self._spread.gain(image)

    def choose(self, image: int) -> None:
        """Adds an image to the selection."""
        self._served.choose(image)
        self._spread.choose(image)


def _greedy(value: _Value, total: int, number: int) -> NDArray[np.intp]:
    """Repeatedly selects the image with the largest gain (lazy evaluation, because gains never increase)."""
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
