"""Histograms of measures over fixed bins, so that two data sets can be compared."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim2coco.statistics.measures import ImageMeasures, ObjectMeasures

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A quantity that is measured for each image or object.

    Attributes:
        name: Name of the quantity.
        edges: (n + 1,), the bin edges; values outside count in the first or last bin.
        values: Function that returns the values of the quantity in an image.
        logarithmic: Whether the bins have equal widths on a logarithmic scale.
    """

    name: str
    edges: Array
    values: Callable[[ImageMeasures], Iterable[float | None]]
    logarithmic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """A histogram.

    Attributes:
        name: Name of the quantity.
        edges: (n + 1,), the bin edges.
        counts: (n,), the number of values in each bin.
        logarithmic: Whether the bins have equal widths on a logarithmic scale.
        labels: Names of the bins of an unordered quantity, such as categories; empty otherwise.
    """

    name: str
    edges: Array
    counts: NDArray[np.int64]
    logarithmic: bool = False
    labels: tuple[str, ...] = ()


def _of_image(value: Callable[[ImageMeasures], float]) -> Callable[[ImageMeasures], list[float | None]]:
    return lambda image: [value(image)]


def _of_objects(
    value: Callable[[ObjectMeasures], float | None],
) -> Callable[[ImageMeasures], list[float | None]]:
    return lambda image: [value(one) for one in image.objects]


def _box_size(image: ImageMeasures) -> Iterator[float]:
    """√(box area / image area) of each object."""
    for one in image.objects:
        yield float(np.sqrt(one.box[2] * one.box[3] / (image.width * image.height)))


def _aspect(one: ObjectMeasures) -> float | None:
    return one.box[2] / one.box[3] if one.box[3] > 0 else None


QUANTITIES = (
    Quantity("objects", np.arange(-0.5, 65, dtype=np.float64), _of_image(lambda image: len(image.objects))),
    Quantity("box_size", np.geomspace(2**-8, 1, 33), _box_size, logarithmic=True),
    Quantity("aspect", np.geomspace(1 / 16, 16, 33), _of_objects(_aspect), logarithmic=True),
    Quantity(
        "image_size",
        np.geomspace(16, 16384, 41),
        _of_image(lambda image: float(np.sqrt(image.width * image.height))),
        logarithmic=True,
    ),
    Quantity("brightness", np.linspace(0, 256, 33), _of_image(lambda image: image.brightness)),
    Quantity("contrast", np.linspace(0, 128, 33), _of_image(lambda image: image.contrast)),
    Quantity("sharpness", np.linspace(0, 4, 33), _of_image(lambda image: image.sharpness)),
    Quantity("visible_fraction", np.linspace(0, 1, 21), _of_objects(lambda one: one.visible_fraction)),
    Quantity("truncation", np.linspace(0, 1, 21), _of_objects(lambda one: one.truncation)),
    Quantity("occlusion", np.linspace(0, 1, 21), _of_objects(lambda one: one.occlusion)),
    Quantity("azimuth_deg", np.linspace(-180, 180, 37), _of_objects(lambda one: one.azimuth_deg)),
    Quantity("elevation_deg", np.linspace(-90, 90, 19), _of_objects(lambda one: one.elevation_deg)),
    Quantity(
        "distance_m", np.geomspace(2**-6, 2**6, 37), _of_objects(lambda one: one.distance_m), logarithmic=True
    ),
)


def histograms(images: Iterable[ImageMeasures], categories: tuple[str, ...]) -> dict[str, Histogram]:
    """Computes a histogram of each quantity, and one of the labels' categories.

    Args:
        images: The measures of the images; the iterable is consumed once.
        categories: Category names.

    Returns:
        A dict from the name of a quantity, or "categories", to its histogram.
    """
    counts = {one.name: np.zeros(len(one.edges) - 1, np.int64) for one in QUANTITIES}
    numbers = np.zeros(len(categories), np.int64)
    for image in images:
        for one in QUANTITIES:
            np.add.at(counts[one.name], bins(one, image), 1)
        numbers += np.bincount([label.category for label in image.objects], minlength=len(categories))
    found = {
        one.name: Histogram(one.name, one.edges, counts[one.name], one.logarithmic) for one in QUANTITIES
    }
    edges = np.arange(-0.5, len(categories), dtype=np.float64)
    return found | {"categories": Histogram("categories", edges, numbers, labels=categories)}


def bins(quantity: Quantity, image: ImageMeasures) -> NDArray[np.int64]:
    """Returns the bin index of each value of a quantity in an image, skipping values that are None."""
    values = np.array([value for value in quantity.values(image) if value is not None], np.float64)
    return np.searchsorted(quantity.edges[1:-1], values, side="right").astype(np.int64)


def earth_movers_distance(one: Histogram, other: Histogram) -> float:
    """Computes the earth mover's distance between two histograms.

    This is the average distance by which values must be moved to turn one histogram into the other, in
    the unit of the quantity, or in octaves on a logarithmic scale. For unordered quantities, bins with the
    same label are compared, and the result is the fraction of values that differ (total variation distance).

    Returns:
        The distance; NaN if either histogram is empty.
    """
    if one.labels or other.labels:
        return _differing(one, other)
    if len(one.edges) != len(other.edges) or not np.array_equal(one.edges, other.edges):
        raise ValueError(f"{one.name} and {other.name} have different bins")
    shares = [np.cumsum(_shares(histogram.counts)) for histogram in (one, other)]
    places = np.log2(one.edges) if one.logarithmic else one.edges
    centres = (places[1:] + places[:-1]) / 2
    return float(np.abs(shares[0] - shares[1])[:-1] @ np.diff(centres))


def _shares(counts: NDArray[np.int64]) -> Array:
    total = int(counts.sum())
    return counts / total if total else np.full(len(counts), np.nan)


def _differing(one: Histogram, other: Histogram) -> float:
    found = [
        dict(zip(histogram.labels, _shares(histogram.counts), strict=True)) for histogram in (one, other)
    ]
    names = sorted({*one.labels, *other.labels})
    return float(sum(abs(found[0].get(name, 0.0) - found[1].get(name, 0.0)) for name in names) / 2)
