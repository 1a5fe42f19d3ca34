"""The results of a validation: mean and standard deviation over seeds, and a file with all numbers."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from sim2coco.validate.found import Found
from sim2coco.validate.scoring import Reference, Scores

Number = Callable[[Scores], float | None]
"""Extracts one number from the scores of a test."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The training settings.

    Attributes:
        seeds: Number of trainings on each data set.
        steps: Steps per training; None for 18 epochs of the largest data set, clamped to 1000..2250 steps.
        minutes: If set, each training has as many steps as this machine makes in this time, whatever `steps`
            says; None to use `steps`.
        long_px: Length of the longer image side in the detector.
        split: Split of the test data set; None for all its splits except `train`.
        device: `cpu`, `cuda` or None for automatic selection.
        first_seed: The first seed.
    """

    seeds: int = 3
    steps: int | None = None
    minutes: float | None = None
    long_px: int = 320
    split: str | None = None
    device: str | None = None
    first_seed: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """The planned work and its estimated duration."""

    trainings: int
    steps: int
    seconds_per_step: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation of a score over the seeds; the deviation is None for a single seed."""

    mean: float
    deviation: float | None

    def __str__(self) -> str:
        """Formats the mean, and the deviation if there is one, with three decimals.

        Example:
            >>> str(Spread(0.5, 0.0123)), str(Spread(0.5, None))
            ('0.500 ± 0.012', '0.500')
        """
        return f"{self.mean:.3f}" + ("" if self.deviation is None else f" ± {self.deviation:.3f}")


def spread(values: Sequence[float | None]) -> Spread | None:
    """Computes the mean and standard deviation of values; None if any value is unknown.

    Example:
        >>> spread([0.25, 0.75])
        Spread(mean=0.5, deviation=0.3535533905932738)
    """
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return Spread(fmean(known), stdev(known) if len(known) > 1 else None)


@dataclass(frozen=True, slots=True)
class Result:
    """The scores of the detectors trained on one data set, or of one predictions file.

    Attributes:
        name: Name of the data set or of the predictions file.
        images: Number of training images; 0 for predictions.
        scores: Scores for each seed.
        losses: Loss at each step, for each seed.
        seconds: Duration of each training.
    """

    name: str
    images: int
    scores: tuple[Scores, ...]
    losses: tuple[tuple[float, ...], ...] = ()
    seconds: tuple[float, ...] = ()

    def extended(self, scores: Scores, losses: tuple[float, ...], seconds: float) -> "Result":
        """Returns the result with another training added."""
        return Result(
            self.name,
            self.images,
            (*self.scores, scores),
            (*self.losses, losses),
            (*self.seconds, seconds),
        )

    def spread(self, number: Number) -> Spread | None:
        """Returns the mean and standard deviation, over the seeds, of the score that `number` extracts."""
        return spread([number(own) for own in self.scores])


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a validation.

    Attributes:
        reference: Path of the test data set.
        images: Number of test images.
        categories: Names of the compared categories.
        notes: Notes on the categories that are not compared.
        steps: Steps per training; 0 for predictions.
        size: Width and height of the detector's input.
        results: The result of each data set.
    """

    reference: str
    images: int
    categories: tuple[str, ...]
    notes: tuple[str, ...]
    steps: int
    size: tuple[int, int]
    results: tuple[Result, ...]

    def as_json(self) -> str:
        """Returns all numbers as JSON, in a stable order."""
        tree: dict[str, Any] = asdict(self)
        for own, result in zip(tree["results"], self.results, strict=True):
            own["ap"] = _pair(result.spread(lambda scores: scores.ap))
            own["ap50"] = _pair(result.spread(lambda scores: scores.ap50))
        return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def _pair(value: Spread | None) -> dict[str, float | None] | None:
    return None if value is None else {"mean": value.mean, "deviation": value.deviation}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The results of a validation, and the detections that plots and pictures need.

    Attributes:
        report: The results.
        reference: The test images.
        found: For each data set, keyed by its name, the detections of the detector with the first seed.
    """

    report: Report
    reference: Reference
    found: Mapping[str, tuple[Found, ...]]


def table(report: Report) -> list[str]:
    """Formats the results as lines of text: one row per data set, then one row per category."""
    results, categories = tables(report, [result.name for result in report.results])
    return [*_aligned(results), "", *_aligned(categories)]


def tables(report: Report, names: Sequence[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Returns two tables, each as a list of rows of cells; the first row is the header.

    The first table has a row for each data set and a column for each score. The second one has a row for
    each category and a column for each data set.

    Args:
        report: The results.
        names: Display names of the data sets.
    """
    numbers: dict[str, Number] = {
        "AP": lambda scores: scores.ap,
        "AP50": lambda scores: scores.ap50,
        "AP75": lambda scores: scores.ap75,
        **{f"AP {size}": _of_size(size) for size in ("small", "medium", "large")},
    }
    pairs = zip(names, report.results, strict=True)
    rows = [[name, *_cells([result], numbers.values())] for name, result in pairs]
    categories = [[name, *_cells(report.results, [_of_category(name)])] for name in report.categories]
    return [["", *numbers], *rows], [["AP of each category", *names], *categories]


def _of_size(size: str) -> Number:
    return lambda scores: scores.by_size[size]


def _of_category(name: str) -> Number:
    return lambda scores: scores.by_category[name]


def _cells(results: Iterable[Result], numbers: Iterable[Number]) -> list[str]:
    """Formats the mean and standard deviation of scores, with a cell for each score of each result.

    The cells of the first score come first, with one for each result. An unknown score is `-`.
    """
    return [str(result.spread(number) or "-") for number in numbers for result in results]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Formats rows with aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
