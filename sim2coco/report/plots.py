"""Plots: histograms, bars and heat maps as SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from sim2coco.report.axes import (
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Tick,
    frame,
    round_steps,
    short,
    svg,
    text,
    ticks,
    x_of,
    y_of,
)
from sim2coco.report.figure import number, percent

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a histogram.

    Attributes:
        edges: (n + 1,), the edges of the bars.
        counts: (n,), the number of values in each bar.
        others: (n,), the same counts in another data set; None if no other data set is shown.
        logarithmic: Whether the horizontal axis is logarithmic.
        written: The values that may be labelled on the horizontal axis; if empty, round values are chosen.
        write: Formats a value on the horizontal axis.
        label: Label of the horizontal axis: the quantity, with its unit.
        unit: What the bars count, such as `objects`; used in the label of the vertical axis.
        single: Whether each bar stands for a single integer, not for a range of values.
    """

    edges: Array
    counts: NDArray[np.int64]
    others: NDArray[np.int64] | None
    logarithmic: bool
    written: Sequence[float]
    write: Callable[[float], str]
    label: str
    unit: str
    single: bool = False


def histogram(bars: Bars, label: str) -> Markup:
    """Renders a histogram as bars.

    If `bars.others` is set, it is drawn as a line, and both histograms are shown as fractions of their total.
    """
    heights = [_heights(counts, bars.others is not None) for counts in _both(bars)]
    top = max(float(height.max(initial=0)) for height in heights) or 1.0
    write = percent if bars.others is not None else number
    up = ticks(round_steps(0, top, 4), lambda value: value / top, write)
    low, high = _scaled(bars, bars.edges[0]), _scaled(bars, bars.edges[-1])
    across = ticks(_written(bars), lambda value: (_scaled(bars, value) - low) / (high - low), bars.write)
    places = [(_scaled(bars, edge) - low) / (high - low) for edge in bars.edges.tolist()]
    counted = f"fraction of {bars.unit}" if bars.others is not None else f"number of {bars.unit}"
    drawn = [frame(_apart(across), up, bars.label, counted), _filled(bars, places, heights[0] / top)]
    if len(heights) > 1:
        drawn.append(_outline(places, heights[1] / top))
    return svg(Markup("").join(drawn), label)


def _both(bars: Bars) -> list[NDArray[np.int64]]:
    return [bars.counts] if bars.others is None else [bars.counts, bars.others]


def _heights(counts: NDArray[np.int64], shares: bool) -> Array:
    return counts / max(int(counts.sum()), 1) if shares else counts.astype(np.float64)


def _scaled(bars: Bars, value: float) -> float:
    return float(np.log2(value)) if bars.logarithmic else float(value)


def _written(bars: Bars) -> Sequence[float]:
    return bars.written or round_steps(float(bars.edges[0]), float(bars.edges[-1]), 6)


def _apart(across: Sequence[Tick]) -> list[Tick]:
    """Leaves out each tick whose label would touch the label of the last tick that was kept."""
    kept: list[Tick] = []
    for tick in across:
        if not kept or tick.place - kept[-1].place > 0.02 * (len(tick.text) + 1):
            kept.append(tick)
    return kept


def _filled(bars: Bars, places: Sequence[float], heights: Array) -> Markup:
    found = []
    for index, height in enumerate(heights.tolist()):
        left, right, y = x_of(places[index]), x_of(places[index + 1]), y_of(height)
        low, high = bars.write(bars.edges[index]), bars.write(bars.edges[index + 1])
        told = f"{low if bars.single else f'{low} to {high}'}: {bars.counts[index]:,}"
        if height:
            found.append(_bar(left + 0.5, y, right - left - 1, y_of(0.0) - y, told))
    return Markup("").join(found)


def _bar(x: float, y: float, width: float, height: float, told: str) -> Markup:
    return Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
        short(x), short(y), short(max(width, 0.5)), short(height), told
    )


def _outline(places: Sequence[float], heights: Array) -> Markup:
    """Draws the histogram of the other data set as a line.

    Args:
        places: n + 1 positions of the bars' edges, as fractions of the width of the plot.
        heights: (n,) heights of the bars, as fractions of the height of the plot.
    """
    path = f"M{short(x_of(places[0]))} {short(y_of(0.0))}"
    for index, height in enumerate(heights.tolist()):
        path += f"V{short(y_of(height))}H{short(x_of(places[index + 1]))}"
    return Markup('<path class="other" d="{}"/>').format(f"{path}V{short(y_of(0.0))}")


def heat_map(shares: Array, aspect: float, label: str, write: Callable[[float], str]) -> Markup:
    """Renders a heat map of positions in an image.

    Args:
        shares: (rows, columns), the fraction in each cell.
        aspect: Width divided by height of the image.
        label: The text for screen readers.
        write: Formats a fraction.
    """
    rows, columns = shares.shape
    width = min(WIDTH - LEFT - RIGHT, 250.0 * aspect)
    height = width / aspect
    top = float(shares.max(initial=0)) or 1.0
    cells = []
    for (row, column), share in np.ndenumerate(shares):
        if share:
            cells.append(
                Markup(
                    '<path class="heat" fill-opacity="{:.2f}" d="M{} {}h{}v{}h-{}z"><title>{}</title></path>'
                ).format(
                    0.08 + 0.92 * share / top,
                    short(LEFT + column * width / columns),
                    short(TOP + row * height / rows),
                    *(short(value) for value in (width / columns, height / rows, width / columns)),
                    write(float(share)),
                )
            )
    border = Markup('<rect class="border" x="{}" y="{}" width="{}" height="{}"/>').format(
        *(short(value) for value in (LEFT, TOP, width, height))
    )
    sides = [
        *(
            text(LEFT + width * place, TOP + height + 16, f"{100 * place:.0f} %", "middle")
            for place in (0, 0.5, 1)
        ),
        *(text(LEFT - 6, TOP + height * place + 4, f"{100 * place:.0f} %", "end") for place in (0, 0.5, 1)),
        text(
            LEFT + width / 2, TOP + height + 34, "x of the centre (fraction of the width)", "middle", "label"
        ),
        Markup(
            '<text class="label" text-anchor="middle" transform="translate(14 {}) rotate(-90)">{}</text>'
        ).format(short(TOP + height / 2), "y (fraction of the height)"),
    ]
    scale = color_scale(
        LEFT, TOP + height + 48, min(width, 220.0), f"up to {write(top)} of the objects in a cell"
    )
    grid = Markup('<g class="cells">{}</g>').format(Markup("").join(cells))
    return svg(Markup("").join([grid, border, *sides, scale]), label, WIDTH, TOP + height + 80)


def color_scale(x: float, y: float, width: float, words: str, steps: int = 8) -> Markup:
    """Draws the colour scale of a heat map, which begins at 0.

    Args:
        x: Its left edge.
        y: Its upper edge.
        width: Width of the scale.
        words: The end of its label, which states the maximum.
        steps: Number of colours.
    """
    cells = [
        Markup('<rect class="heat" fill-opacity="{:.2f}" x="{}" y="{}" width="{}" height="8"/>').format(
            0.08 + 0.92 * (index + 1) / steps,
            short(x + index * width / steps),
            short(y),
            short(width / steps),
        )
        for index in range(steps)
    ]
    return Markup("").join([*cells, text(x, y + 22, f"0, {words}")])


def grid_of(x: Array, y: Array, rows: int, columns: int) -> NDArray[np.int64]:
    """Returns the number of points in each cell (rows, columns) of a grid over the unit square.

    A point outside the square is counted in the nearest cell.
    """
    column = np.clip((x * columns).astype(np.int64), 0, columns - 1)
    row = np.clip((y * rows).astype(np.int64), 0, rows - 1)
    return np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)


__all__ = ["HEIGHT", "Bars", "color_scale", "grid_of", "heat_map", "histogram"]
