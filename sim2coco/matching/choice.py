"""Formats the result of `sim2coco match`: as an option of the Hydra group `experiment`, and as HTML."""

from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim2coco.matching.observed import MATCHED, Observed
from sim2coco.matching.proposal import changed
from sim2coco.matching.search import Match
from sim2coco.report import quantities
from sim2coco.report.figure import number
from sim2coco.report.quantities import OF_IMAGES, OF_OBJECTS, figure_of

SHOWN = {one.name: one for one in (*OF_OBJECTS, *OF_IMAGES) if one.name in MATCHED}
HEAD = """\
# @package _global_
# Settings, found by `sim2coco match`, that make images resemble those of {name}.
"""


def as_choice(match: Match, name: str) -> str:
    """Returns YAML with the settings that the search has changed, and their new values.

    Args:
        match: The result of the search.
        name: Name of the real data set, for the comment at the top.
    """
    tree = changed(match.original, match.found)
    body = yaml.safe_dump(tree, sort_keys=False, default_flow_style=None, allow_unicode=True)
    return HEAD.format(name=" ".join(name.split())) + (body if tree else "")


def distances(match: Match, real: Observed) -> dict[str, tuple[float, float]]:
    """Compares generated images with the real data set by the earth mover's distance.

    Returns a dict from each matched quantity to two distances: with the initial settings, and with those
    found by the match.
    """
    return {name: (match.before.distance(name, real), match.after.distance(name, real)) for name in MATCHED}


def title(name: str) -> str:
    """Returns the display name of a matched quantity."""
    return SHOWN[name].title


def as_page(match: Match, real: Observed, name: str) -> str:
    """Renders an HTML page with a figure for each quantity before and after the match.

    Each figure compares the generated images with the real data set.

    Args:
        match: The result of the search.
        real: The measurements of the real data set.
        name: Name of the real data set.
    """
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, Path(quantities.__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number}
    rows = [
        (
            SHOWN[quantity].title,
            far,
            [figure_of(SHOWN[quantity], seen.values, real.values) for seen in (match.before, match.after)],
        )
        for quantity, far in distances(match, real).items()
    ]
    page = environment.get_template("page.html.j2")
    return (
        page.render(name=name, rows=rows, settings=as_choice(match, name), images=match.after.images) + "\n"
    )
