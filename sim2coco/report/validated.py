"""The section of a report that `sim2coco validate` adds: results of detectors trained on the data set."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

PLACE = '<section id="making">'
"""The start of the element before which the section is inserted."""
SECTION = re.compile(r'<section id="validated" data-of="([^"]*)">.*?</section>\n', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Validation:
    """The results of `sim2coco validate`, as shown in a report.

    Attributes:
        text: How the results were obtained, in sentences.
        tables: The rows of cells of each table; the first row is the header, and the first column names the
            rows.
        drawings: The charts, as SVG.
        pictures: The description and the data URI of each image.
    """

    text: str
    tables: Sequence[Sequence[Sequence[str]]]
    drawings: Sequence[str]
    pictures: Sequence[tuple[str, str]]


def state_of(identity: str, images: int) -> str:
    """Fingerprint of a data set's images: the identity of the data set and the number of its images."""
    return f"{identity} {images}"


def section_of(content: bytes, state: str) -> str:
    """Returns the section with the results of `validate` from a report.

    Returns "" if there is no such section, or if it was made from other images.

    Args:
        content: The HTML page of the report.
        state: Fingerprint of the images, from `state_of`.
    """
    found = SECTION.search(content.decode("utf-8", "replace"))
    return found[0] if found and found[1] == state else ""


def placed(page: str, section: str) -> str:
    """Inserts the section with the results of `validate` into the HTML page of a report."""
    return page.replace(PLACE, section + PLACE, 1)


def replaced(page: str, state: str, found: Validation) -> str:
    """Replaces or inserts the section of a report that shows the results of `validate`.

    Args:
        page: The HTML page of the report.
        state: Fingerprint of the images, from `state_of`.
        found: The results of `validate`.
    """
    return placed(SECTION.sub("", page), _section(state, found))


def _section(state: str, found: Validation) -> str:
    head = '<section id="validated" data-of="{}">\n<h2>Validated</h2>\n<p>{}</p>\n'
    parts = [Markup(head).format(state, found.text)]
    parts += [_table(rows) for rows in found.tables]
    parts.append(Markup('<div class="figures">\n'))
    drawing = '<figure><div class="plot">{}</div></figure>\n'
    parts += [Markup(drawing).format(Markup(svg)) for svg in found.drawings]
    parts.append(Markup("</div>\n"))
    figure = '<figure class="wide"><img src="{}" alt="{}"><figcaption>{}</figcaption></figure>\n'
    parts += [Markup(figure).format(address, told, told) for told, address in found.pictures]
    return str(Markup("").join([*parts, Markup("</section>\n")]))


def _table(rows: Sequence[Sequence[str]]) -> Markup:
    head, *body = rows
    cells = Markup("").join(Markup('<th scope="col">{}</th>').format(cell) for cell in head)
    lines = [
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            first, Markup("").join(Markup("<td>{}</td>").format(cell) for cell in rest)
        )
        for first, *rest in body
    ]
    whole = (
        '<div class="scroll" tabindex="0" role="region" aria-label="Table of {}"><table>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>\n"
    )
    return Markup(whole).format(head[0] or "results", cells, Markup("").join(lines))
