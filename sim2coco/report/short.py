"""Summarizes a data set in a few sentences, for those who read nothing else of the report."""

from collections.abc import Iterator

import numpy as np

from sim2coco.report.figure import number, percent
from sim2coco.report.gathering import Gathering
from sim2coco.report.making import Making

UNEVEN = 3
"""The categories are called uneven if one has at least this many times the labels of another."""
MOST = 0.5
"""Small labels are mentioned if their fraction is above this, and rejected views likewise."""
WHOLE = 0.995
"""Visible fraction above which an object is called wholly visible."""
NAMED = 5
"""Maximum number of categories that are listed by name."""


def in_short(found: Gathering, made: Making, groups: int) -> list[str]:
    """The sentences of the summary.

    Args:
        found: Statistics of the data set.
        made: How the data set was made.
        groups: Number of groups of near-duplicates.
    """
    return [*_labels(found), *_categories(found), *_warnings(found, made, groups)]


def _labels(found: Gathering) -> Iterator[str]:
    """Sentences about the number, size and visibility of objects."""
    if not found.contents.labels_of():
        yield "No image has a label."
        return
    low, middle, high = _middle(found, "objects")
    labels = f"{middle:g} label{'s' * (middle != 1)}"
    yield f"An image has {labels} (median); 80 % have {low:.0f} to {high:.0f}."
    low, middle, high = _middle(found, "box_size")
    (width, height), *others = found.contents.sizes
    side = "" if others else f"{middle * (width * height) ** 0.5:.0f} px, "
    sizes = f"80 % measure {percent(low)} to {percent(high)}"
    yield f"A box measures {side}{percent(middle)} of the image's side (median); {sizes}."
    if len(found.values.of("visible_fraction")):
        low, middle, _ = _middle(found, "visible_fraction")
        half = "wholly visible" if middle > WHOLE else f"at least {percent(middle)} visible"
        yield f"Half of the objects are {half}, one in ten is less than {percent(low)} visible."


def _middle(found: Gathering, name: str) -> list[float]:
    """Returns the 10th, 50th and 90th percentile of the values of a quantity."""
    quantiles: list[float] = np.quantile(found.values.of(name), (0.1, 0.5, 0.9)).tolist()
    return quantiles


def _categories(found: Gathering) -> Iterator[str]:
    """Yields sentences about how evenly the labels are distributed, and about categories without labels."""
    contents = found.contents
    names = contents.info.categories
    counts = [sum(contents.labels[split, index] for split in contents.splits) for index in range(len(names))]
    some = [(count, name) for count, name in zip(counts, names, strict=True) if count]
    if len(some) > 1:
        most, least = max(some, key=lambda one: one[0]), min(some, key=lambda one: one[0])
        ratio = most[0] / least[0]
        told = f"uneven: {number(round(ratio, 1))} to 1" if ratio >= UNEVEN else "even"
        ends = (
            f"{most[1]} has the most labels ({number(most[0])}), {least[1]} the fewest ({number(least[0])})"
        )
        yield f"The categories are {told}; {ends}."
    if missing := [name for count, name in zip(counts, names, strict=True) if not count]:
        yield f"Categories without labels: {_named(missing)}."
    for split in contents.splits:
        used = [
            name for index, name in enumerate(names) if counts[index] and not contents.labels[split, index]
        ]
        if used and contents.images[split]:
            yield f"The split {split} has no labels of {_named(used)}."


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _warnings(found: Gathering, made: Making, groups: int) -> Iterator[str]:
    """Sentences about possible problems."""
    if (small := found.sizes["small"]) > MOST * max(1, found.sizes.total()):
        share = percent(small / found.sizes.total())
        yield f"{share} of the labels are small in COCO's sense (below 32² px), which detectors find worst."
    if made.reasons and (share_out := made.rejected / max(1, made.rejected + made.views)) > MOST:
        reason = made.reasons.most_common(1)[0][0]
        yield f"{percent(share_out)} of the views were rejected, most often for {reason}."
    if groups > 1:
        yield f"There are {number(groups)} groups of near-duplicates."
    elif groups:
        yield "There is a group of near-duplicates."
