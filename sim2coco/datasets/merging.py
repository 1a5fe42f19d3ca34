"""Merges data sets; the result does not depend on the order in which they are given.

Data sets are sorted by identity, categories are matched by name, and each image records its origin. Only one
image is in memory at a time.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.check.layout import UNNAMED
from sim2coco.datasets.categories import joined
from sim2coco.datasets.derived import Derived
from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, LabelledImage, Skeleton
from sim2coco.datasets.names import Names
from sim2coco.datasets.provenance import DATASET, origin, refuse_twice, sources_of, with_origin
from sim2coco.datasets.reading import Dataset, has_depth
from sim2coco.seeding import rng_for

USUAL = ("train", "val", "test")
"""Split names that come first, in this order."""
SAME = {"valid": "val", "validation": "val", "training": "train", "testing": "test"}

Drawn = Mapping[str, NDArray[np.bool_]]
"""For each split of a data set, whether each of its images is selected: bool (n,)."""


def merged(
    datasets: Mapping[str, Dataset], shares: Mapping[str, float] | None = None, seed: int = 0
) -> Derived:
    """Merges data sets.

    Args:
        datasets: The data sets, keyed by the names that messages use.
        shares: Relative number of images from each data set in the result, with the same keys; None to take
            all images.
        seed: Random seed for selecting images according to `shares`.

    Raises:
        DataSetError: Two data sets contain images of the same original data set, or have different keypoints
            for a category; or a data set cannot be read, or has no images, or too few for its share.
    """
    ordered = sorted(datasets.items(), key=lambda pair: pair[1].identity)
    contained = [(name, sources_of(data.root, data.identity, data.info)) for name, data in ordered]
    refuse_twice(contained)
    for name, data in ordered:
        if not sum(size.images for size in data.sizes().values()):
            raise DataSetError(f"{name}: has no images yet; leave it out, or finish its run")
    infos = [data.info for _, data in ordered]
    splits = {split_of(split) for info in infos for split in info.splits}
    info = replace(
        _with_skeletons(joined(infos, _in_order(splits)), ordered),
        category_ids=(),
        amodal=all(info.amodal for info in infos),
        about={},
    )
    draws = _drawn(ordered, shares, seed) if shares else None
    parts = [_Part(data, info, draws[name] if draws else None, data.identity) for name, data in ordered]
    made_by: dict[str, Any] = {"command": "merge"}
    if shares:
        given = {data.identity: shares[name] for name, data in ordered}
        made_by |= {"shares": given, "seed": seed}
    return Derived(
        info,
        _images(parts),
        sum(part.num_images for part in parts),
        tuple(source for _, each in contained for source in each),
        made_by,
        tuple(_notes(ordered, info)),
        tuple(data.root for _, data in ordered),
    )


def _images(parts: Sequence["_Part"]) -> Iterator[LabelledImage]:
    """Yields the images of all data sets, one data set after another.

    Scenes are renumbered, so that each scene index of the result belongs to one scene only.

    Raises:
        DataSetError: Two data sets contain images of the same original data set. The error is raised here
            only if one of the two has no list of its sources.
    """
    names, first_scene = Names(), 0
    owners: dict[str | None, _Part] = {}
    for part in parts:
        last = first_scene - 1
        for image in part.images():
            if (owner := owners.setdefault(origin(image), part)) is not part:
                what = f"has images of the data set {image.facts[DATASET]}, as does {owner.data.root}"
                raise DataSetError(f"{part.data.root}: {what}; merge each data set once")
            scene = None if image.scene is None else first_scene + image.scene
            last = max(last, -1 if scene is None else scene)
            yield replace(image, name=names.of(image, prefixed=True), scene=scene)
        first_scene = last + 1


def split_of(name: str) -> str:
    """Maps a split of an input data set to a split of the result.

    Example:
        >>> [split_of(name) for name in ("val2017", "valid", "test", "labels", "night")]
        ['val', 'val', 'test', 'train', 'night']
    """
    undated = re.sub(r"[-_]?\d+$", "", name) or name
    return "train" if name in UNNAMED else SAME.get(undated, undated)


def _in_order(splits: set[str]) -> tuple[str, ...]:
    return (*(name for name in USUAL if name in splits), *sorted(splits - {*USUAL}))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """An input of a merge; converts its images to the splits, categories and licences of the result."""

    data: Dataset
    info: DatasetInfo
    drawn: Drawn | None
    identity: str

    @property
    def num_images(self) -> int:
        if self.drawn is not None:
            return sum(int(chosen.sum()) for chosen in self.drawn.values())
        return sum(size.images for size in self.data.sizes().values())

    def images(self) -> Iterator[LabelledImage]:
        own = self.data.info
        categories = [self.info.categories.index(name) for name in own.categories]
        licences = [self.info.licences.index(licence) for licence in own.licences]
        read: Counter[str] = Counter()
        for image in self.data.images():
            rank = read[image.split]
            read[image.split] += 1
            if self.drawn is None or self.drawn[image.split][rank]:
                known = with_origin(image, self.identity)
                yield replace(_moved(known, categories, licences), split=split_of(image.split))


def _moved(image: LabelledImage, categories: Sequence[int], licences: Sequence[int]) -> LabelledImage:
    """Renumbers the categories and the licence of an image.

    Args:
        image: The image, with the numbers of its own data set.
        categories: For each category of its data set, the index in the result.
        licences: For each licence of its data set, the index in the result.
    """
    licence = image.facts.get("license")
    numbered = {"license": licences[licence - 1] + 1} if type(licence) is int else {}
    ignored = image.ignored
    return replace(
        image,
        labels=tuple(replace(label, category=categories[label.category]) for label in image.labels),
        ignored=ignored and tuple(replace(each, category=categories[each.category]) for each in ignored),
        facts={**image.facts, **numbered},
        other_files={},
    )


def _with_skeletons(info: DatasetInfo, ordered: Sequence[tuple[str, Dataset]]) -> DatasetInfo:
    """Returns `info` with the keypoints of each category; None for a category without keypoints.

    If several data sets have keypoints for a category, the first one's are used.

    Raises:
        DataSetError: Two data sets have different keypoint names for a category.
    """
    found: dict[str, tuple[str, Skeleton]] = {}
    for name, data in ordered:
        for category, skeleton in zip(data.info.categories, data.info.skeletons, strict=True):
            if skeleton is not None:
                other, known = found.setdefault(category, (name, skeleton))
                if known.names != skeleton.names:
                    what = f"{name}: the keypoints of category {category!r} differ from those of {other}"
                    raise DataSetError(f"{what}; rename the category in one of them")
    skeletons = (found.get(category, ("", None))[1] for category in info.categories)
    return replace(info, skeletons=tuple(skeletons))


def _notes(ordered: Sequence[tuple[str, Dataset]], info: DatasetInfo) -> Iterator[str]:
    """Yields a note for each kind of information that the result cannot keep."""
    known = dict(zip(info.categories, info.supercategories, strict=True))
    for name, data in ordered:
        for category, parent in zip(data.info.categories, data.info.supercategories, strict=True):
            if parent != known[category]:
                kept = f"{known[category]!r} is kept"
                yield f"{name}: the supercategory of {category!r} is {parent!r}; {kept}"
        for split in data.info.splits:
            if split_of(split) != split:
                yield f"{name}: images of split {split!r} are put in split {split_of(split)!r}"
    without = [name for name, data in ordered if not data.info.amodal]
    if without and len(without) < len(ordered):
        yield f"amodal masks are left out: {', '.join(without)} has none"
    if deep := [name for name, data in ordered if has_depth(data)]:
        yield f"depth files are left out; they remain in {', '.join(deep)}"
    folded: dict[str, str] = {}
    for category in info.categories:
        other = folded.setdefault(category.casefold(), category)
        if other != category:
            yield f"categories {other!r} and {category!r} differ only in case, and stay separate"


def _drawn(
    ordered: Sequence[tuple[str, Dataset]], shares: Mapping[str, float], seed: int
) -> dict[str, Drawn]:
    """Selects random images from each data set, as many as possible in the given proportions.

    Returns a dict from the name of each data set to its selection.

    Raises:
        DataSetError: A data set has so small a share that none of its images would be selected.
    """
    sizes = {name: {split: size.images for split, size in data.sizes().items()} for name, data in ordered}
    whole = sum(shares.values())
    number = min(sum(sizes[name].values()) * whole / shares[name] for name in sizes)
    drawn: dict[str, Drawn] = {}
    for name, data in ordered:
        wanted = min(round(number * shares[name] / whole), sum(sizes[name].values()))
        if wanted == 0:
            raise DataSetError(f"{name}: too few images for these shares")
        counts = _apportioned(sizes[name], wanted)
        drawn[name] = {
            split: _choose(sizes[name][split], counts[split], f"{data.identity}/{split}", seed)
            for split in counts
        }
    return drawn


def _apportioned(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """Distributes `wanted` images over splits in proportion to their sizes (largest remainder method)."""
    whole = sum(sizes.values())
    counts = {split: size * wanted // whole for split, size in sizes.items()}
    remainders = {split: size * wanted % whole for split, size in sizes.items()}
    for split in sorted(sizes, key=lambda split: -remainders[split])[: wanted - sum(counts.values())]:
        counts[split] += 1
    return counts


def _choose(number: int, wanted: int, key: str, seed: int) -> NDArray[np.bool_]:
    """Selects `wanted` of `number` images at random; `key` identifies the data set and the split."""
    place = int.from_bytes(sha256(key.encode()).digest()[:8])
    order = rng_for(seed, scene=place, stream="share").permutation(number)
    chosen = np.zeros(number, np.bool_)
    chosen[order[:wanted]] = True
    return chosen
