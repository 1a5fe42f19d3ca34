"""The results of a validation: a mean and a spread over seeds, and a file with all numbers."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from sim2coco.validate.found import Found
from sim2coco.validate.scoring import Reference, Scores

Number = Callable[[Scores], float | None]
"""One of the numbers of a test."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How trainings are done.

    Attributes:
        seeds: Number of trainings on each data set.
        steps: Steps of each training; None for 18 views of each image of the largest set, from 1000 to 2250.
        minutes: Time of each training instead, on this machine.
        long_px: Length of the longer side of images in the detector.
        split: Split of the reference; None for all but train.
        device: `cpu`, `cuda` or None.
        first_seed: The first of the seeds.
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
    """What will be done, and how long it will take."""

    trainings: int
    steps: int
    seconds_per_step: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean of a number over the seeds, and its standard deviation; None for one seed."""

    mean: float
    deviation: float | None

    def __str__(self) -> str:
        """Both with three decimals.

        Example:
            >>> str(Spread(0.5, 0.0123)), str(Spread(0.5, None))
            ('0.500 ± 0.012', '0.500')
        """
        return f"{self.mean:.3f}" + ("" if self.deviation is None else f" ± {self.deviation:.3f}")


def spread(values: Sequence[float | None]) -> Spread | None:
    """The mean and the deviation of some values; None if one of them is not known.

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
    """How well the detectors of one data set did.

    Attributes:
        name: The data set, or the file of predictions.
        images: Number of its training images; 0 if it was not trained here.
        scores: One for each seed.
        losses: Loss after each step, for each seed.
        seconds: Time of each training.
    """

    name: str
    images: int
    scores: tuple[Scores, ...]
    losses: tuple[tuple[float, ...], ...] = ()
    seconds: tuple[float, ...] = ()

    def extended(self, scores: Scores, losses: tuple[float, ...], seconds: float) -> "Result":
        """The same with one more training."""
        return Result(
            self.name,
            self.images,
            (*self.scores, scores),
            (*self.losses, losses),
            (*self.seconds, seconds),
        )

    def spread(self, number: Number) -> Spread | None:
        """The spread of one of the scores over the seeds."""
        return spread([number(own) for own in self.scores])


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a validation.

    Attributes:
        reference: The data set of the test.
        images: Number of its images.
        categories: The categories that count.
        notes: What is not comparable.
        steps: Steps of each training; 0 for predictions.
        size: Width and height of the images in the detector.
        results: One for each data set.
    """

    reference: str
    images: int
    categories: tuple[str, ...]
    notes: tuple[str, ...]
    steps: int
    size: tuple[int, int]
    results: tuple[Result, ...]

    def as_json(self) -> str:
        """All numbers, in a stable order."""
        tree: dict[str, Any] = asdict(self)
        for own, result in zip(tree["results"], self.results, strict=True):
            own["ap"] = _pair(result.spread(lambda scores: scores.ap))
            own["ap50"] = _pair(result.spread(lambda scores: scores.ap50))
        return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def _pair(value: Spread | None) -> dict[str, float | None] | None:
    return None if value is None else {"mean": value.mean, "deviation": value.deviation}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The results, and for the pictures what the first detector of each data set found in each image."""

    report: Report
    reference: Reference
    found: Mapping[str, tuple[Found, ...]]


def table(report: Report) -> list[str]:
    """The results as lines of text: one row for each data set, then one for each category."""
    results, categories = tables(report, [result.name for result in report.results])
    return [*_aligned(results), "", *_aligned(categories)]


def tables(report: Report, names: Sequence[str]) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of two tables: of the data sets, and of the categories; the first row of each is its head.

    Args:
        report: The results.
        names: What the data sets are called.
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
    """The spread of each number of each result as text."""
    return [str(result.spread(number) or "-") for number in numbers for result in results]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with columns of equal width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
