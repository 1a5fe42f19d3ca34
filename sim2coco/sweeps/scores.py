"""Scores of data sets, for sweeps that look for the best settings."""

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.reading import Dataset, open_dataset
from sim2coco.messages import ConfigError
from sim2coco.review.status import status
from sim2coco.statistics.diversity import covered_share, vectors
from sim2coco.statistics.histograms import Histogram, earth_movers_distance, histograms
from sim2coco.statistics.measuring import measure
from sim2coco.sweeps.row import SweepJob
from sim2coco.sweeps.settings import REFERENCED, Score
from sim2coco.validate.results import Plan

WEIGHTS = {"layout": 1.0, "appearance": 1.0}
"""Weights of the compared features; categories are left out, as their number differs between data sets."""
COMPARED = ("objects", "box_size", "aspect", "brightness", "contrast", "sharpness")
"""Quantities whose histograms are compared for the score `likeness`."""


class Quiet:
    """Ignores the progress that a comparison of detectors reports by calling these methods."""

    def read(self, name: str, done: int, total: int) -> None:
        """Called while images are read, with the number of images of the data set `name` read so far."""

    def planned(self, forecast: object) -> None:
        """Called when the duration of the comparison has been estimated."""

    def stepped(self, done: int, total: int) -> None:
        """Called with the number of training steps done so far, over all trainings."""

    def scored(self, result: object) -> None:
        """Called when a trained detector has been tested, with its result."""


def check(score: Score) -> None:
    """Checks the settings of a score before the first job.

    Raises:
        ConfigError: The reference is missing or is not a data set, or PyTorch is missing.
    """
    if score.by not in REFERENCED:
        return
    if not score.reference:
        raise ConfigError(
            f"score.reference: score.by={score.by} needs a reference, for example score.reference=data/real"
        )
    try:
        sizes = open_dataset(Path(score.reference).expanduser()).sizes().values()
    except DataSetError as error:
        raise ConfigError(f"score.reference: {error}") from error
    if not any(size.annotations for size in sizes):
        raise ConfigError(f"score.reference: {score.reference} has no labels")
    if score.by == "ap" and find_spec("torch") is None:
        raise ConfigError("score.by: ap needs PyTorch; install the extra validate")


def score_of(score: Score, job: SweepJob) -> float | None:
    """Computes the score of a job's finished data set.

    Returns None if `score.by` is `none`, or if the score is not a finite number because the data sets have
    nothing to compare.

    Raises:
        DataSetError: A data set cannot be read.
    """
    if score.by == "none":
        return None
    if score.by == "accepted":
        return status(job.out).accepted_share
    reference = open_dataset(Path(score.reference or "").expanduser())
    return _known(BY_REFERENCE[score.by](score, open_dataset(job.out), reference))


def _known(score: float) -> float | None:
    return score if math.isfinite(score) else None


def _coverage(score: Score, dataset: Dataset, reference: Dataset) -> float:
    """The fraction of reference images that the data set covers (Naeem et al. 2020).

    A reference image is covered if its distance to some image of the data set is at most its distance to the
    5th nearest of the other reference images.
    """
    own, others = list(measure(dataset)), list(measure(reference))
    length = min(len(image.features) for image in (*own, *others))
    both = vectors([image.features[:length] for image in (*others, *own)], WEIGHTS)
    return covered_share(both[: len(others)], both[len(others) :])


def _likeness(score: Score, dataset: Dataset, reference: Dataset) -> float:
    """The negative mean earth mover's distance between the histograms of the data set and of the reference.

    Each distance is divided by the standard deviation of the reference's histogram, or by its bin width if
    that is larger.
    """
    own, others = (histograms(measure(one), one.info.categories) for one in (dataset, reference))
    far = [earth_movers_distance(own[name], others[name]) / _spread(others[name]) for name in COMPARED]
    return -float(np.mean(far))


def _spread(histogram: Histogram) -> float:
    """The standard deviation of a histogram, or the bin width if that is larger.

    For a histogram with logarithmic bins, the result is in octaves.
    """
    edges = np.log2(histogram.edges) if histogram.logarithmic else histogram.edges
    centres, width = (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])
    share = histogram.counts / histogram.counts.sum()
    mean = float(share @ centres)
    return max(float(np.sqrt(share @ (centres - mean) ** 2)), width)


def plan_of(score: Score) -> Plan:
    """Returns how detectors are trained to measure the score `ap`: the number of seeds and of steps."""
    return Plan(score.seeds, score.steps)


def _average_precision(score: Score, dataset: Dataset, reference: Dataset) -> float:
    """Trains one detector per seed on the data set; returns their mean AP on the reference."""
    from sim2coco.validate.comparing import compare

    (result,) = compare({"job": dataset}, reference, plan_of(score), [], Quiet()).report.results
    return float(np.mean([found.ap or 0.0 for found in result.scores]))


BY_REFERENCE: Mapping[str, Callable[[Score, Dataset, Dataset], float]] = {
    "coverage": _coverage,
    "likeness": _likeness,
    "ap": _average_precision,
}
"""The functions that compute the scores that need a reference, by name of the score."""
