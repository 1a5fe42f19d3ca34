"""Measures those properties of a data set's images that settings can match."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.statistics.histograms import earth_movers_distance
from sim2coco.statistics.pixels import LONGER_PX, at_most
from sim2coco.statistics.values import Values

MATCHED = ("objects", "box_size", "brightness", "contrast", "image_size")
"""The quantities that settings can match, as in `sim2coco.statistics.histograms`."""
OF_PIXELS = ("brightness", "contrast")
"""The quantities that are measured from pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Measurements of the images of a data set.

    Attributes:
        values: The values of each quantity in `MATCHED`: one per image, or for `box_size` one per label.
        images: Number of images.
        size: The most frequent width and height of the images, in pixels.
    """

    values: Values
    images: int
    size: tuple[int, int]

    def distance(self, name: str, other: "Observed") -> float:
        """Earth mover's distance of the quantity `name` to another data set; NaN if either has no values."""
        return earth_movers_distance(self.values.histogram(name), other.values.histogram(name))


def observe(
    images: Iterable[LabelledImage],
    size: tuple[int, int] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Observed:
    """Measures the images and labels of a data set.

    Args:
        images: The images of the data set.
        size: Width and height that count as the size of every image. None to count actual sizes.
        progress: Called with the number of images read so far.

    Raises:
        DataSetError: An annotation is invalid, or an image file cannot be read.
    """
    found, number = Values(), 0
    sizes: Counter[tuple[int, int]] = Counter()
    for number, image in enumerate(images, start=1):
        for name, values in _of_labels(image):
            found.extend(name, values)
        for name, value in zip(OF_PIXELS, _of_pixels(image), strict=True):
            found.extend(name, [value])
        own = size or (image.width, image.height)
        found.extend("image_size", [float(np.sqrt(own[0] * own[1]))])
        sizes[own] += 1
        progress(number)
    size = max(sizes, key=lambda one: (sizes[one], one), default=(0, 0))
    return Observed(found, number, size)


def _of_labels(image: LabelledImage) -> Iterator[tuple[str, list[float]]]:
    area = image.width * image.height
    yield "objects", [float(len(image.labels))]
    yield "box_size", [float(np.sqrt(one.bbox[2] * one.bbox[3] / area)) for one in image.labels]


def _of_pixels(image: LabelledImage) -> tuple[float, float]:
    """Mean and standard deviation of the luma, computed as in `sim2coco.statistics.measures`."""
    pixels = at_most(read_pixels(image, LONGER_PX))
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    return float(mean[0, 0]), float(deviation[0, 0])
