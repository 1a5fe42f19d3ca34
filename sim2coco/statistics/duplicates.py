"""Finds near-duplicates: the same image with noise, slightly cropped, or compressed more.

Pairs with similar perceptual hashes and thumbnails are candidates. The images of a candidate pair are aligned
and compared pixel by pixel, because two images of the same place with different objects are not duplicates.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.statistics.alignment import deviation
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.pixels import at_most

MAX_BITS, MIN_CORRELATION, MAX_CANDIDATES = 20, 0.65, 8
"""Criteria for candidates: maximum number of differing hash bits, minimum correlation of 8 x 8 px thumbnails,
and maximum number of candidates per image (those with the highest correlation)."""
COARSE_PX, BLOCK = 8, 512
COMPARED_PX = 256
"""Longer side of the compared images."""
MAX_DEVIATION = 20.0
"""Largest deviation of near-duplicates, in grey levels. Images of 640 px that differ in an object of 16 px
deviate more."""

Grey = NDArray[np.float32]
Pair = tuple[int, int]


def near_duplicates(
    images: Sequence[ImageMeasures], workers: int = 1, patience: int | None = None
) -> list[tuple[int, ...]]:
    """Returns groups of near-duplicates, as indices in ascending order.

    Args:
        images: The measures of all images.
        workers: Number of threads for comparing images.
        patience: Pairs are compared in blocks of this size, the most similar pairs first, until a block
            contains no near-duplicates. None compares all pairs.

    Raises:
        DataSetError: An image cannot be read.
    """
    groups = list(range(len(images)))

    def root(index: int) -> int:
        while groups[index] != index:
            index = groups[index]
        return index

    read = lru_cache(512)(lambda index: _grey(images[index]))
    pairs = _candidates(images)
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for block in _blocks(pairs, patience):
            same = list(pool.map(lambda pair: _same(read, *pair), block))
            for (first, second), found in zip(block, same, strict=True):
                if found:
                    low, high = sorted((root(first), root(second)))
                    groups[high] = low
            if not any(same):
                break
    members: dict[int, list[int]] = {}
    for index in range(len(images)):
        members.setdefault(root(index), []).append(index)
    return [tuple(found) for found in members.values() if len(found) > 1]


def _blocks(pairs: Sequence[Pair], patience: int | None) -> Iterator[Sequence[Pair]]:
    """Yields blocks of `patience` pairs; a single block with all pairs if `patience` is None."""
    size = patience or max(len(pairs), 1)
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


def _candidates(images: Sequence[ImageMeasures]) -> list[Pair]:
    """Returns the pairs of images that may be near-duplicates, each once, the most similar pair first."""
    hashes = np.array([image.perceptual_hash for image in images], np.uint64)
    coarse = np.array([_coarse(image.thumbnail) for image in images])
    found: dict[Pair, float] = {}
    for start in range(0, len(images), BLOCK):
        bits = np.bitwise_count(hashes[start : start + BLOCK, None] ^ hashes)
        alike = np.where(bits <= MAX_BITS, coarse[start : start + BLOCK] @ coarse.T, -1.0)
        for row, correlations in enumerate(alike, start):
            correlations[row] = -1.0
            close = np.flatnonzero(correlations >= MIN_CORRELATION)
            best = close[np.argsort(-correlations[close], kind="stable")][:MAX_CANDIDATES]
            for other in best.tolist():
                found[min(row, other), max(row, other)] = round(float(correlations[other]), 4)
    return sorted(found, key=lambda pair: (-found[pair], pair))


def _coarse(thumbnail: NDArray[np.uint8]) -> Grey:
    """Scales a thumbnail down to a zero-mean unit vector; the zero vector for a uniform image."""
    small = cv2.resize(thumbnail, (COARSE_PX, COARSE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    vector = small.ravel() - small.mean()
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), np.float32)


def _same(read: Callable[[int], Grey], first: int, second: int) -> bool:
    """Whether two images are near-duplicates."""
    return deviation(read(first), read(second), MAX_DEVIATION) <= MAX_DEVIATION


def _grey(image: ImageMeasures) -> Grey:
    """Reads the luma of an image, scaled to a longer side of at most `COMPARED_PX`."""
    whole = LabelledImage(image.split, image.name, image.file, image.width, image.height, ())
    pixels = at_most(read_pixels(whole, COMPARED_PX), COMPARED_PX)
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
