"""Describes the differences between two data sets in sentences, the largest differences first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isnan, log2

import numpy as np
from numpy.typing import NDArray

from sim2coco.report.figure import number, percent
from sim2coco.report.gathering import Gathering
from sim2coco.report.quantities import OF_IMAGES, OF_OBJECTS
from sim2coco.statistics.histograms import earth_movers_distance

NOTABLE = 0.25
"""Minimum difference to report: in standard deviations of the values, or as a fraction of the labels."""
TOLD = 8
"""Maximum number of differences that are reported."""
NAMED = 3
"""Maximum number of categories that are listed by name."""
RATIOS = (
    (1 / 10, "a tenth"),
    (1 / 5, "a fifth"),
    (1 / 4, "a quarter"),
    (1 / 3, "a third"),
    (1 / 2, "half"),
    (2 / 3, "two thirds"),
    (2, "twice"),
    (3, "three times"),
    (4, "four times"),
    (5, "five times"),
    (10, "ten times"),
)
EXACT = 0.13
"""A ratio is named as in `RATIOS` if it is less than this many octaves away from an entry."""
TITLES = {one.name: one.title for one in (*OF_OBJECTS, *OF_IMAGES)}
"""The display name of each quantity."""

Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The words for sentences that compare a quantity in two data sets.

    Attributes:
        name: The quantity.
        of_what: Subject and verb of a sentence, such as `boxes are`.
        more: The comparative for higher values.
        less: The comparative for lower values.
        as_much: The word for ratios, such as `large` in `half as large`; "" if no ratio is given.
        write: Formats a value.
    """

    name: str
    of_what: str
    more: str
    less: str
    as_much: str
    write: Write


SUBJECTS = (
    Subject("box_size", "boxes are", "larger", "smaller", "large", percent),
    Subject("objects", "images have", "more labels", "fewer labels", "many labels", number),
    Subject("aspect", "boxes are", "wider", "narrower", "", number),
    Subject("image_size", "images are", "larger", "smaller", "large", lambda value: f"{number(value)} px"),
    Subject("brightness", "images are", "brighter", "darker", "", number),
    Subject("contrast", "images have", "more contrast", "less contrast", "much contrast", number),
    Subject("sharpness", "images are", "sharper", "more blurred", "", number),
    Subject(
        "visible_fraction", "objects are", "less hidden or cut off", "more hidden or cut off", "", percent
    ),
    Subject("occlusion", "objects are", "more hidden", "less hidden", "", percent),
    Subject("truncation", "objects are", "more cut off", "less cut off", "", percent),
    Subject(
        "distance_m", "objects are", "farther away", "nearer", "far away", lambda value: f"{number(value)} m"
    ),
)


def differences(yours: Gathering, theirs: Gathering) -> list[str]:
    """Describes the notable differences between two data sets, the largest difference first.

    Returns:
        One sentence per difference, at most `TOLD` in total.
    """
    found = [*_of_quantities(yours, theirs), *_of_categories(yours, theirs)]
    found.sort(key=lambda difference: -difference[0])
    return [sentence for size, sentence in found if size >= NOTABLE][:TOLD]


def _of_quantities(yours: Gathering, theirs: Gathering) -> Iterator[tuple[float, str]]:
    for subject in SUBJECTS:
        values = [found.values.of(subject.name) for found in (yours, theirs)]
        if not all(map(len, values)):
            continue
        histograms = [found.values.histogram(subject.name) for found in (yours, theirs)]
        moved = earth_movers_distance(*histograms)
        logarithmic = histograms[0].logarithmic
        spread = _spread(values, logarithmic)
        yield moved / max(spread, 1e-9) if moved > 1e-9 else 0.0, _sentence(subject, values)


def _spread(values: list[NDArray[np.float64]], logarithmic: bool) -> float:
    """The pooled standard deviation of the values of two data sets, or of their log2 if `logarithmic`.

    It is at least 1/8 if `logarithmic`, and otherwise at least 2 % of the range of values.

    Args:
        values: The values of each data set.
        logarithmic: Whether the log2 of the values is used.
    """
    if logarithmic:
        values = [np.log2(np.maximum(each, 1e-9)) for each in values]
    spread = float(np.sqrt(np.mean([each.var() for each in values])))
    width = 0.125 if logarithmic else 0.02 * float(max(np.ptp(each) for each in values))
    return max(spread, width)


def _sentence(subject: Subject, values: list[NDArray[np.float64]]) -> str:
    mean = [float(each.mean()) for each in values]
    middle = [float(np.median(each)) for each in values]
    name, (here, there) = "median", middle
    if _close(here, there):
        name, (here, there) = "mean", mean
    if _close(here, there):
        low_high = [[subject.write(v) for v in np.quantile(each, (0.1, 0.9)).tolist()] for each in values]
        yours, theirs = (f"from {low} to {high}" for low, high in low_high)
        return f"{TITLES[subject.name]}: 80 % of yours are {yours}, 80 % of theirs {theirs}."
    comparison = _comparison(subject, here, there)
    told = f"the {name} is {subject.write(here)}, theirs {subject.write(there)}"
    return f"Your {subject.of_what} {comparison}: {told}."


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= 0.03 * max(abs(one), abs(other))


def _comparison(subject: Subject, here: float, there: float) -> str:
    ratio = here / there if here > 0 and there > 0 else float("nan")
    if subject.as_much and not isnan(ratio):
        name = next((name for known, name in RATIOS if abs(log2(ratio / known)) < EXACT), "")
        if name:
            return f"{name} as {subject.as_much} as theirs"
        if not 0.5 < ratio < 2:
            return f"{number(ratio)} times as {subject.as_much} as theirs"
    return f"{subject.more if here > there else subject.less} than theirs"


def _of_categories(yours: Gathering, theirs: Gathering) -> Iterator[tuple[float, str]]:
    """Describes categories that occur in only one data set, or with different frequencies.

    Yields:
        The size of a difference, for sorting, and a sentence that describes it.
    """
    here, there = (shares(found) for found in (yours, theirs))
    for own, other, words in ((here, there, "Only you have"), (there, here, "Only they have")):
        alone = [name for name, share in own.items() if share and not other.get(name)]
        if alone:
            missing = sum(own[name] for name in alone)
            whose = "yours" if own is here else "theirs"
            yield max(missing, NOTABLE), f"{words} labels of {_listed(alone)}: {percent(missing)} of {whose}."
    both = [name for name in here if here[name] and there.get(name)]
    for name in sorted(both, key=lambda name: -abs(here[name] - there[name]))[:NAMED]:
        ratio = here[name] / there[name]
        if not 0.67 < ratio < 1.5:
            told = f"{name} is {percent(here[name])} of your labels, and {percent(there[name])} of theirs."
            yield abs(log2(ratio)) * max(here[name], there[name]) * 2, told


def _listed(names: list[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} other categories" if rest > 0 else "")


def shares(found: Gathering) -> dict[str, float]:
    """Returns a dict from category name to its fraction of the labels, the most frequent category first."""
    total = max(found.contents.labels_of(), 1)
    names = found.contents.info.categories
    counted = {name: found.contents.labels_of(category=index) / total for index, name in enumerate(names)}
    return dict(sorted(counted.items(), key=lambda item: -item[1]))
