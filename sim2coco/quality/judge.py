"""One verdict on a labelled picture from all checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny

from scenes.settings import Kind, Settings, Share, one_of
from sim.annotate import Instance, Measures, Sample, measure

HIDDEN = "hidden"
"""The reason for an instance of which no pixel is seen: it is never a label."""


@dataclass(frozen=True)
class Judged:
    """What checks look at.

    Attributes:
        sample: The labelled picture.
        measures: Of its instances, in order.
        dropped: Reason for each instance whose label is dropped, by instance id.
        empty_on_purpose: Whether the scene was drawn without labelled objects.
    """

    sample: Sample
    measures: list[Measures]
    dropped: Mapping[int, str]
    empty_on_purpose: bool

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """The picture's brightness, (H, W), 0..255."""
        return np.asarray(cv2.cvtColor(self.sample.image, cv2.COLOR_RGB2GRAY), np.uint8)

    def brightness(self, share: float) -> int:
        """The brightness, 0..255, that at least a share of the pixels do not exceed."""
        return int(np.searchsorted(self._ranks, share * self._ranks[-1]))

    @cached_property
    def _ranks(self) -> NDArray[np.int64]:
        """How many of some pixels are at most as bright as each value, (256,)."""
        few = np.ascontiguousarray(self.grey[::4, ::4])
        return np.bincount(few.ravel(), minlength=256).cumsum()


class Check(Kind):
    """A rule that a label or a picture must pass."""

    def drops(self, instance: Instance, measures: Measures) -> bool:
        """Whether the label of an instance is dropped."""
        return False

    def rejects(self, judged: Judged) -> bool:
        """Whether the picture is rejected."""
        return False


class Quality(Settings):
    """Which pictures and labels are good enough."""

    checks: dict[str, SerializeAsAny[Annotated[Check, one_of(Check)]]] = Field(default_factory=dict)
    """Named checks; remove one with `~quality.checks.NAME`."""
    patience: Annotated[int, Field(ge=1)] = 200
    """A run ends when this many views in a row ..."""
    min_yield: Share = 0.02
    """... gave less than this share of accepted ones."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks say of a picture.

    Attributes:
        reasons: Names of the checks that reject it; accepted when empty.
        dropped: Reason for each instance whose label is dropped, by instance id.
        measures: Of the instances, in order: what the verdict rests on.
    """

    reasons: tuple[str, ...]
    dropped: Mapping[int, str]
    measures: list[Measures]

    @property
    def accepted(self) -> bool:
        """Whether no check rejects the picture."""
        return not self.reasons


def judge(
    quality: Quality, sample: Sample, empty_on_purpose: bool, measures: list[Measures] | None = None
) -> Verdict:
    """The verdict on a labelled picture: labels first, then the picture with the labels that remain.

    Args:
        quality: The checks.
        sample: The picture.
        empty_on_purpose: Whether its scene was drawn without labelled objects.
        measures: What its masks tell, where that is known.
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
