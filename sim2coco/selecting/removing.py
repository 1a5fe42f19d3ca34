"""Which images are removed: rejected by reviewers, faulty, or near-duplicates of others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sim2coco.statistics.duplicates import near_duplicates
from sim2coco.statistics.faults import RULES, Fault, find_faults
from sim2coco.statistics.measures import ImageMeasures

FLOATING, DUPLICATE, REJECTED, NOT_CHOSEN = "floating", "duplicate", "rejected", "not_chosen"
REASONS = (*RULES, FLOATING, DUPLICATE)
"""The rules."""
REMOVED = ("black", "overexposed", "blurred", FLOATING, DUPLICATE)
"""The rules whose images are removed unless others are asked for; those of all others are only flagged."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Why an image is not kept."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is known of images beyond their measures.

    Attributes:
        rejected: Who rejects images, by their split and name.
        floating: What floats, by the number of the scene.
    """

    rejected: Mapping[str, str] = field(default_factory=dict)
    floating: Mapping[int, str] = field(default_factory=dict)


def path_of(image: ImageMeasures) -> str:
    """Split and name of an image, as in verdicts."""
    return f"{image.split}/{image.name}" if image.split else image.name


def flagged(images: Sequence[ImageMeasures], known: Verdicts) -> list[tuple[Fault, ...]]:
    """What is odd about each image, by all rules but that of near-duplicates."""
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
    """The images that are removed, by their index; the first image of each group of near-duplicates stays.

    Args:
        images: The measures of all images.
        flags: What is odd about each.
        known: What reviewers say.
        rules: The rules whose images are removed.
        workers: Number of threads that compare images.
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
