"""Collects all values of the quantities of a data set, for histograms, medians and quantiles."""

from array import array
from collections.abc import Iterable

import numpy as np

from sim2coco.statistics.histograms import QUANTITIES, Array, Histogram
from sim2coco.statistics.measures import ImageMeasures


class Values:
    """The values of each quantity, collected image by image; unknown values are omitted."""

    def __init__(self) -> None:
        """Begins without values."""
        self._of = {one.name: array("d") for one in QUANTITIES}

    def add(self, image: ImageMeasures) -> None:
        """Adds the values of an image."""
        for one in QUANTITIES:
            self._of[one.name].extend(value for value in one.values(image) if value is not None)

    def extend(self, name: str, values: Iterable[float]) -> None:
        """Appends values of a single quantity."""
        self._of[name].extend(values)

    def of(self, name: str) -> Array:
        """Returns the values (n,) of a quantity, in image order."""
        return np.array(self._of[name], np.float64)

    def median(self, name: str) -> float:
        """Returns the median of a quantity; NaN if it has no values."""
        values = self.of(name)
        return float(np.median(values)) if len(values) else float("nan")

    def histogram(self, name: str) -> Histogram:
        """Returns the histogram of a quantity. Its bins are the same for all data sets."""
        (one,) = (quantity for quantity in QUANTITIES if quantity.name == name)
        bins = np.searchsorted(one.edges[1:-1], self.of(name), side="right")
        counts = np.bincount(bins, minlength=len(one.edges) - 1).astype(np.int64)
        return Histogram(name, one.edges, counts, one.logarithmic)
