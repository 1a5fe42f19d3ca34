"""Checks the schema and the references of panoptic annotations, which have segments instead of masks."""

from collections.abc import Callable, Mapping
from typing import Any

from sim2coco.check import values as v
from sim2coco.check.faults import Place
from sim2coco.check.values import Entry

ANNOTATION = {"image_id": v.INDEX, "file_name": v.PATH, "segments_info": v.LIST}
SEGMENT = {"id": v.INDEX, "category_id": v.INDEX, "area": v.AMOUNT, "bbox": v.BOX, "iscrowd": v.CROWD}

References = dict[int, dict[str, str]]
"""`references[id][key]` is the location of the first reference to an id by `image_id` or `category_id`."""


def is_panoptic(entry: Any) -> bool:
    """Returns whether an annotation has the panoptic format."""
    return type(entry) is dict and "segments_info" in entry and "id" not in entry


def see(place: Place, entry: Entry, references: References) -> None:
    """Checks the schema of a panoptic annotation, and collects its references."""
    if not place.conforms(entry, ANNOTATION):
        return
    references.setdefault(entry["image_id"], {}).setdefault("image_id", place.where)
    for rank, segment in enumerate(entry["segments_info"]):
        inner = Place(place.file, f"{place.where}.segments_info[{rank}]", place.faults)
        if inner.conforms(segment, SEGMENT):
            references.setdefault(segment["category_id"], {}).setdefault("category_id", inner.where)


def check(
    at: Callable[[str], Place],
    references: References,
    images: Mapping[int, Entry],
    categories: Mapping[int, Entry],
) -> None:
    """Reports references to images and categories that do not exist."""
    known = {"image_id": images, "category_id": categories}
    for identity, places in references.items():
        for key, where in places.items():
            if identity not in known[key]:
                at(where).fault("dangling", f"{key} {identity} is not the id of an entry of this file")
