"""Diversity of images: vectors for comparing images, Vendi score, and coverage."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.features import parts

Vectors = NDArray[np.float32]
WEIGHTS: Mapping[str, float] = {"layout": 1.0, "appearance": 1.0, "categories": 0.5}
"""Weight of each part of the features in squared distances."""
MAX_DEVIATION = 4.0
"""Features are clipped to this many standard deviations from their mean."""
BLOCK, ENTRIES = 1024, 2**23
"""Maximum number of rows, and of entries, in a block of the distance matrix."""
ROUNDING = 1e-5
"""Tolerance for rounding errors of squared distances in the coverage."""
NEIGHBOURS = 5
"""An image is covered if a selected image is at least as close as its 5th nearest neighbour."""


def vectors(features: Sequence[NDArray[np.float32]], weights: Mapping[str, float] = WEIGHTS) -> Vectors:
    """Computes vectors (n, d) whose distances measure how different images are.

    Features are standardised over the images and clipped to ±4 standard deviations. The squared distance
    between two vectors is the weighted sum of the mean squared differences in each part of the features.

    Args:
        features: The feature vector of each image. It consists of the parts `layout`, `appearance` and
            `categories`.
        weights: The weight of each part, keyed by its name. Parts without a weight are omitted.
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
    """Computes the Vendi score, the effective number of different images, from 1 to n.

    The score (Friedman and Dieng 2023) is the exponential of the entropy of the eigenvalues of K / n, where K
    contains the cosine similarities between the vectors (n, d). The nonzero eigenvalues are computed from a
    (d, d) matrix, so the cost is linear in n. A zero vector (the mean of all images) counts as different from
    all other vectors.
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
    """Computes the coverage of all images by the selected images; see `covered_share`.

    Args:
        compared: (n, d), the vectors of all images.
        chosen: The indices of the selected images.
    """
    return covered_share(compared, compared[chosen])


def covered_share(reference: Vectors, own: Vectors) -> float:
    """Computes the coverage of the vectors `reference` (n, d) by the vectors `own` (m, d).

    The coverage (Naeem et al. 2020) is the fraction of reference vectors to which one of `own` is at least
    as close as the vector's 5th nearest neighbour in `reference`.
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
    """Yields the matrix (n, n) of squared distances between vectors (n, d), in blocks of rows.

    A block consists of the indices (k,) of its rows, and the rows (k, n).
    """
    for rows in _blocks(len(compared), len(compared)):
        squared = _squared(compared[rows], compared)
        squared[np.arange(len(rows)), rows] = 0
        yield rows, squared


def _blocks(total: int, columns: int) -> Iterator[NDArray[np.intp]]:
    """Yields the row indices of a (total, columns) matrix in blocks of a limited number of entries."""
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
