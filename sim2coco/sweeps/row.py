"""One row of the table of a sweep, read from the data set of a job."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.reading import open_dataset
from sim2coco.review.status import status

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class SweepJob:
    """A job of a sweep.

    Attributes:
        number: Number of the job in the sweep, from 0.
        overrides: The job's overrides, including the overrides shared by all jobs.
        out: Folder of the job's data set.
    """

    number: int
    overrides: tuple[str, ...]
    out: Path


@dataclass(frozen=True, slots=True)
class Spread:
    """The 10 %, 50 % and 90 % quantiles of a quantity; NaN if there are no values."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Computes the three quantiles of the given values."""
        found = np.quantile(values, QUANTILES) if len(values) else np.full(len(QUANTILES), math.nan)
        return cls(*map(float, found))


@dataclass(frozen=True, slots=True)
class Row:
    """One job in the table of a sweep.

    Attributes:
        job: The job.
        state: `finished`, `running`, `stopped`, `damaged`, or `none` if the job has made no data set.
        accepted: Number of accepted views.
        reasons: Number of views and scenes that each reason has rejected.
        accepted_share: Fraction of accepted views (`Status.accepted_share`); NaN if unknown.
        failed: Number of failed scenes.
        objects: Quantiles of the number of labels per image.
        visible_fraction: Quantiles of the visible fraction of labels.
        side_px: Quantiles of the size of labels, which is the square root of the number of visible pixels.
        per_s: Accepted views per second at the end of the run; NaN if it is not known.
        score: The score of the data set; NaN if the sweep is not scored.
    """

    job: SweepJob
    state: str
    accepted: int
    reasons: Counter[str]
    accepted_share: float
    failed: int
    objects: Spread
    visible_fraction: Spread
    side_px: Spread
    per_s: float
    score: float = math.nan


def read_rows(jobs: Iterable[SweepJob], scores: Mapping[int, float | None]) -> list[Row]:
    """Reads the results of jobs, one row per job. If a data set is unfinished, its quantiles are NaN.

    Args:
        jobs: The jobs.
        scores: The scores of the jobs that have one, keyed by job number.
    """
    return [replace(_read(job), score=_number(scores.get(job.number))) for job in jobs]


def _read(job: SweepJob) -> Row:
    nothing = Row(job, "none", 0, Counter(), math.nan, 0, *_spreads([]), math.nan)
    if not (job.out / "run.json").exists():
        return nothing
    try:
        found = status(job.out)
        spreads = _spreads(open_dataset(job.out).images() if found.done else [])
    except (DataSetError, OSError):
        return replace(nothing, state="damaged")
    accepted = found.finished if found.done else found.accepted
    share, failed, rate = _number(found.accepted_share), len(found.failed), _number(found.per_s)
    return Row(job, found.state, accepted, found.reasons, share, failed, *spreads, rate)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _spreads(images: Iterable[LabelledImage]) -> tuple[Spread, Spread, Spread]:
    """Computes the quantiles for `Row.objects`, `Row.visible_fraction` and `Row.side_px`."""
    objects: list[float] = []
    visible: list[float] = []
    sides: list[float] = []
    for image in images:
        objects.append(len(image.labels))
        for label in image.labels:
            fraction = label.attributes.get("visible_fraction")
            visible += [fraction] if isinstance(fraction, float | int) else []
            sides.append(math.sqrt(label.area))
    return Spread.of(objects), Spread.of(visible), Spread.of(sides)
