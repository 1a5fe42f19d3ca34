"""The histograms of a target, and distances to them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim2coco.target.settings import QUANTITY, Target

UNFILLED = 10.0
"""The distance of a histogram without values, which is far from any target."""

Array = NDArray[np.float64]


def wanted_of(target: Target, categories: Sequence[str]) -> dict[str, "Wanted"]:
    """Returns a dict from name to histogram of a target.

    The histogram of categories is left out if fewer than two of its categories are in `categories`.

    Args:
        target: The target.
        categories: The names of all categories of the data set.
    """
    given = [name for name in QUANTITY if getattr(target, name) is not None]
    found: dict[str, Wanted] = {name: Ordered(name, target.shares(name)) for name in given}
    listed = target.categories or {}
    known = {name: share for name, share in listed.items() if name in categories}
    if len(known) > 1 and any(known.values()):
        found["categories"] = Named(categories, known)
    return found


class Wanted(ABC):
    """A histogram of the target.

    Args:
        shares: (n,), the fraction in each bin.
    """

    def __init__(self, shares: Array) -> None:
        """Keeps the shares."""
        self.shares = shares

    def counts(self, bins: Sequence[int]) -> Array:
        """Number of values in each bin: (n,)."""
        return np.bincount(np.array(bins, np.int64), minlength=len(self.shares)).astype(np.float64)

    def distance(self, counts: Array) -> float:
        """Distance from a histogram with these counts (n,) to the target."""
        return float(self._distances(counts[None])[0])

    def costs(self, counts: Array, added: Array) -> Array:
        """Cost of adding each view: the increase in N * distance, divided by the number of added values.

        N is the number of values in the histogram, and n the number of bins.

        Args:
            counts: (n,), the counts so far.
            added: (k, n), the counts of each of k views.

        Returns:
            (k,), the costs; 0 for a view without values.
        """
        number, more = counts.sum(), added.sum(axis=1)
        deviating = (number + more) * self._distances(counts + added) - number * self.distance(counts)
        return np.asarray(np.where(more > 0, deviating / np.maximum(more, 1), 0.0), np.float64)

    def _distances(self, counts: Array) -> Array:
        """Distances (k,) of k histograms, `counts` (k, n), to the target."""
        totals = counts.sum(axis=1)
        far = self._far(counts / np.maximum(totals, 1)[:, None] - self.shares)
        return np.where(totals > 0, far, UNFILLED)

    def missing(self, counts: Array) -> str:
        """Describes the bin whose fraction is farthest below the target."""
        shares = counts / max(counts.sum(), 1)
        bin = int(np.argmax(self.shares - shares))
        return f"{shares[bin]:.1%} {self._named(bin)}; the target is {self.shares[bin]:.1%}"

    @abstractmethod
    def _far(self, off: Array) -> Array:
        """Distances (k,) to the target, of k histograms whose fractions differ from it by `off` (k, n)."""

    @abstractmethod
    def _named(self, bin: int) -> str:
        """Describes a bin, in words that follow a percentage, such as `from 8 to 16`."""


class Ordered(Wanted):
    """A histogram of numbers; its distance is the earth mover's distance, in target standard deviations."""

    def __init__(self, name: str, shares: Array) -> None:
        """Computes the scale of the distances."""
        super().__init__(shares)
        self._edges = QUANTITY[name].edges
        places = np.log2(self._edges) if QUANTITY[name].logarithmic else self._edges
        centres = (places[1:] + places[:-1]) / 2
        mean = (shares * centres).sum()
        spread = max(float(np.sqrt((shares * (centres - mean) ** 2).sum())), float(places[1] - places[0]))
        self._steps = np.diff(centres) / spread

    def _far(self, off: Array) -> Array:
        return np.asarray((np.abs(np.cumsum(off, axis=1))[:, :-1] * self._steps).sum(axis=1), np.float64)

    def _named(self, bin: int) -> str:
        low, high = self._edges[bin : bin + 2].tolist()
        return f"at {low + 0.5:.0f}" if low % 1 == 0.5 else f"from {low:.3g} to {high:.3g}"


class Named(Wanted):
    """A histogram of categories; its distance is the total variation distance.

    Labels of categories that the target does not list do not count.
    """

    def __init__(self, categories: Sequence[str], wanted: Mapping[str, float]) -> None:
        """Scales the values of `wanted`, keyed by category, to fractions with the sum 1."""
        counts = np.array([wanted.get(name, 0.0) for name in categories])
        super().__init__(counts / counts.sum())
        self._categories, self._counted = categories, np.array([name in wanted for name in categories])

    def counts(self, bins: Sequence[int]) -> Array:
        """Number of labels of each listed category: (n,)."""
        return np.asarray(super().counts(bins) * self._counted, np.float64)

    def _far(self, off: Array) -> Array:
        return np.asarray(np.abs(off).sum(axis=1) / 2, np.float64)

    def _named(self, bin: int) -> str:
        return f"are {self._categories[bin]}"
