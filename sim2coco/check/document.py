"""Reads annotation files: keeps images and categories, indexes annotations, and reports invalid entries."""

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim2coco.check import entries, panoptic
from sim2coco.check.faults import MAX_KEPT, Place
from sim2coco.check.folder import Folder
from sim2coco.check.jsontext import NotJson
from sim2coco.check.layout import amodal_file
from sim2coco.check.listing import CATEGORY, ID, IMAGE, RANK, Listing
from sim2coco.check.stream import Item, NotObject, items
from sim2coco.check.values import Entry, follows, show

KINDS = ("categories", "images", "annotations")
REFERRED = {"image_id": ("images", IMAGE), "category_id": ("categories", CATEGORY)}
"""Maps annotation keys to the list that the key's value refers to, and the key's column in `Listing.rows`."""


@dataclass(slots=True)
class Document:
    """The valid entries of an annotation file.

    Attributes:
        folder: The data set.
        name: The file path, relative to the data set.
        listing: The valid annotations, which can be read by id or by image.
        categories: Valid categories by id.
        images: Valid images by id; of each entry, only the keys that the checks use.
        by_name: The images by file name; backslashes in other tools' file names become slashes.
        unusable: For each list of the file, such as `images`, the ids of its invalid entries. References to
            these entries are not reported as dangling.
        sizes: Number of entries of each list, including invalid ones.
        disordered: The lists whose ids are not 1, 2, 3, ... although sim2coco wrote the file.
        segments: If the annotations are panoptic, the location in the file at which each image id and
            category id is first used.
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
        """Returns the `Place` for reporting faults at a location in this file."""
        return self.folder.at(self.name, where)

    def annotations_of(self, image: int) -> list[Entry]:
        """Reads the valid annotations of an image, in the order of the file."""
        return [*self.listing.of_image(image)]

    def ignored_of(self, image: Entry) -> list[Any]:
        """Reads the list `ignored` of an image entry from sim2coco; it has the instances without a label."""
        ignored = self.listing.read(*image["at"])["ignored"]
        return ignored if type(ignored) is list else []


def read_split(folder: Folder, name: str) -> Document | None:
    """Reads the annotation file of a split and its amodal file; None if the annotation file is unreadable.

    Args:
        folder: The data set.
        name: The annotation file of the split, relative to the data set.
    """
    document = _read(folder, name)
    amodal = amodal_file(folder, name)
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
            if item.oddities or folder.ours:
                _see_text(document, item)
            if item.key in KINDS and item.rank is not None:
                _see_entry(document, item, rows)
            elif item.rank is None:
                _see_top(document, item)
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


def _see_text(document: Document, item: Item) -> None:
    """Reports non-portable JSON (`item.oddities`) and, in files from sim2coco, absolute paths."""
    where = item.key if item.rank is None else f"{item.key}[{item.rank}]"
    for kind, message in item.oddities.items():
        document.at(where).fault(kind, message)
    if document.folder.ours:
        document.folder.report_paths(document.name, item.key, item.value)


def _see_top(document: Document, item: Item) -> None:
    rule = entries.OPTIONAL.get(item.key)
    if rule is not None and not document.folder.ours:
        document.at("").conforms({item.key: item.value}, {item.key: rule})


def _see_entry(document: Document, item: Item, rows: "array[int]") -> None:
    """Checks an entry of a list of the file, and stores what later checks need.

    Images and categories are stored in `document`; six numbers per annotation are appended to `rows`.
    """
    entry, kind, ours = item.value, item.key, document.folder.ours
    document.sizes[kind] += 1
    if ours:
        _check_order(document, kind, entry)
    if not _is_valid(kind, entry, ours):
        _see_other(document, item)
    elif kind == "annotations":
        numbers = (entry["id"], entry["image_id"], entry["category_id"])
        rows.extend((*numbers, item.start, item.length, item.rank or 0))
    elif entry["id"] in (found := document.images if kind == "images" else document.categories):
        document.at(f"{kind}[{item.rank}]").fault("duplicate_id", f"id {entry['id']} occurs twice")
    elif kind == "images":
        kept = {key: entry[key] for key in entries.KEPT if key in entry}
        found[entry["id"]] = kept | {"at": (item.start, item.length)} if ours else kept
    else:
        found[entry["id"]] = entry


def _is_valid(kind: str, entry: Any, ours: bool) -> bool:
    if not follows(entry, entries.rules(kind, ours)):
        return False
    return not (ours and kind == "annotations") or follows(entry["attributes"], entries.ATTRIBUTES)


def _see_other(document: Document, item: Item) -> None:
    """Reports the broken rules of an entry that is not a valid COCO entry.

    A panoptic annotation is checked by the rules of the panoptic format instead.
    """
    entry, ours, faults = item.value, document.folder.ours, document.folder.faults
    where = f"{item.key}[{item.rank}]"
    if item.key == "annotations" and not ours and panoptic.is_panoptic(entry):
        panoptic.see(document.at(where), entry, document.segments)
        return
    if faults.counts["schema"] >= MAX_KEPT:  # fast path: there may be millions
        faults.counts["schema"] += 1
    elif document.at(where).conforms(entry, entries.rules(item.key, ours)):
        document.at(where).conforms(entry["attributes"], entries.ATTRIBUTES)
    if type(entry) is dict and type(entry.get("id")) is int:
        document.unusable[item.key].add(entry["id"])


def _check_order(document: Document, kind: str, entry: Any) -> None:
    """Reports, once per list, if the ids are not 1, 2, 3, ... as in files from sim2coco."""
    identity = entry.get("id") if type(entry) is dict else None
    if identity != document.sizes[kind] and kind not in document.disordered:
        document.disordered.add(kind)
        document.at(kind).fault("order", "ids are not 1, 2, 3, ... in order")


def _finish(document: Document) -> None:
    """Runs the checks that involve several entries: unique names, unique ids, and references."""
    for key, found in (("name", document.categories), ("file_name", document.images)):
        _check_unique(document, key, found)
    document.by_name = {image["file_name"].replace("\\", "/"): image for image in document.images.values()}
    _remove_repeated(document)
    _remove_dangling(document)
    panoptic.check(document.at, document.segments, document.images, document.categories)
    if document.segments:
        document.folder.notes.append(f"{document.name}: panoptic; its PNG files are not checked")
    if not document.folder.ours and document.listing.row(0) is not None:
        what = "annotation id 0: pycocotools' COCOeval counts a match with it as no match"
        document.folder.notes.append(f"{document.name}: {what}")


def _check_unique(document: Document, key: str, found: dict[int, Entry]) -> None:
    """Reports entries of `found` that have the same value for `key`."""
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
    """Removes annotations without a valid image or category, and reports references to missing entries."""
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
