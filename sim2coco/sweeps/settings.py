"""The settings of the score of a sweep."""

from typing import Annotated, Literal

from pydantic import Field

from scenes.settings import Settings

REFERENCED = ("coverage", "likeness", "ap")
"""Scores that compare with a reference."""


class Score(Settings):
    """How the data sets of a sweep are scored. Higher is better, in a plot and for Optuna's sweeper."""

    by: Literal["none", "accepted", "coverage", "likeness", "ap"] = "none"
    """The score: `accepted`, the fraction of accepted views; `coverage`, the fraction of reference images
    that resemble an image of the data set; `likeness`, minus the mean distance between the histograms of data
    set and reference; or `ap`, the average precision of a small detector on the reference."""
    reference: str | None = None
    """The reference: a folder with a COCO data set."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 400
    """Steps of the training for `ap`."""
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    """Number of trainings for `ap`; the score is their mean."""
