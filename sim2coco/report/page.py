"""Assembles the page of the report."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim2coco.card.contents import Contents
from sim2coco.card.readme import summary_of, title_of
from sim2coco.report.differences import differences
from sim2coco.report.duplicates import duplicates
from sim2coco.report.figure import Figure, Table, number, percent
from sim2coco.report.gathering import Gathering
from sim2coco.report.making import Making
from sim2coco.report.plots import grid_of, heat_map
from sim2coco.report.quantities import OF_IMAGES, OF_OBJECTS, figure_of
from sim2coco.report.samples import color, samples
from sim2coco.report.short import in_short
from sim2coco.report.viewpoints import viewpoints

ROWS, COLUMNS = 24, 32
"""Rows and columns of the heat map of positions."""
LISTED = 300
"""Maximum number of categories in the table."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent}
    return environment


def page(found: Gathering, made: Making, others: Gathering | None, name: str, workers: int) -> str:
    """Renders the page as HTML.

    Args:
        found: Statistics of the data set.
        made: How the data set was made.
        others: Statistics of another data set to compare with; None if there is none.
        name: The name of the other data set.
        workers: Number of threads.
    """
    contents = found.contents
    theirs = others.values if others else None
    same = duplicates(found.compared, workers)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title_of(contents),
            summary=f"{summary_of(contents)}.",
            facts=list(_key_numbers(found, made, same.number)),
            short=in_short(found, made, same.number),
            other=name if others else "",
            differences=differences(found, others) if others else [],
            contents=contents,
            splits=contents.splits,
            categories=_categories(contents),
            hidden_categories=max(0, len(contents.info.categories) - LISTED),
            coco_sizes=found.sizes,
            ignored=found.ignored.most_common(),
            made=made,
            reasons=_reasons(made),
            objects=_figures(
                [*(figure_of(each, found.values, theirs) for each in OF_OBJECTS), _positions(found)]
            ),
            views=_figures([viewpoints(found)]),
            images=_figures(figure_of(each, found.values, theirs) for each in OF_IMAGES),
            duplicates=same,
            samples=samples(found.shown.chosen, contents.info.categories, workers),
        )
        .strip()
    )


def _figures(found: Iterator[Figure | None] | Sequence[Figure | None]) -> list[Figure]:
    return [figure for figure in found if figure is not None]


def _key_numbers(found: Gathering, made: Making, groups: int) -> Iterator[tuple[str, str]]:
    contents = found.contents
    images, labels = contents.images.total(), contents.labels_of()
    yield number(images), "images" if images != 1 else "image"
    yield number(labels), "labels" if labels != 1 else "label"
    yield number(len(contents.info.categories)), "categories"
    yield number(round(labels / max(images, 1), 1)), "labels per image"
    yield number(contents.empty.total()), "images without a label"
    if made.reasons is not None:
        yield percent(made.rejected / max(made.rejected + made.views, 1)), "of the views rejected"
    yield number(groups), "groups of near-duplicates"


def _categories(contents: Contents) -> list[tuple[str, str, list[int], int, float]]:
    """Returns a row for each of the categories with the most labels, the one with the most labels first.

    A row contains the category's name, its colour, its number of labels in each split, its total number of
    labels, and its total in percent of the first row's total.
    """
    rows = []
    for index, name in enumerate(contents.info.categories):
        labels = [contents.labels[split, index] for split in contents.splits]
        rows.append((name, color(index), labels, sum(labels)))
    rows.sort(key=lambda row: -row[3])
    top = max([row[3] for row in rows] + [1])
    return [(*row, round(100 * row[3] / top, 1)) for row in rows[:LISTED]]


def _reasons(made: Making) -> list[tuple[str, int, float]]:
    """Returns (reason, count, percent) for each rejection reason, the most frequent one first.

    `percent` is the count in percent of the largest count.
    """
    listed = made.reasons.most_common() if made.reasons else []
    return [(reason, count, round(100 * count / listed[0][1], 1)) for reason, count in listed]


def _positions(found: Gathering) -> Figure | None:
    x, y = found.place("x"), found.place("y")
    if not len(x):
        return None
    counts = grid_of(x, y, ROWS, COLUMNS)
    shares = counts / counts.sum()
    width, height = found.contents.sizes.most_common(1)[0][0]
    coarse = grid_of(x, y, 3, 3)
    told = (
        "Positions of the box centres in the image: "
        f"{percent(int(coarse[1, 1]) / len(x))} are in the middle ninth, "
        f"{percent(_border(coarse))} in the four corners."
    )
    rows = [[name, *row] for name, row in zip(("top", "middle", "bottom"), coarse.tolist(), strict=True)]
    aspect = float(np.clip(width / height, 0.5, 2.0))
    plot = heat_map(shares, aspect, f"Position of objects. {told}", percent)
    return Figure(
        "positions", "Position of objects", told, plot, Table(["objects", "left", "centre", "right"], rows)
    )


def _border(coarse: np.ndarray) -> float:
    return int(coarse[[0, 0, 2, 2], [0, 2, 0, 2]].sum()) / int(coarse.sum())
