"""Selects images: removes faulty images and near-duplicates, then selects the best k of the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.derived import Derived
from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.names import Names
from sim2coco.datasets.provenance import sources_of, with_origin
from sim2coco.datasets.reading import Dataset
from sim2coco.seeding import rng_for
from sim2coco.selecting.matching import matching
from sim2coco.selecting.removing import NOT_CHOSEN, Removal, Verdicts, flagged, path_of, removals
from sim2coco.statistics.choosing import most_covering
from sim2coco.statistics.diversity import Vectors, coverage, vectors, vendi_score
from sim2coco.statistics.faults import Fault
from sim2coco.statistics.histograms import Histogram
from sim2coco.statistics.measures import ImageMeasures

RANDOM = 5
"""Number of random selections of the same size as a baseline for the diversity."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The selection settings.

    Attributes:
        share: Fraction of all images to keep; None to use `number`.
        number: Number of images to keep; None to keep all images that are not removed.
        target: Target histograms of the selected images; if empty, images are selected by coverage.
        rules: The rules for removing images.
        seed: Random seed.
    """

    share: float | None
    number: int | None
    target: Mapping[str, Histogram]
    rules: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Diversity:
    """Diversity of the kept images, compared with all images and with random selections of the same size.

    Attributes:
        vendi_all: Vendi score of all images.
        vendi_kept: Vendi score of the kept images.
        vendi_random: Mean Vendi score of the random selections.
        coverage_kept: Coverage of all images by the kept images.
        coverage_random: Mean coverage of all images by the random selections.
    """

    vendi_all: float
    vendi_kept: float
    vendi_random: float
    coverage_kept: float
    coverage_random: float


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The kept images, and the reasons why other images are not kept.

    Attributes:
        paths: `split/name` of each image, kept or not.
        removed: Dict from the index of each image that is not kept to the reason.
        flags: The faults of each image, kept or not.
        diversity: The diversity of the kept images; None if there are no images.
    """

    paths: tuple[str, ...]
    removed: Mapping[int, Removal]
    flags: tuple[tuple[Fault, ...], ...]
    diversity: Diversity | None

    @property
    def kept(self) -> list[int]:
        """The indices of the kept images."""
        return [index for index in range(len(self.paths)) if index not in self.removed]


def selected(
    images: Sequence[ImageMeasures],
    wish: Wish,
    known: Verdicts,
    workers: int = 1,
    embedded: Vectors | None = None,
) -> Selection:
    """Selects images.

    Args:
        images: The measures of all images of a data set.
        wish: The selection settings.
        known: Reviewers' rejections and floating objects.
        workers: Number of threads for comparing images.
        embedded: (n, d), vectors for comparing images; None to use the features in `images`.
    """
    flags = flagged(images, known)
    removed = removals(images, flags, known, wish.rules, workers)
    rest = [index for index in range(len(images)) if index not in removed]
    features = [image.features for image in images]
    compared = vectors(features) if embedded is None else embedded
    chosen = set(_chosen(images, compared, rest, wish))
    removed |= {index: Removal(NOT_CHOSEN) for index in rest if index not in chosen}
    diversity = _diversity(compared, np.array(sorted(chosen), np.intp), wish.seed) if len(images) else None
    return Selection(tuple(map(path_of, images)), dict(sorted(removed.items())), tuple(flags), diversity)


def _chosen(images: Sequence[ImageMeasures], compared: Vectors, rest: list[int], wish: Wish) -> Iterator[int]:
    """Yields the indices of the selected images, from each split in proportion to its size."""
    total = len(rest) if wish.number is None else wish.number
    if wish.share is not None:
        total = max(1, round(wish.share * len(images)))
    by_split: dict[str, list[int]] = {}
    for index in rest:
        by_split.setdefault(images[index].split, []).append(index)
    numbers = _in_proportion([len(members) for members in by_split.values()], min(total, len(rest)))
    for members, number in zip(by_split.values(), numbers, strict=True):
        some = [images[index] for index in members]
        if wish.target:
            picked = matching(some, wish.target, number, rng_for(wish.seed, scene=0, stream="select"))
        else:
            picked = most_covering(compared[members], number)
        yield from (members[int(place)] for place in picked)


def _in_proportion(sizes: list[int], total: int) -> list[int]:
    """Distributes `total` in proportion to `sizes`, as integers (largest remainder method)."""
    exact = [total * size / max(sum(sizes), 1) for size in sizes]
    numbers = [int(share) for share in exact]
    order = sorted(range(len(sizes)), key=lambda place: (numbers[place] - exact[place], place))
    for place in order[: total - sum(numbers)]:
        numbers[place] += 1
    return numbers


def _diversity(compared: Vectors, kept: NDArray[np.intp], seed: int) -> Diversity:
    rng = rng_for(seed, scene=1, stream="select")
    draws = [np.sort(rng.choice(len(compared), len(kept), replace=False)) for _ in range(RANDOM)]
    return Diversity(
        vendi_score(compared),
        vendi_score(compared[kept]),
        float(np.mean([vendi_score(compared[draw]) for draw in draws])),
        coverage(compared, kept),
        float(np.mean([coverage(compared, draw) for draw in draws])),
    )


def reduced(data: Dataset, selection: Selection, made_by: Mapping[str, object]) -> Derived:
    """Returns the data set reduced to the selected images.

    Args:
        data: The data set.
        selection: The selection.
        made_by: The settings of the command `select`, which are recorded in the reduced data set.
    """
    kept = set(selection.kept)
    sources = sources_of(data.root, data.identity, data.info)
    settings = {"command": "select", **made_by}
    return Derived(data.info, _images(data, kept), len(kept), sources, settings, roots=(data.root,))


def _images(data: Dataset, kept: set[int]) -> Iterator[LabelledImage]:
    names, identity = Names(), data.identity
    for index, image in enumerate(data.images()):
        if index in kept:
            own = replace(with_origin(image, identity), other_files={})
            yield replace(own, name=names.of(own, prefixed=False))
