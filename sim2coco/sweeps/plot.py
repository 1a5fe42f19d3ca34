"""The plot of a sweep as SVG: one row for each job, one panel for each quantity."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from sim2coco.sweeps.row import Row, Spread
from sim2coco.sweeps.table import measured, swept, titles

LINE, TOP, PANEL, GAP, LETTER = 22, 46, 150, 26, 7.2
"""Pixels: heights of a job's line and of the headings; widths of a panel, of a gap and of a letter."""
SCATTER = 250
"""Pixels from the left edge of a panel of scores to the next."""
MAX_TITLE = 48
"""Maximum number of characters of a job's settings that are shown."""
STYLE = """
  svg { background: #fff; color: #1d2733; font: 12px system-ui, sans-serif }
  .title { font-weight: 600 } .axis { stroke: #b8c2cc } .faint { fill: #66727f } text { fill: currentColor }
  .mark { fill: #2468b4; stroke: #2468b4 }
  @media (prefers-color-scheme: dark) {
    svg { background: #14191f; color: #e4e9ee } .axis { stroke: #46525e } .faint { fill: #9aa6b2 }
    .mark { fill: #6fb0f5; stroke: #6fb0f5 }
  }
"""


def as_svg(rows: Sequence[Row]) -> str:
    """Returns the plot as SVG.

    A single number is drawn as a bar. A distribution is drawn as a line from the 10 % to the 90 % quantile,
    with a mark at the median. The names of the jobs with the highest score are bold. If the sweep is scored,
    the score is also plotted over each swept setting that is a number.
    """
    names = [_cut(title) for title in titles(rows, MAX_TITLE)]
    left = max(LETTER * max(map(len, names)), 60) + GAP
    panels = _panels(rows)
    width = left + len(panels) * (PANEL + GAP)
    bottom = TOP + LINE * len(rows) + GAP
    points = list(_points(rows))
    best = max((row.score for row in rows if not math.isnan(row.score)), default=math.nan)
    css = ["title" if row.score == best else "" for row in rows]
    width = max(width, left + len(points) * SCATTER)
    height = bottom + (PANEL + TOP + GAP if points else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<title>Comparison of {len(rows)} jobs</title><style>{STYLE}</style>",
        *(_text(left - GAP / 2, _middle(line), name, "end", css[line]) for line, name in enumerate(names)),
    ]
    for index, (name, values) in enumerate(panels.items()):
        parts += _panel(name, values, left + index * (PANEL + GAP))
    for index, (key, xs, scores) in enumerate(points):
        parts += _scatter(key, xs, scores, left + index * SCATTER, bottom + TOP)
    return "\n".join([*parts, "</svg>\n"])


def _panels(rows: Sequence[Row]) -> dict[str, list[Spread]]:
    """Returns a dict from the heading of each panel to a list with one `Spread` per job.

    A quantity with a single number per job has this number as its median, and NaN as its other quantiles.
    """
    single = {
        "accepted share": [row.accepted_share for row in rows],
        "images/s": [row.per_s for row in rows],
        "score": [row.score for row in rows],
    }
    found = {name: [Spread(math.nan, value, math.nan) for value in values] for name, values in single.items()}
    ordered = {"accepted share": found.pop("accepted share"), **measured(rows), **found}
    return {
        name: spreads
        for name, spreads in ordered.items()
        if any(not math.isnan(spread.median) for spread in spreads)
    }


def _panel(name: str, spreads: Sequence[Spread], left: float) -> Iterator[str]:
    known = [number for spread in spreads for number in (spread.low, spread.median, spread.high)]
    known = [number for number in known if not math.isnan(number)]
    least, most = min(*known, 0.0), max(*known, 0.0)
    scale = PANEL / (most - least or 1.0)
    zero = left - scale * least
    bottom = TOP + LINE * len(spreads)
    yield f'<text class="title" x="{left:.1f}" y="18">{escape(name)}</text>'
    yield _text(left, 34, f"{least:.3g}", css="faint")
    yield _text(left + PANEL, 34, f"{most:.3g}", "end", css="faint")
    for x in (left, left + PANEL):
        yield f'<path class="axis" d="M{x:.1f} {TOP - 6} V{bottom:.1f}"/>'
    for line, spread in enumerate(spreads):
        if math.isnan(spread.median):
            continue
        y = _middle(line)
        at, low, high = (zero + scale * number for number in (spread.median, spread.low, spread.high))
        told = (
            f"{spread.median:.3g}"
            if math.isnan(low)
            else f"{spread.low:.3g} to {spread.high:.3g}, median {spread.median:.3g}"
        )
        yield f'<g class="mark"><title>{escape(name)}: {told}</title>'
        if math.isnan(low):
            x, width = min(at, zero), abs(at - zero)
            yield f'<rect x="{x:.1f}" y="{y - 5:.1f}" width="{width:.1f}" height="10"/></g>'
        else:
            yield f'<path stroke-width="3" d="M{low:.1f} {y:.1f} H{high:.1f}"/>'
            yield f'<circle cx="{at:.1f}" cy="{y:.1f}" r="5"/></g>'


def _points(rows: Sequence[Row]) -> Iterator[tuple[str, list[float], list[float]]]:
    """Yields (key, values, scores) for each swept setting that is a number in all scored jobs."""
    scored = [index for index, row in enumerate(rows) if not math.isnan(row.score)]
    for key, cells in swept(rows).items():
        try:
            values = [float(cells[index]) for index in scored]
        except ValueError:
            continue
        if scored and all(map(math.isfinite, values)):
            yield key, values, [rows[index].score for index in scored]


def _scatter(
    key: str, xs: Sequence[float], scores: Sequence[float], left: float, top: float
) -> Iterator[str]:
    low_x, high_x, low, high = min(xs), max(xs), min(scores), max(scores)
    yield f'<text class="title" x="{left:.1f}" y="{top - 12:.1f}">score over {escape(key)}</text>'
    yield f'<path class="axis" fill="none" d="M{left:.1f} {top:.1f} V{top + PANEL:.1f} H{left + PANEL:.1f}"/>'
    yield _text(left, top + PANEL + 16, f"{low_x:.4g}", css="faint")
    yield _text(left + PANEL, top + PANEL + 16, f"{high_x:.4g}", "end", css="faint")
    yield _text(left - 4, top + 8, f"{high:.3g}", "end", css="faint")
    yield _text(left - 4, top + PANEL, f"{low:.3g}", "end", css="faint")
    for x, score in zip(xs, scores, strict=True):
        across = left + PANEL * (x - low_x) / (high_x - low_x or 1)
        down = top + PANEL * (high - score) / (high - low or 1)
        yield f'<circle class="mark" cx="{across:.1f}" cy="{down:.1f}" r="4">'
        yield f"<title>{escape(key)}={x:g}: {score:.4g}</title></circle>"


def _middle(line: int) -> float:
    return TOP + LINE * line + LINE / 2


def _text(x: float, y: float, text: str, anchor: str = "start", css: str = "") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 1]}…"
