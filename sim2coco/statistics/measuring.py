"""Measures the images of a data set; each image is decoded once."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.datasets.reading import Dataset
from sim2coco.statistics.features import feature_vector
from sim2coco.statistics.labels import measure_labels
from sim2coco.statistics.measures import ImageMeasures
from sim2coco.statistics.pixels import LONGER_PX, at_most, measure_pixels

AHEAD = 8
"""Maximum number of queued images per thread."""


class Measuring:
    """Measures images in threads, while the caller adds further images.

    Args:
        categories: Number of categories of the data set.
        workers: Number of threads for decoding and measuring.
    """

    def __init__(self, categories: int, workers: int) -> None:
        """Begins without images."""
        self._categories, self._most = categories, AHEAD * max(workers, 1)
        self._pool = ThreadPoolExecutor(max(workers, 1))
        self._waiting: deque[Future[ImageMeasures]] = deque()

    def __enter__(self) -> "Measuring":
        """Returns itself; the threads end with the `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the threads and discards queued images."""
        self._pool.shutdown(cancel_futures=True)

    def add(self, image: LabelledImage) -> Iterator[Future[ImageMeasures]]:
        """Queues an image, and yields the futures of images that have been measured.

        Futures are yielded in the order in which the images were added. If the queue is full, the oldest
        future is yielded even if it is not finished.
        """
        self._waiting.append(self._pool.submit(measure_image, image, self._categories))
        while self._waiting and (self._waiting[0].done() or len(self._waiting) > self._most):
            yield self._waiting.popleft()

    def rest(self) -> Iterator[Future[ImageMeasures]]:
        """Yields the remaining measures as futures."""
        while self._waiting:
            yield self._waiting.popleft()


def measure(dataset: Dataset, workers: int = 1, split: str | None = None) -> Iterator[ImageMeasures]:
    """Yields the measures of the images of a data set, in the data set's order.

    Args:
        dataset: The data set.
        workers: Number of threads for decoding and measuring.
        split: Only images of this split; None for all.

    Raises:
        DataSetError: An annotation is invalid, or an image file is missing or cannot be read.
    """
    with Measuring(len(dataset.info.categories), workers) as measuring:
        for image in dataset.images(split):
            yield from (measured.result() for measured in measuring.add(image))
        yield from (measured.result() for measured in measuring.rest())


def measure_image(image: LabelledImage, categories: int) -> ImageMeasures:
    """Measures an image.

    Args:
        image: The image.
        categories: Number of categories of the data set.

    Raises:
        DataSetError: The image file is missing or cannot be read.
    """
    pixels = at_most(read_pixels(image, LONGER_PX))
    measured = measure_pixels(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))
    objects = measure_labels(image)
    return ImageMeasures(
        split=image.split,
        name=image.name,
        file=image.file,
        width=image.width,
        height=image.height,
        scene=image.scene,
        facts=image.facts,
        objects=objects,
        brightness=measured.brightness,
        contrast=measured.contrast,
        sharpness=measured.sharpness,
        dark_share=measured.dark_share,
        bright_share=measured.bright_share,
        perceptual_hash=measured.perceptual_hash,
        thumbnail=measured.thumbnail,
        features=feature_vector(objects, (image.width, image.height), categories, pixels, measured),
    )
