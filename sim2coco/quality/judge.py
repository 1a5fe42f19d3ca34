"""Applies all checks to a labelled image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny

from scenes.settings import Kind, Settings, Share, one_of
from sim.sample import Instance, Measures, Sample, measure
from sim2coco.target.choosing import Chooser
from sim2coco.target.settings import BALANCED, HISTOGRAMS, Name, Target

HIDDEN = "hidden"
"""The reason for dropping the label of an instance without visible pixels, whatever the checks are."""


@dataclass(frozen=True)
class Judged:
    """A labelled image as the checks receive it.

    Attributes:
        sample: The labelled image.
        measures: Measures of each instance, in the order of `sample.instances`.
        dropped: Dict from the id of each instance whose label is dropped to the reason.
        empty_on_purpose: Whether the scene was sampled without labelled objects.
    """

    sample: Sample
    measures: list[Measures]
    dropped: Mapping[int, str]
    empty_on_purpose: bool

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """The image's brightness, (H, W), 0..255."""
        return np.asarray(cv2.cvtColor(self.sample.image, cv2.COLOR_RGB2GRAY), np.uint8)

    def brightness(self, fraction: float) -> int:
        """Returns a quantile of the brightness, 0..255, computed from every 4th row and column.

        Args:
            fraction: The quantile, 0..1; 0.95 gives the 95th percentile.
        """
        return int(np.searchsorted(self._cumulative, fraction * self._cumulative[-1]))

    @cached_property
    def _cumulative(self) -> NDArray[np.int64]:
        """Cumulative histogram (256,) of the brightness in every 4th row and column."""
        sampled = np.ascontiguousarray(self.grey[::4, ::4])
        return np.bincount(sampled.ravel(), minlength=256).cumsum()


class Check(Kind):
    """A rule that labels or images must pass."""

    def drops(self, instance: Instance, measures: Measures) -> bool:
        """Whether this check drops the label of an instance."""
        return False

    def rejects(self, judged: Judged) -> bool:
        """Whether this check rejects the image."""
        return False


class Quality(Settings):
    """Which images and labels are accepted."""

    checks: dict[str, SerializeAsAny[Annotated[Check, one_of(Check)]]] = Field(default_factory=dict)
    """Checks by name, such as {few: {kind: instances, minimum: 3}}; remove one with
    `~quality.checks.NAME`."""
    patience: Annotated[int, Field(ge=1)] = 200
    """Number of most recent views over which min_yield is measured."""
    min_yield: Share = 0.02
    """Minimum fraction of accepted views; below it, the run stops with an error."""
    target: Literal["balanced"] | Target | None = None
    """Desired distribution of the accepted images: balanced (equally many labels of each category), a COCO
    data set to match (folder or annotation file), or histograms; null for none."""
    target_histograms: Annotated[tuple[Name, ...], Field(min_length=1)] = HISTOGRAMS
    """Histograms to match, if target is a data set."""
    target_tolerance: Annotated[float, Field(ge=0, le=10)] = 0.05
    """Distance at which the target is reached: the mean over the histograms, in standard deviations of the
    target; for categories, the fraction of labels that would have to change category."""
    target_effort: Annotated[int, Field(ge=1, le=100)] = 5
    """Average number of accepted views for each view that is kept, until the target is reached; the views
    that bring the images closest to it are kept."""

    def chooser(self, objects: Sequence[str], categories: Sequence[str]) -> Chooser | None:
        """Returns a `Chooser` of views for the target; None without a target.

        Args:
            objects: Names of the object categories.
            categories: Names of all categories.

        Raises:
            ConfigError: The target has no histogram that can be compared.
        """
        if self.target is None:
            return None
        balanced = Target(name=BALANCED, categories=dict.fromkeys(objects, 1.0))
        target = balanced if self.target == BALANCED else self.target
        assert isinstance(target, Target)
        return Chooser(target, categories, self.target_tolerance, self.target_effort)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of the checks on an image.

    Attributes:
        reasons: Names of the checks that reject the image; it is accepted if there are none.
        dropped: Dict from the id of each instance whose label is dropped to the reason.
        measures: Measures of each instance, in the order of the sample's instances.
    """

    reasons: tuple[str, ...]
    dropped: Mapping[int, str]
    measures: list[Measures]

    @property
    def accepted(self) -> bool:
        """Whether no check rejects the image."""
        return not self.reasons


def judge(
    quality: Quality, sample: Sample, empty_on_purpose: bool, measures: list[Measures] | None = None
) -> Verdict:
    """Applies all checks to a labelled image, and returns their result.

    The labels are checked first, and then the image with the labels that remain.

    Args:
        quality: The checks.
        sample: The labelled image.
        empty_on_purpose: Whether its scene was sampled without labelled objects.
        measures: The measures of its instances; None computes them from the sample.
    """
    measures = measure(sample) if measures is None else measures
    dropped: dict[int, str] = {}
    for instance, measured in zip(sample.instances, measures, strict=True):
        if not measured.visible_px:
            dropped[instance.id] = HIDDEN
        for name, check in quality.checks.items():
            if instance.id not in dropped and check.drops(instance, measured):
                dropped[instance.id] = name
    judged = Judged(sample, measures, dropped, empty_on_purpose)
    reasons = tuple(name for name, check in quality.checks.items() if check.rejects(judged))
    return Verdict(reasons, dropped, measures)
