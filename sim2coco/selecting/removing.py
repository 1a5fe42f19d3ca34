"""Finds the images to remove: rejected by reviewers, faulty, or near-duplicates of other images."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sim2coco.statistics.duplicates import near_duplicates
from sim2coco.statistics.faults import RULES, Fault, find_faults
from sim2coco.statistics.measures import ImageMeasures

FLOATING, DUPLICATE, REJECTED, NOT_CHOSEN = "floating", "duplicate", "rejected", "not_chosen"
REASONS = (*RULES, FLOATING, DUPLICATE)
"""All rules for flagging or removing images."""
REMOVED = ("black", "overexposed", "blurred", FLOATING, DUPLICATE)
"""The default rules for removing images; the other rules only flag images."""


@dataclass(frozen=True, slots=True)
class Removal:
    """The reason why an image is not kept."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Information about images in addition to their measures.

    Attributes:
        rejected: Dict from the `split/name` of a rejected image to the reviewers who reject it.
        floating: Dict from scene index to a description of the floating objects in the scene.
    """

    rejected: Mapping[str, str] = field(default_factory=dict)
    floating: Mapping[int, str] = field(default_factory=dict)


def path_of(image: ImageMeasures) -> str:
    """Returns `split/name` of an image, its key in `Verdicts.rejected`."""
    return f"{image.split}/{image.name}" if image.split else image.name


def flagged(images: Sequence[ImageMeasures], known: Verdicts) -> list[tuple[Fault, ...]]:
    """Returns the faults of each image, including floating objects from `known`; ignores near-duplicates."""
    found = []
    for image in images:
        faults = [*find_faults(image)]
        if image.scene is not None and image.scene in known.floating:
            faults.append(Fault(FLOATING, known.floating[image.scene]))
        found.append(tuple(faults))
    return found


def removals(
    images: Sequence[ImageMeasures],
    flags: Sequence[tuple[Fault, ...]],
    known: Verdicts,
    rules: Collection[str],
    workers: int,
) -> dict[int, Removal]:
    """Finds the images to remove. Of each group of near-duplicates, the first image in `images` is kept.

    Args:
        images: The measures of all images.
        flags: The faults of each image, from `flagged`.
        known: Reviewers' rejections.
        rules: The rules for removing images.
        workers: Number of threads for comparing images.

    Returns:
        A dict from the index of each image to remove to the reason.
    """
    found: dict[int, Removal] = {}
    for index, (image, faults) in enumerate(zip(images, flags, strict=True)):
        removing = [fault for fault in faults if fault.rule in rules]
        if path_of(image) in known.rejected:
            found[index] = Removal(REJECTED, known.rejected[path_of(image)])
        elif removing:
            found[index] = Removal(removing[0].rule, removing[0].detail)
    if DUPLICATE in rules:
        found |= _duplicates(images, [index for index in range(len(images)) if index not in found], workers)
    return found


def _duplicates(images: Sequence[ImageMeasures], rest: list[int], workers: int) -> dict[int, Removal]:
    groups = near_duplicates([images[index] for index in rest], workers)
    return {
        rest[other]: Removal(DUPLICATE, f"of {path_of(images[rest[first]])}")
        for first, *others in groups
        for other in others
    }
