"""How different images are from each other: vectors to compare them by, their Vendi score, and coverage."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.features import parts

Vectors = NDArray[np.float32]
WEIGHTS: Mapping[str, float] = {"layout": 1.0, "appearance": 1.0, "categories": 0.5}
"""Weight of each part of the features in squared distances."""
MAX_DEVIATION = 4.0
"""Largest deviation of a feature from its mean, in standard deviations."""
BLOCK, ENTRIES = 1024, 2**23
"""Images that are compared with all others at a time: at most so many, and so many distances."""
ROUNDING = 1e-5
"""Rounding errors of squared distances, which do not decide whether an image is covered."""
NEIGHBOURS = 5
"""Coverage: an image is covered if a chosen one is at least as near as its 5th nearest other image."""


def vectors(features: Sequence[NDArray[np.float32]], weights: Mapping[str, float] = WEIGHTS) -> Vectors:
    """Vectors (n, d) whose distances say how different images are.

    Each feature is given in standard deviations from its mean over the images, at most 4; the squared
    distances of a part of the features are divided by its length and multiplied with its weight.

    Args:
        features: The feature vector of each image.
        weights: The weight of each part; parts without weight are left out.
    """
    if not len(features):
        return np.zeros((0, 0), np.float32)
    found = np.asarray(features, np.float64).reshape(len(features), -1)
    deviation = found.std(axis=0)
    scaled = (found - found.mean(axis=0)) / np.where(deviation > 1e-6, deviation, 1.0)
    scaled = np.clip(np.where(deviation > 1e-6, scaled, 0), -MAX_DEVIATION, MAX_DEVIATION)
    slices = parts(found.shape[1])
    kept = [
        scaled[:, slices[part]] * np.sqrt(weight / max(scaled[:, slices[part]].shape[1], 1))
        for part, weight in weights.items()
    ]
    return np.concatenate(kept, axis=1).astype(np.float32)


def vendi_score(compared: Vectors) -> float:
    """The effective number of different images, from 1 to n (Friedman and Dieng 2023).

    It is the exponential of the entropy of the eigenvalues of K / n, where K holds the cosines between the
    vectors (n, d). These are also the eigenvalues of a matrix (d, d), so that any number of images is cheap.
    A vector of zeros, the mean of all images, differs from all others.
    """
    if not len(compared):
        return 0.0
    length = np.linalg.norm(compared.astype(np.float64), axis=1)
    known = compared[length > 1e-9] / length[length > 1e-9, None]
    values = np.linalg.eigvalsh(known.T @ known / len(compared)) if len(known) else np.zeros(0)
    values = np.concatenate([values, np.full(len(compared) - len(known), 1 / len(compared))])
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def coverage(compared: Vectors, chosen: NDArray[np.intp]) -> float:
    """The share of images (n, d) that have a chosen one as near as their 5th nearest other image.

    Args:
        compared: The vectors of all images.
        chosen: The indices of the chosen images.
    """
    return covered_share(compared, compared[chosen])


def covered_share(reference: Vectors, own: Vectors) -> float:
    """The share of vectors (n, d) with one of others (m, d) as near as the 5th nearest other of their own.

    It is the coverage of Naeem et al. (2020).
    """
    number = min(NEIGHBOURS, len(reference) - 1)
    if number < 1 or not len(own):
        return float(len(own) > 0)
    covered = 0
    for rows in _blocks(len(reference), max(len(reference), len(own))):
        radius = np.partition(_squared(reference[rows], reference), number, axis=1)[:, number]
        covered += int((_squared(reference[rows], own).min(axis=1) <= radius + ROUNDING).sum())
    return covered / len(reference)


def squared_distances(compared: Vectors) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Yields the squared distances of some images to all, in blocks of rows, with the numbers of the rows."""
    for rows in _blocks(len(compared), len(compared)):
        squared = _squared(compared[rows], compared)
        squared[np.arange(len(rows)), rows] = 0
        yield rows, squared


def _blocks(total: int, columns: int) -> Iterator[NDArray[np.intp]]:
    """Yields the numbers of some rows after the other, so few that their distances take little memory."""
    size = min(BLOCK, max(1, ENTRIES // max(columns, 1)))
    for start in range(0, total, size):
        yield np.arange(start, min(start + size, total))


def _squared(some: Vectors, others: Vectors) -> NDArray[np.float32]:
    """Squared distances (n, m) between vectors (n, d) and (m, d)."""
    found = some @ others.T
    found *= -2
    found += np.einsum("ij,ij->i", some, some)[:, None]
    found += np.einsum("ij,ij->i", others, others)
    return np.asarray(np.maximum(found, 0, out=found), np.float32)
