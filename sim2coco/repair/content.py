"""Yields the repaired annotation file, entry by entry."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from typing import Any, BinaryIO

from sim2coco.check.faults import Place
from sim2coco.check.stream import Item, items
from sim2coco.check.values import Entry, show
from sim2coco.repair.annotations import LeftOut, repaired
from sim2coco.repair.json_values import Key, digest, encoded, key_of, plain
from sim2coco.repair.plan import LISTS, Plan
from sim2coco.repair.progress import Progress


def content(found: Plan, file: BinaryIO, progress: Progress) -> Iterator[bytes]:
    """Yields the content of the repaired annotation file in parts.

    All entries of lists other than `images`, `annotations` and `categories` are kept.
    """
    yield b"{"
    for key, value in _head(found).items():
        yield encoded(key) + b": " + encoded(value) + b",\n"
    yield b'"categories": [' + b",\n".join(map(encoded, found.categories.values())) + b"],\n"
    images = {image["id"]: image for image in found.images.values()}
    yield b'"images": [' + b",\n".join(map(encoded, images.values())) + b"]"
    for key, group in groupby(items(file), key=lambda item: item.key):
        if type(next(group).value) is list and key not in ("categories", "images", "info"):
            yield b",\n" + encoded(key) + b": ["
            repair_list = partial(_annotations, progress=progress) if key == "annotations" else _others
            for number, entry in enumerate(repair_list(found, group)):
                yield (b",\n" if number else b"") + encoded(entry)
            yield b"]"
    yield b"}\n"


def _others(found: Plan, group: Iterable[Item]) -> Iterator[Any]:
    """Yields all entries of a list that is neither `images`, `annotations` nor `categories`.

    NaN, infinity and invalid Unicode in them are replaced.
    """
    for item in group:
        inner = {"": item.value}
        yield plain(inner, found.changes.at(found.name, f"{item.key}[{item.rank}]"))[""]


def _annotations(found: Plan, group: Iterable[Item], progress: Progress) -> Iterator[Entry]:
    """Yields the repaired annotations that are not left out."""
    number, seen = 1, set[bytes]()
    for item in group:
        progress.annotation()
        place = found.changes.at(found.name, f"annotations[{item.rank}]")
        entry = _annotation(found, place, item.value, seen)
        if entry is not None:
            if found.renumber and entry.get("id") != number:
                place.fault("ids", f"id {show(entry.get('id'))} changed to {number}")
            yield {**entry, "id": number} if found.renumber else entry
            number += 1


def _head(found: Plan) -> Mapping[str, Any]:
    """Returns the top-level values that are not lists; `info` or `licenses` of a wrong type become empty."""
    head = {key: value for key, value in found.top.items() if key not in LISTS and value != []}
    for key, kind in (("info", dict), ("licenses", list)):
        if key in found.top and type(found.top[key]) is not kind:
            head[key] = kind()
            found.changes.at(found.name, key).fault("value", f"was {show(found.top[key])}, now empty")
    return plain(head, found.changes.at(found.name, ""))


def _annotation(found: Plan, place: Place, value: Any, seen: set[bytes]) -> Entry | None:
    """Returns a repaired annotation with its original id; None if it must be left out.

    Args:
        found: The plan for the annotation file.
        place: Where changes are listed.
        value: The annotation as found.
        seen: Hashes of the annotations that were kept so far, computed without their ids. The hash of this
            annotation is added; if it is already there, the annotation is a duplicate.
    """
    if type(value) is not dict:
        found.left_out(place.where, f"is {show(value)}")
        return None
    image, category = (
        _referred(found.images, value, "image_id"),
        _referred(found.categories, value, "category_id"),
    )
    if image is None or category is None:
        what = "image_id" if image is None else "category_id"
        place.fault("dangling", f"left out: {what} is {show(value.get(what))}, which does not exist")
        return None
    value = {**value, "image_id": image["id"], "category_id": category["id"]}
    try:
        entry = repaired(plain(value, place), image, category, place)
    except LeftOut as error:
        found.left_out(place.where, f"{error} ({image['file_name']})")
        return None
    mark = digest({**entry, "id": 0})
    if mark in seen:
        place.fault("duplicate", "left out: it is a duplicate")
        return None
    seen.add(mark)
    return entry


def _referred(known: Mapping[Key, Entry], value: Entry, reference: str) -> Entry | None:
    key = key_of(value.get(reference))
    return known.get(key) if key is not None else None
