"""Chooses the views of a run, one after the other, so that their histograms approach a target."""

from collections import deque
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from sim2coco.messages import ConfigError
from sim2coco.target.bins import Bins
from sim2coco.target.settings import Target
from sim2coco.target.wanted import Array, wanted_of

RECENT = 60
"""Minimum number of recent views, including the current one, among which a view is ranked."""

Counts = dict[str, Array]


class Chooser:
    """Decides for each view that has passed all checks whether a run keeps it.

    A view is chosen if the histograms of the chosen views, with this view added, are within `tolerance` of
    the target. It is also chosen if it is among the best 1/`effort` of the most recent views. For this, views
    are ranked by the distance to the target that results if the view is added. Until there are `effort`
    views, none is chosen by rank. The decision depends on earlier views, but not on the number of images that
    the run is to make, so a run that is extended later keeps its chosen views.

    The distance to the target is the mean over its histograms. For ordered bins, it is the earth mover's
    distance in standard deviations of the target; for categories, the total variation distance, which is the
    fraction of labels that would have to change their category.

    Args:
        target: The target.
        categories: The names of the categories.
        tolerance: The distance at which the target is reached.
        effort: One of this many views is chosen on average, until the target is reached.
    """

    def __init__(self, target: Target, categories: Sequence[str], tolerance: float, effort: int) -> None:
        """Begins without views.

        Raises:
            ConfigError: The target has no histogram that can be used. A histogram of categories needs at
                least two of `categories`.
        """
        self._tolerance, self._effort = tolerance, effort
        self._wanted = wanted_of(target, categories)
        if not self._wanted:
            raise ConfigError(f"quality.target: {target.name or 'it'} has no usable histogram")
        self._drawn, self._chosen = self._empty(), self._empty()
        self._recent: deque[Counts] = deque(maxlen=effort * -(-RECENT // effort))
        self._views, self._plain = [0, 0], [0, 0]

    def _empty(self) -> Counts:
        return {name: np.zeros(len(one.shares)) for name, one in self._wanted.items()}

    def take(self, bins: Bins, left_out: bool = False) -> bool:
        """Decides about the next view and counts it; returns whether it is chosen.

        Args:
            bins: Maps the name of each histogram to the bins into which the values of the images fall.
            left_out: Whether the view must not be chosen, because an earlier run left it out.
        """
        counts = {name: one.counts(bins.get(name, ())) for name, one in self._wanted.items()}
        plain = not any(each.any() for each in counts.values())
        self._count(0, counts, plain)
        if not plain:
            self._recent.append(counts)
        chosen = not left_out and (self._keeps_share() if plain else self._is_near(counts))
        if chosen:
            self._count(1, counts, plain)
        return chosen

    def _count(self, which: int, counts: Counts, plain: bool) -> None:
        """Counts a view.

        Args:
            which: 0 to count it among all views, 1 to count it among the chosen views.
            counts: Number of values of the view in each bin, by histogram.
            plain: Whether the view has no value in any histogram.
        """
        for name, added in counts.items():
            (self._drawn, self._chosen)[which][name] += added
        self._views[which] += 1
        self._plain[which] += plain

    def _keeps_share(self) -> bool:
        """Whether to choose a view that has no value in any histogram, such as a view without labels.

        Such views are chosen so that their fraction among the chosen views is the same as among all views.
        """
        return self._plain[1] * self._views[0] <= self._plain[0] * self._views[1]

    def _is_near(self, counts: Counts) -> bool:
        """Whether to choose a view that has values in the histograms, by the rule of the class.

        Args:
            counts: Number of values of the view in each bin, by histogram.
        """
        together = {name: self._chosen[name] + added for name, added in counts.items()}
        if fmean(self._distances(together).values()) <= self._tolerance:
            return True
        if len(self._recent) < self._effort:
            return False
        costs = sum(
            one.costs(self._chosen[name], np.array([each[name] for each in self._recent]))
            for name, one in self._wanted.items()
        )
        better = int(np.count_nonzero(costs < costs[-1]))  # type: ignore[index] # there is a histogram
        return better * self._effort < len(self._recent)

    def _distances(self, counts: Mapping[str, Array]) -> dict[str, float]:
        return {name: one.distance(counts[name]) for name, one in self._wanted.items()}

    @property
    def result(self) -> dict[str, tuple[float, float]]:
        """Distances of all views and of the chosen views from the target, keyed by histogram."""
        drawn, chosen = self._distances(self._drawn), self._distances(self._chosen)
        return {name: (drawn[name], chosen[name]) for name in drawn}

    def missing(self) -> str:
        """Describes what is missing most in the histogram farthest from the target; "" if it is reached."""
        far = self._distances(self._chosen)
        if fmean(far.values()) <= self._tolerance:
            return ""
        name = max(far, key=lambda name: far[name])
        return f"{name}: {self._wanted[name].missing(self._chosen[name])}"
