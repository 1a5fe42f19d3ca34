"""Compares the categories and scenes in the annotation files of the splits."""

from collections.abc import Mapping

import numpy as np

from sim2coco.check.document import Document
from sim2coco.check.listing import CATEGORY
from sim2coco.check.values import show


def compare_splits(documents: Mapping[str, Document]) -> None:
    """Reports splits whose categories differ.

    In data sets that sim2coco wrote, also reports each scene that occurs in two splits.
    """
    owners: dict[int, str] = {}
    first = next(iter(documents.values()), None)
    for split, document in documents.items():
        if first is not None and _categories_differ(document, first):
            document.at("categories").fault("splits", f"differ from the categories of {first.name}")
        for image in document.images.values() if document.folder.ours else ():
            other = owners.setdefault(image["scene"], split)
            if other != split:
                what = f"scene {image['scene']} is in split {other} too"
                document.at(f"image {image['id']}").fault("splits", what)


def _categories_differ(one: Document, other: Document) -> bool:
    """Whether the categories of two annotation files differ.

    Files from other tools need not have the same categories, but a category id must not have two names.
    """
    names, others = (
        [(identity, category["name"]) for identity, category in document.categories.items()]
        for document in (one, other)
    )
    if one.folder.ours:
        return names != others and not (one.unusable["categories"] or other.unusable["categories"])
    return any(dict(others).get(identity, name) != name for identity, name in names)


def note_unused_categories(documents: Mapping[str, Document]) -> str:
    """Returns a note on the categories without annotations in any split; "" if there are none."""
    used: set[int] = set()
    names: dict[int, str] = {}
    for document in documents.values():
        used |= set(np.unique(document.listing.rows[:, CATEGORY]).tolist())
        used |= {identity for identity, places in document.segments.items() if "category_id" in places}
        names |= {identity: str(entry["name"]) for identity, entry in document.categories.items()}
    unused = [name for identity, name in names.items() if identity not in used]
    if not unused or len(unused) == len(names):
        return ""
    more = f" and {len(unused) - 5} more" if len(unused) > 5 else ""
    return f"categories without an annotation: {', '.join(map(show, unused[:5]))}{more}"
