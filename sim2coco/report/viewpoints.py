"""Viewpoints: the directions from which cameras see the objects, as maps of the viewing sphere.

The two discs are the upper and the lower hemisphere in Lambert's azimuthal equal-area projection: all cells
have the same solid angle, so uniformly distributed directions give an even colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from sim2coco.report.axes import short, svg, text
from sim2coco.report.figure import Figure, Table, number, percent
from sim2coco.report.gathering import Gathering

RINGS, SECTORS = 6, 24
"""Cells of each hemisphere: rings of equal area from the equator to the pole, and sectors of 15 degrees."""
CELLS = 2 * RINGS * SECTORS
RADIUS, GAP, MARGIN = 70.0, 16.0, 22.0
DISTANCES, BARS_PX = 18, 30.0
"""Number of distance bins, and the height of their bars."""
MAPS = 11
"""Maximum number of categories with a map, the most frequent ones first."""
LISTED = 200
"""Maximum number of categories in the table."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """The viewpoints of some objects.

    Attributes:
        name: What the objects are called: their category, or `all objects`.
        cells: (CELLS,) number of viewpoints in each cell of the sphere, in the order of `cell_of`.
        distances: (DISTANCES,) number of viewpoints in each bin of the distance.
        distances_m: (n,) distance of each viewpoint in metres.
    """

    name: str
    cells: NDArray[np.int64]
    distances: NDArray[np.int64]
    distances_m: Array

    @property
    def covered(self) -> float:
        """The fraction of all cells that contain a viewpoint."""
        return float(np.count_nonzero(self.cells)) / CELLS


def cell_of(azimuth_deg: Array, elevation_deg: Array) -> NDArray[np.int64]:
    """Returns the index of the cell that contains each direction.

    Cells are in row-major order of hemisphere (upper, lower), ring (from the equator to the pole) and sector
    (from azimuth -180 to 180 degrees).
    """
    height = np.sin(np.radians(elevation_deg))
    ring = np.minimum((np.abs(height) * RINGS).astype(np.int64), RINGS - 1)
    sector = ((azimuth_deg + 180.0) / 360.0 * SECTORS).astype(np.int64) % SECTORS
    return ((height < 0) * RINGS + ring) * SECTORS + sector


def viewpoints(found: Gathering) -> Figure | None:
    """Draws the viewpoints of all objects and of the most frequent categories; None if no pose is known."""
    known = ~np.isnan(found.place("distance_m"))
    if not known.any():
        return None
    category = found.place("category")[known].astype(np.int64)
    cells = cell_of(found.place("azimuth_deg")[known], found.place("elevation_deg")[known])
    distances_m = found.place("distance_m")[known]
    edges = _edges(distances_m)
    views = [_views("all objects", cells, distances_m, edges)]
    numbers = np.bincount(category, minlength=len(found.contents.info.categories))
    for index in np.argsort(-numbers, kind="stable")[:LISTED].tolist():
        if numbers[index]:
            chosen = category == index
            name = found.contents.info.categories[index]
            views.append(_views(name, cells[chosen], distances_m[chosen], edges))
    if len(views) == 2:  # the map of all objects would be the same
        views = views[1:]
    told = (
        "The directions from which cameras see the objects, in the mesh frame. The discs are the upper and "
        "the lower half of the sphere around an object, with the pole in the middle and azimuth 0 (the "
        "x axis of the mesh) at the right; all cells have the same solid angle. The bars show distances."
    )
    unknown = int(len(known) - known.sum())
    if unknown:
        told += f" They are unknown for {unknown:,} labels, such as where an augmentation has moved pixels."
    maps = Markup("").join(_map(each, edges) for each in views[: MAPS + 1])
    return Figure("viewpoints", "Directions and distances", told, maps, _table(views), wide=True)


def _edges(distances_m: Array) -> Array:
    low, high = float(distances_m.min()), float(distances_m.max())
    low = max(low, 1e-6)
    return np.asarray(np.geomspace(low / 1.0001, max(high, low * 1.01) * 1.0001, DISTANCES + 1), np.float64)


def _views(name: str, cells: NDArray[np.int64], distances_m: Array, edges: Array) -> Views:
    bins = np.searchsorted(edges[1:-1], distances_m, side="right")
    return Views(
        name, np.bincount(cells, minlength=CELLS), np.bincount(bins, minlength=DISTANCES), distances_m
    )


def _map(views: Views, edges: Array) -> Markup:
    """Draws viewpoints on two hemispheres, and below these the histogram of their distances.

    Args:
        views: The viewpoints.
        edges: Edges of the distance bins.
    """
    top = int(views.cells.max())
    centres = [(MARGIN + RADIUS, RADIUS + 4), (MARGIN + 3 * RADIUS + GAP, RADIUS + 4)]
    parts = [_disc(x, y) for x, y in centres]
    for cell in np.flatnonzero(views.cells).tolist():
        half, rest = divmod(cell, RINGS * SECTORS)
        parts.append(_cell(*centres[half], *divmod(rest, SECTORS), int(views.cells[cell]), top))
    for (x, _), words in zip(centres, ("from above", "from below"), strict=True):
        parts.append(text(x, 2 * RADIUS + 20, words, "middle"))
    parts.append(_bars(views.distances, edges, 2 * RADIUS + 30))
    told = (
        f"{views.name}: {len(views.distances_m):,} views from {percent(views.covered)} of all directions, "
        f"at most {top:,} per cell; median distance {number(float(np.median(views.distances_m)))} m"
    )
    width, height = 2 * MARGIN + 4 * RADIUS + GAP, 2 * RADIUS + 30 + BARS_PX + 18
    caption = Markup(
        '<p class="caption"><strong>{}</strong> {:,} views, {} of directions, at most {:,} per cell</p>'
    )
    drawn = svg(Markup("").join(parts), told, width, height)
    inner = caption.format(views.name, len(views.distances_m), percent(views.covered), top)
    return Markup('<div class="map">{}{}</div>').format(inner, drawn)


def _disc(x: float, y: float) -> Markup:
    """The outline of a hemisphere, with circles at 30 and 60 degrees, and the axes."""
    circles = [
        Markup('<circle class="grid" cx="{}" cy="{}" r="{}"/>').format(
            short(x), short(y), short(RADIUS * sqrt(1 - sin(elevation * pi / 180)))
        )
        for elevation in (0, 30, 60)
    ]
    cross = Markup('<path class="grid" d="M{} {}h{}M{} {}v{}"/>').format(
        *(short(value) for value in (x - RADIUS, y, 2 * RADIUS, x, y - RADIUS, 2 * RADIUS))
    )
    return Markup("").join([*circles, cross])


def _cell(x: float, y: float, ring: int, sector: int, count: int, top: int) -> Markup:
    outer, inner = (RADIUS * sqrt(1 - level / RINGS) for level in (ring, ring + 1))
    first, last = (2 * pi * (sector + step) / SECTORS - pi for step in (0, 1))
    corners = [(outer, first), (outer, last), (inner, last), (inner, first)]
    points = "L".join(f"{short(x + r * cos(a))} {short(y - r * sin(a))}" for r, a in corners)
    low = 360 * sector // SECTORS - 180
    return Markup('<path class="heat" fill-opacity="{:.2f}" d="M{}z"><title>{}</title></path>').format(
        0.12 + 0.88 * count / top, points, f"azimuth {low}° to {low + 360 // SECTORS}°: {count:,}"
    )


def _bars(counts: NDArray[np.int64], edges: Array, y: float) -> Markup:
    width = 4 * RADIUS + GAP
    step, top = width / DISTANCES, max(int(counts.max()), 1)
    bars = []
    for index, count in enumerate(counts.tolist()):
        height = BARS_PX * count / top
        if count:
            bars.append(
                Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"/>').format(
                    *(short(v) for v in (MARGIN + index * step, y + BARS_PX - height, step - 1, height))
                )
            )
    ends = zip((MARGIN, MARGIN + width), edges[[0, -1]].tolist(), ("start", "end"), strict=True)
    written = [
        text(x, y + BARS_PX + 14, f"{number(float(f'{value:.2g}'))} m", anchor) for x, value, anchor in ends
    ]
    middle = text(MARGIN + width / 2, y + BARS_PX + 14, "distance", "middle")
    return Markup("").join([*bars, *written, middle])


def _table(views: Sequence[Views]) -> Table:
    rows: list[list[str | int]] = []
    for each in views:
        low, middle, high = np.quantile(each.distances_m, (0.1, 0.5, 0.9)).tolist()
        above = int(each.cells[: RINGS * SECTORS].sum()) / max(len(each.distances_m), 1)
        told: list[str | int] = [len(each.distances_m), percent(each.covered), percent(above), number(middle)]
        rows.append([each.name, *told, f"{number(low)} to {number(high)}"])
    head = [
        "category",
        "views",
        "of all directions",
        "from above",
        "median distance (m)",
        "80 % of distances (m)",
    ]
    return Table(head, rows)
