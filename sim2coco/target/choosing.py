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
    """Decides about the views that all checks accept, in the order of scenes.

    A view is chosen if the target is reached with it, or if it is among the best 1/`effort` of the recent
    views, ranked by how close each would bring the histograms to the target. The first views only serve for
    comparison. The decision depends on earlier views only, and not on how many images are wanted: a run that
    is extended keeps its chosen views.

    The distance to the target is the mean over its histograms. For ordered bins, it is the earth mover's
    distance in standard deviations of the target; for categories, the total variation distance, which is the
    fraction of labels that would have to change their category.

    Args:
        target: The target.
        categories: The names of the categories.
        tolerance: The distance at which the target is reached.
        effort: Average number of accepted views for each chosen view, until the target is reached.
    """

    def __init__(self, target: Target, categories: Sequence[str], tolerance: float, effort: int) -> None:
        """Begins without views.

        Raises:
            ConfigError: No histogram of the target can be compared.
        """
        self._tolerance, self._effort = tolerance, effort
        self._wanted = wanted_of(target, categories)
        if not self._wanted:
            raise ConfigError(f"quality.target: {target.name or 'it'} has no histogram that can be compared")
        self._drawn, self._chosen = self._empty(), self._empty()
        self._recent: deque[Counts] = deque(maxlen=effort * -(-RECENT // effort))
        self._views, self._plain = [0, 0], [0, 0]

    def _empty(self) -> Counts:
        return {name: np.zeros(len(one.shares)) for name, one in self._wanted.items()}

    def take(self, bins: Bins, left_out: bool = False) -> bool:
        """Returns whether the next view is chosen, and adds the view to the counts.

        Args:
            bins: The bins of the view's images.
            left_out: Whether an earlier run has already left the view out.
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
        """Adds a view to the counts of all views (0) or of the chosen views (1)."""
        for name, added in counts.items():
            (self._drawn, self._chosen)[which][name] += added
        self._views[which] += 1
        self._plain[which] += plain

    def _keeps_share(self) -> bool:
        """Whether to choose a view without values in any histogram; preserves the fraction of such views."""
        return self._plain[1] * self._views[0] <= self._plain[0] * self._views[1]

    def _is_near(self, counts: Counts) -> bool:
        """Whether the target is reached with a view, or the view is among the best of the recent views."""
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
        """For each histogram, two distances to the target: over all views, and over the chosen views."""
        drawn, chosen = self._distances(self._drawn), self._distances(self._chosen)
        return {name: (drawn[name], chosen[name]) for name in drawn}

    def missing(self) -> str:
        """Describes the bin with the largest shortfall; "" if the target is reached."""
        far = self._distances(self._chosen)
        if fmean(far.values()) <= self._tolerance:
            return ""
        name = max(far, key=lambda name: far[name])
        return f"{name}: {self._wanted[name].missing(self._chosen[name])}"
