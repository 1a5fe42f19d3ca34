"""Reads annotation files: images and categories are kept, annotations indexed, invalid entries reported."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim2coco.check import entries, panoptic
from sim2coco.check.faults import Place
from sim2coco.check.folder import Folder
from sim2coco.check.jsontext import NotJson
from sim2coco.check.listing import CATEGORY, ID, IMAGE, RANK, Listing
from sim2coco.check.stream import Item, NotObject, items
from sim2coco.check.values import Entry, show

KINDS = ("categories", "images", "annotations")
REFERRED = {"image_id": ("images", IMAGE), "category_id": ("categories", CATEGORY)}
"""The list that each reference of an annotation refers to, and its column in the index."""


@dataclass(slots=True)
class Document:
    """The valid entries of an annotation file.

    Attributes:
        folder: The data set.
        name: The file, relative to the data set.
        listing: The annotations.
        categories: Valid categories by id.
        images: Valid images by id: those of their values that the checks use.
        by_name: The images by file name; backslashes in names of other tools are separators.
        unusable: The ids of the invalid entries of each kind, as far as they have one. What refers to them is
            not reported again.
        sizes: Number of entries of each kind, invalid ones included.
        disordered: The lists whose ids are not in order.
        segments: For panoptic annotations, the first reference to each image and category.
        amodal: The amodal file of the same split, if there is one.
    """

    folder: Folder
    name: str
    listing: Listing
    categories: dict[int, Entry] = field(default_factory=dict)
    images: dict[int, Entry] = field(default_factory=dict)
    by_name: dict[str, Entry] = field(default_factory=dict)
    unusable: dict[str, set[int]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    disordered: set[str] = field(default_factory=set)
    segments: panoptic.References = field(default_factory=dict)
    amodal: "Document | None" = None

    def at(self, where: str) -> Place:
        """Returns a location in this file, at which faults can be reported."""
        return self.folder.at(self.name, where)

    def annotations_of(self, image: int) -> list[Entry]:
        """Reads the valid annotations of an image, in the order of the file."""
        return [*self.listing.of_image(image)]

    def ignored_of(self, image: Entry) -> list[Any]:
        """Reads the instances without a label that an image of sim2coco lists."""
        ignored = self.listing.read(*image["at"])["ignored"]
        return ignored if type(ignored) is list else []


def read_split(folder: Folder, split: str, name: str) -> Document | None:
    """Reads the annotation file of a split and its amodal file; None if the annotation file is unreadable.

    Args:
        folder: The data set.
        split: The split.
        name: Its annotation file, relative to the data set.
    """
    document = _read(folder, name)
    amodal = f"annotations/amodal_{split}.json"
    if document is not None and (folder.ours or folder.has(amodal)):
        document.amodal = _read(folder, amodal)
    return document


def _read(folder: Folder, name: str) -> Document | None:
    folder.parsed.add(name)
    file = folder.open(name)
    if file is None:
        return None
    document = Document(folder, name, Listing(file))
    tree, rows = {}, array("q")
    try:
        for item in items(file):
            if item.rank is None and item.key in tree:
                folder.at(name).fault("repeated_key", f"key {show(item.key)} occurs twice")
                return None
            if item.rank is None:
                tree[item.key] = item.value
            _see(document, item, rows)
    except NotJson as error:
        folder.at(name).fault("json", f"invalid JSON: {error}")
        return None
    except NotObject as error:
        folder.at(name).fault("schema", str(error))
        return None
    except OSError as error:
        folder.at(name).fault("unreadable", f"cannot be read: {error.strerror}")
        return None
    if not folder.at(name).conforms(tree, entries.rules("file", folder.ours)):
        return None
    document.listing.fill(rows)
    _finish(document)
    return document


def _see(document: Document, item: Item, rows: "array[int]") -> None:
    """Checks one value of the file, and keeps what the checks need of it."""
    where = item.key if item.rank is None else f"{item.key}[{item.rank}]"
    if item.oddities:
        for kind, message in item.oddities.items():
            document.at(where).fault(kind, message)
    if document.folder.ours:
        document.folder.report_paths(document.name, item.key, item.value)
    if item.rank is None:
        _see_top(document, item)
    elif item.key in KINDS:
        document.sizes[item.key] += 1
        _see_entry(document, document.at(where), item, rows)


def _see_top(document: Document, item: Item) -> None:
    rule = entries.OPTIONAL.get(item.key)
    if rule is not None and not document.folder.ours:
        document.at("").conforms({item.key: item.value}, {item.key: rule})


def _see_entry(document: Document, place: Place, item: Item, rows: "array[int]") -> None:
    entry, kind, ours = item.value, item.key, document.folder.ours
    if kind == "annotations" and not ours and panoptic.is_panoptic(entry):
        panoptic.see(place, entry, document.segments)
        return
    conforms = place.conforms(entry, entries.rules(kind, ours))
    if conforms and kind == "annotations" and ours:
        conforms = place.conforms(entry["attributes"], entries.ATTRIBUTES)
    if ours:
        _check_order(document, kind, entry)
    if not conforms:
        if type(entry) is dict and type(entry.get("id")) is int:
            document.unusable[kind].add(entry["id"])
    elif kind == "annotations":
        numbers = (entry["id"], entry["image_id"], entry["category_id"])
        rows.extend((*numbers, item.start, item.length, item.rank or 0))
    elif kind == "images":
        kept = {key: entry[key] for key in entries.KEPT if key in entry}
        _keep(place, document.images, kept | ({"at": (item.start, item.length)} if ours else {}))
    else:
        _keep(place, document.categories, entry)


def _check_order(document: Document, kind: str, entry: Any) -> None:
    """Reports, once for each list, that ids are not those that sim2coco writes."""
    identity = entry.get("id") if type(entry) is dict else None
    if identity != document.sizes[kind] and kind not in document.disordered:
        document.disordered.add(kind)
        document.at(kind).fault("order", "ids are not 1, 2, 3, ... in order")


def _keep(place: Place, found: dict[int, Entry], entry: Entry) -> None:
    if found.setdefault(entry["id"], entry) is not entry:
        place.fault("duplicate_id", f"id {entry['id']} occurs twice")


def _finish(document: Document) -> None:
    """Checks what concerns several entries: unique names and ids, and references."""
    for key, found in (("name", document.categories), ("file_name", document.images)):
        _check_unique(document, key, found)
    document.by_name = {image["file_name"].replace("\\", "/"): image for image in document.images.values()}
    _remove_repeated(document)
    _remove_dangling(document)
    panoptic.check(document.at, document.segments, document.images, document.categories)
    if document.segments:
        document.folder.notes.append(f"{document.name}: panoptic; its PNG files are not compared")
    if not document.folder.ours and document.listing.row(0) is not None:
        what = "annotation id 0: pycocotools' COCOeval takes a match with it for none"
        document.folder.notes.append(f"{document.name}: {what}")


def _check_unique(document: Document, key: str, found: dict[int, Entry]) -> None:
    """Reports entries that have the same value for a key."""
    known: dict[str, int] = {}
    for identity, entry in found.items():
        if known.setdefault(entry[key], identity) != identity:
            document.at(f"id {identity}").fault("duplicate_name", f"{key} {show(entry[key])} occurs twice")


def _remove_repeated(document: Document) -> None:
    listing = document.listing
    again = listing.repeated()
    for row in listing.rows[again]:
        document.at(f"annotations[{row[RANK]}]").fault("duplicate_id", f"id {row[ID]} occurs twice")
    if again.any():
        listing.keep(listing.rows[~again])


def _remove_dangling(document: Document) -> None:
    """Removes annotations without a valid image or category, and reports those that refer to nothing."""
    rows = document.listing.rows
    kept = np.ones(len(rows), bool)
    for key, (kind, column) in REFERRED.items():
        found = document.images if kind == "images" else document.categories
        there = np.isin(rows[:, column], np.fromiter(found, np.int64, len(found)))
        kept &= there
        for row in rows[~there]:
            if int(row[column]) not in document.unusable[kind]:
                what = f"{key} {row[column]} is not the id of an entry of this file"
                document.at(f"annotation {row[ID]}").fault("dangling", what)
    if not kept.all():
        document.unusable["annotations"].update(rows[~kept, ID].tolist())
        document.listing.keep(rows[kept])


def compare_splits(documents: Mapping[str, Document]) -> None:
    """Reports categories that differ between splits and, if sim2coco wrote them, scenes in two splits."""
    owners: dict[int, str] = {}
    first = next(iter(documents.values()), None)
    for split, document in documents.items():
        if first is not None and _categories_differ(document, first):
            document.at("categories").fault("splits", f"differ from those of {first.name}")
        for image in document.images.values() if document.folder.ours else ():
            other = owners.setdefault(image["scene"], split)
            if other != split:
                what = f"scene {image['scene']} is in split {other} too"
                document.at(f"image {image['id']}").fault("splits", what)


def _categories_differ(one: Document, other: Document) -> bool:
    """Whether two files disagree on categories; those of other tools may have different ids, in any order."""
    names, others = (
        [(identity, category["name"]) for identity, category in document.categories.items()]
        for document in (one, other)
    )
    if one.folder.ours:
        return names != others and not (one.unusable["categories"] or other.unusable["categories"])
    return any(dict(others).get(identity, name) != name for identity, name in names)


def note_unused_categories(documents: Mapping[str, Document]) -> str:
    """A note on the categories that no annotation of any split has; "" if there are none."""
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
