"""Names of licences as Hugging Face and Croissant write them."""

import re
from collections.abc import Iterable

from sim2coco.datasets.labelled import Licence

# fmt: off
SPDX = (
    "AFL-3.0", "AGPL-3.0", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0",
    "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0", "ECL-2.0", "EPL-1.0", "EPL-2.0",
    "EUPL-1.1", "GPL-2.0", "GPL-3.0", "ISC", "LGPL-2.1", "LGPL-3.0", "MIT", "MPL-2.0", "MS-PL", "NCSA",
    "ODC-By-1.0", "ODbL-1.0", "OFL-1.1", "OSL-3.0", "PDDL-1.0", "PostgreSQL", "Unlicense", "WTFPL",
    "Zlib",
)
# fmt: on
"""SPDX identifiers of licences that Hugging Face knows."""
HUGGING_FACE = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl"}
"""Hugging Face's names that differ from the SPDX identifier in lower case."""
UNKNOWN = "unknown"
OTHER = "other"
_KNOWN = {name.lower(): name for name in SPDX} | {"cc0": "CC0-1.0", "odbl": "ODbL-1.0"}


def spdx(name: str) -> str | None:
    """Returns the SPDX identifier of a licence, given its common name; None if the name is unknown.

    Example:
        >>> spdx("CC BY 4.0"), spdx("cc0"), spdx("mine")
        ('CC-BY-4.0', 'CC0-1.0', None)
    """
    return _KNOWN.get(re.sub(r"[\s_-]+", "-", name.strip().lower()))


def hugging_face(licences: Iterable[Licence]) -> str | list[str]:
    """The licences for the front matter of a card: one name, or a list.

    Example:
        >>> hugging_face([Licence("MIT"), Licence("CC BY 4.0"), Licence("mine")])
        ['mit', 'cc-by-4.0', 'other']
    """
    names = []
    for licence in licences:
        known = spdx(licence.name)
        name = known.lower() if known else UNKNOWN if licence.name.lower() == UNKNOWN else OTHER
        names.append(HUGGING_FACE.get(name, name))
    found = list(dict.fromkeys(names)) or [UNKNOWN]
    return found[0] if len(found) == 1 else found


def urls(licences: Iterable[Licence]) -> list[str]:
    """Returns the licences for a Croissant file: the URL of each licence, or its name if no URL is known."""
    found = []
    for licence in licences:
        known = spdx(licence.name)
        found.append(licence.url or (f"https://spdx.org/licenses/{known}.html" if known else licence.name))
    return list(dict.fromkeys(found)) or [UNKNOWN]
