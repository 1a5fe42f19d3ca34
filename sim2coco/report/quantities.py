"""How each quantity is shown: its title, its axis, and the format of its values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim2coco.report.figure import Figure, Table, number, percent
from sim2coco.report.plots import Bars, histogram
from sim2coco.statistics.histograms import Histogram
from sim2coco.statistics.values import Values


def ratio(value: float) -> str:
    """Formats a ratio; below 1, as a fraction.

    Example:
        >>> ratio(0.25), ratio(2.0), ratio(1.0)
        ('1/4', '2', '1')
    """
    return f"1/{number(1 / value)}" if 0 < value < 0.999 else number(value)


def whole(value: float) -> str:
    """Formats the whole number at the centre of a bin, given the lower edge of the bin."""
    return f"{value + 0.5:.0f}" if value % 1 else f"{value:.0f}"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a quantity is shown.

    Attributes:
        name: Name of the quantity in `sim2coco.statistics`.
        title: Title of the plot.
        text: Description of the values.
        label: Label of the axis, with the unit.
        unit: What the histogram counts: `images` or `objects`.
        write: Formats a value.
        written: Values that may be labelled on the axis; if empty, round numbers are labelled.
        complete: Whether all bins are shown. If False, empty bins at both ends are left out.
    """

    name: str
    title: str
    text: str
    label: str
    unit: str
    write: Callable[[float], str] = number
    written: tuple[float, ...] = ()
    complete: bool = False


OF_OBJECTS = (
    Shown(
        "objects",
        "Objects per image",
        "Labels per image; the last bin contains all higher numbers.",
        "labels in an image",
        "images",
        whole,
    ),
    Shown(
        "box_size",
        "Size of boxes",
        "The square root of box area divided by image area: the side of a square "
        "of the same area as the box, as a fraction of the side of a square image.",
        "√(box area ÷ image area), logarithmic",
        "objects",
        percent,
        (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    Shown(
        "aspect",
        "Aspect of boxes",
        "Width divided by height.",
        "width ÷ height, logarithmic",
        "objects",
        ratio,
        (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0),
    ),
    Shown(
        "visible_fraction",
        "Visible fraction",
        "The visible fraction of each whole object, including parts outside the image.",
        "visible fraction of the object",
        "objects",
        percent,
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        True,
    ),
    Shown(
        "occlusion",
        "Occlusion",
        "The hidden fraction of the part of each object inside the image.",
        "hidden fraction of the object",
        "objects",
        percent,
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        True,
    ),
    Shown(
        "truncation",
        "Truncation",
        "The fraction of each object outside the image.",
        "fraction outside the image",
        "objects",
        percent,
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        True,
    ),
    Shown(
        "distance_m",
        "Distance of objects",
        "From the camera to the origin of the mesh, in metres.",
        "distance (m), logarithmic",
        "objects",
        number,
        (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
    ),
)
OF_IMAGES = (
    Shown(
        "brightness",
        "Brightness",
        "The mean luma of each image.",
        "mean luma (0 to 255)",
        "images",
        number,
        (0.0, 50.0, 100.0, 150.0, 200.0, 250.0),
        True,
    ),
    Shown(
        "contrast",
        "Contrast",
        "The standard deviation of the luma of each image.",
        "standard deviation of the luma (grey levels)",
        "images",
    ),
    Shown(
        "sharpness",
        "Sharpness",
        "1 / σ, where σ is the blur of the sharpest edges in pixels of an image of at most"
        " 640 px: about 2 for a sharp image, 0.5 for a blurred one; at most 4.",
        "1 / σ of the sharpest edges (1 / px)",
        "images",
        number,
        (0.0, 1.0, 2.0, 3.0, 4.0),
        True,
    ),
    Shown(
        "image_size",
        "Size of images",
        "The square root of width times height.",
        "√(width · height) (px), logarithmic",
        "images",
        number,
        (16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0),
    ),
)


def figure_of(shown: Shown, values: Values, others: Values | None) -> Figure | None:
    """Returns the histogram of a quantity as a figure.

    Returns None if the quantity has no values. Also returns None for the image size if all images have the
    same size and there is no other data set.
    """
    own = values.histogram(shown.name)
    theirs = others.histogram(shown.name) if others else None
    if not own.counts.sum() or (shown.name == "image_size" and theirs is None and _one_size(values)):
        return None
    first, last = _range(shown, own, theirs)
    edges = own.edges[first : last + 2]
    counts = own.counts[first : last + 1]
    compared = theirs.counts[first : last + 1] if theirs is not None and theirs.counts.sum() else None
    axis = own.logarithmic, shown.written, shown.write, shown.label
    bars = Bars(edges, counts, compared, *axis, shown.unit, single=shown.write is whole)
    told = f"{shown.text} {_summary(shown, values)}"
    if compared is not None and others is not None:
        told += f" The line is the other data set: {_lower(_summary(shown, others))}"
    return Figure(
        shown.name.replace("_", "-"),
        shown.title,
        told,
        histogram(bars, f"{shown.title}. {told}"),
        _table(shown, bars),
    )


def _one_size(values: Values) -> bool:
    """Whether all images have the same size."""
    return bool(np.ptp(values.of("image_size")) == 0)


def _range(shown: Shown, own: Histogram, theirs: Histogram | None) -> tuple[int, int]:
    """Indices of the first and the last bin to be shown; the values of both data sets are in this range."""
    if shown.complete:
        return 0, len(own.counts) - 1
    both = own.counts if theirs is None else own.counts + theirs.counts
    used = np.flatnonzero(both)
    least = 4  # fewer bins would be wider than they are high
    first, last = int(used[0]), int(used[-1])
    grow = max(0, least - (last - first + 1))
    return max(0, first - (grow + 1) // 2), min(len(both) - 1, last + grow // 2 + grow % 2)


def _summary(shown: Shown, values: Values) -> str:
    """Returns a sentence with the median and the 10th and 90th percentile of a quantity."""
    found = values.of(shown.name)
    low, middle, high = np.quantile(found, (0.1, 0.5, 0.9)).tolist()
    write = _exact if shown.write is whole else number if shown.write is ratio else shown.write
    return f"Median {write(middle)}; 80 % are between {write(low)} and {write(high)}."


def _exact(value: float) -> str:
    return f"{value:g}"


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _table(shown: Shown, bars: Bars) -> Table:
    names = [
        shown.write(low) if shown.write is whole else f"{shown.write(low)} to {shown.write(high)}"
        for low, high in zip(bars.edges[:-1].tolist(), bars.edges[1:].tolist(), strict=True)
    ]
    columns: list[NDArray[np.int64]] = [bars.counts] + ([bars.others] if bars.others is not None else [])
    rows: list[list[str | int]] = [
        [name, *(int(column[index]) for column in columns)] for index, name in enumerate(names)
    ]
    heads = (
        [shown.unit] if bars.others is None else [f"{shown.unit} here", f"{shown.unit} of the other data set"]
    )
    return Table([shown.label, *heads], rows)


__all__ = ["OF_IMAGES", "OF_OBJECTS", "Shown", "figure_of"]
