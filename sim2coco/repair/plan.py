"""Decides which categories and images of an annotation file are kept, and repairs them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sim2coco.check.entries import CATEGORY, IMAGE
from sim2coco.check.keypoints import category_faults
from sim2coco.check.panoptic import is_panoptic
from sim2coco.check.stream import items
from sim2coco.check.values import MAX_VALUE, Entry, integer, show
from sim2coco.repair.changes import Changes
from sim2coco.repair.json_values import Key, key_of, plain

LISTS = ("categories", "images", "annotations")
is_name, is_path, is_side = CATEGORY["name"][0], IMAGE["file_name"][0], IMAGE["width"][0]
is_id = integer(0, MAX_VALUE)


EntryOf = Callable[["Plan", str, Any], Entry | None]
"""Function (plan, where, value) that returns the repaired entry; None if the entry is left out."""


class Unrepairable(Exception):
    """An annotation file cannot be repaired; the message is one line."""


@dataclass(slots=True)
class Plan:
    """The plan for repairing an annotation file.

    Attributes:
        name: The file, relative to the data set.
        changes: The list to which the changes are added.
        top: The top-level values of the file, by key; each list is replaced by an empty one.
        categories: The categories to write, by original id.
        images: The images to write, by original id.
        annotations: Number of annotations as found.
        renumber: Whether annotations get new ids.
    """

    name: str
    changes: Changes
    top: Entry = field(default_factory=dict)
    categories: dict[Key, Entry] = field(default_factory=dict)
    images: dict[Key, Entry] = field(default_factory=dict)
    annotations: int = 0
    renumber: bool = False

    def left_out(self, where: str, why: str) -> None:
        """Lists an entry as left out."""
        self.changes.at(self.name, where).fault("left_out", f"left out: {why}")


def plan(name: str, file: BinaryIO, changes: Changes) -> Plan:
    """Reads an annotation file, and decides which of its categories and images are kept.

    Raises:
        Unrepairable: One of COCO's lists is missing, a key occurs twice, or annotations are panoptic.
        NotJson, NotObject, OSError: The file cannot be read.
    """
    found = Plan(name, changes)
    listed: dict[str, list[tuple[str, Any]]] = {"categories": [], "images": []}
    ids = _Ids()
    for item in items(file):
        if "repeated_key" in item.oddities:
            where = item.key if item.rank is None else f"{item.key}[{item.rank}]"
            changes.at(name, where).fault("value", f"{item.oddities['repeated_key']}: the last one is kept")
        if item.rank is None:
            if item.key in found.top:
                raise Unrepairable(f"key {show(item.key)} occurs twice")
            found.top[item.key] = item.value
        elif item.key == "annotations":
            if is_panoptic(item.value):
                raise Unrepairable("panoptic annotations are not repaired")
            found.annotations += 1
            ids.see(item.value.get("id") if type(item.value) is dict else None)
        elif item.key in listed:
            value = item.value
            if item.key == "images" and type(value) is dict:
                value = plain(value, changes.at(name, f"images[{item.rank}]"))
            listed[item.key].append((f"{item.key}[{item.rank}]", value))
    if absent := [key for key in LISTS if type(found.top.get(key)) is not list]:
        raise Unrepairable(f"{', '.join(absent)}: missing or not a list")
    found.renumber = ids.broken
    found.categories = _distinct(found, listed["categories"], _category)
    found.images = _distinct(found, listed["images"], _image)
    _rename(found)
    return found


class _Ids:
    """Detects ids that are not positive integers, or that occur twice."""

    def __init__(self) -> None:
        self.broken = False
        self._seen: set[int] = set()

    def see(self, identity: object) -> None:
        if self.broken:
            return
        if not is_id(identity) or identity == 0 or identity in self._seen:
            self.broken = True
            self._seen.clear()
        else:
            assert isinstance(identity, int)
            self._seen.add(identity)


def _distinct(found: Plan, listed: Iterable[tuple[str, Any]], entry_of: EntryOf) -> dict[Key, Entry]:
    """Returns the valid entries of a list, keyed by id.

    Of several equal entries, one is kept. Different entries with the same id are all left out, because it is
    unknown which one is meant.
    """
    kept: dict[Key, Entry] = {}
    ambiguous: dict[Key, None] = {}
    for where, value in listed:
        entry = entry_of(found, where, value)
        if entry is None:
            continue
        key = key_of(entry["id"])
        assert key is not None  # `entry_of` has checked it
        if key not in kept:
            kept[key] = entry
        elif kept[key] == entry:
            found.changes.at(found.name, where).fault("duplicate", "left out: it is a duplicate")
        else:
            ambiguous[key] = None
            found.left_out(where, f"another entry also has id {show(entry['id'])}")
    for key in ambiguous:
        del kept[key]
        found.left_out(f"id {show(key[1])}", "another entry has the same id")
    return kept


def _category(found: Plan, where: str, value: Any) -> Entry | None:
    if type(value) is not dict or key_of(value.get("id")) is None or not is_name(value.get("name")):
        found.left_out(where, "a category needs an id and a name")
        return None
    entry = plain(value, found.changes.at(found.name, where))
    if [*category_faults(entry.get("keypoints"), entry.get("skeleton"))]:
        entry = {key: inner for key, inner in entry.items() if key not in ("keypoints", "skeleton")}
        found.changes.at(found.name, where).fault("keypoints", "malformed names or skeleton removed")
    return entry


def _image(found: Plan, where: str, entry: Any) -> Entry | None:
    if type(entry) is not dict or key_of(entry.get("id")) is None:
        found.left_out(where, "an image needs an id")
        return None
    value: Entry = entry
    name = value.get("file_name")
    if type(name) is str and "\\" in name and is_path(name):
        found.changes.at(found.name, where).fault(
            "file_name", f"{show(name)}: backslashes replaced by slashes"
        )
        value = {**value, "file_name": name.replace("\\", "/")}
    if not is_path(value.get("file_name")):
        found.left_out(where, f"file_name {show(name)} is not a relative path inside the folder")
        return None
    return value


def _rename(found: Plan) -> None:
    """Appends a number to a category's name if an earlier category has the same name."""
    names = {entry["name"] for entry in found.categories.values()}
    seen: set[str] = set()
    for key, entry in found.categories.items():
        name, number = entry["name"], 2
        while entry["name"] in seen or (entry["name"] != name and entry["name"] in names):
            entry = {**entry, "name": f"{name} ({number})"}
            number += 1
        seen.add(entry["name"])
        if entry["name"] != name:
            found.categories[key] = entry
            what = f"renamed to {show(entry['name'])}, as another category is named {show(name)}"
            found.changes.at(found.name, f"category {show(entry['id'])}").fault("category_name", what)
