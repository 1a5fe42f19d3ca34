"""Reads annotation files: valid entries are kept by id, invalid ones are reported."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim2coco.check import entries
from sim2coco.check.folder import Folder, Place
from sim2coco.check.values import Entry, Rules, show

KINDS = ("categories", "images", "annotations")
REFERRED = {"image_id": "images", "category_id": "categories"}
"""The list that each reference of an annotation refers to."""


@dataclass(slots=True)
class Document:
    """The valid entries of an annotation file.

    Attributes:
        folder: The data set.
        name: The file, relative to the data set.
        num_images: Number of images, including invalid entries.
        num_annotations: Number of annotations, including invalid entries.
        categories: Valid categories by id.
        images: Valid images by id.
        annotations: Valid annotations by id.
        of_image: The annotations of each image, by image id.
        by_name: The images by file name; backslashes in names of other tools are separators.
        unusable: The ids of the invalid entries of each kind, as far as they have one. What refers to them is
            not reported again.
        amodal: The amodal file of the same split, if there is one.
    """

    folder: Folder
    name: str
    num_images: int
    num_annotations: int
    categories: dict[int, Entry]
    images: dict[int, Entry]
    annotations: dict[int, Entry]
    of_image: dict[int, list[Entry]]
    by_name: dict[str, Entry]
    unusable: dict[str, set[int]]
    amodal: "Document | None" = None

    def at(self, where: str) -> Place:
        """Returns a location in this file, at which faults can be reported."""
        return self.folder.at(self.name, where)


def read_split(folder: Folder, split: str, name: str) -> Document | None:
    """Reads the annotation file of a split and its amodal file; None if the annotation file is unreadable.

    Args:
        folder: The data set.
        split: The split.
        name: Its annotation file, relative to the data set.
    """
    document = _read(folder, name)
    amodal = f"annotations/amodal_{split}.json"
    if document is not None and (folder.ours or (folder.root / amodal).exists()):
        document.amodal = _read(folder, amodal)
    return document


def _read(folder: Folder, name: str) -> Document | None:
    rules = entries.OURS if folder.ours else entries.COCO
    tree = folder.read_object(name, rules["file"])
    if tree is None:
        return None
    unusable: dict[str, set[int]] = {kind: set() for kind in KINDS}
    categories, images, annotations = (
        _by_id(folder, name, kind, tree[kind], rules[kind], unusable[kind]) for kind in KINDS
    )
    for key, entries_by_id in (("name", categories), ("file_name", images)):
        _check_unique(folder, name, key, entries_by_id)
    document = Document(
        folder,
        name,
        num_images=len(tree["images"]),
        num_annotations=len(tree["annotations"]),
        categories=categories,
        images=images,
        annotations=annotations,
        of_image={identity: [] for identity in images},
        by_name={image["file_name"].replace("\\", "/"): image for image in images.values()},
        unusable=unusable,
    )
    _assign_annotations(document)
    return document


def _by_id(
    folder: Folder, name: str, kind: str, listed: list[Any], rules: Rules, unusable: set[int]
) -> dict[int, Entry]:
    """Returns the valid entries of a list by id, and reports invalid entries and ids.

    The ids of invalid entries are added to `unusable`.
    """
    found: dict[int, Entry] = {}
    for rank, entry in enumerate(listed):
        place = folder.at(name, f"{kind}[{rank}]")
        if not place.conforms(entry, rules):
            unusable |= {entry["id"]} if type(entry) is dict and type(entry.get("id")) is int else set()
        elif found.setdefault(entry["id"], entry) is not entry:
            place.fault(f"id {entry['id']} occurs twice")
    ids = [entry.get("id") if type(entry) is dict else None for entry in listed]
    if folder.ours and ids != list(range(1, len(ids) + 1)):
        folder.at(name, kind).fault("ids are not 1, 2, 3, ... in order")
    if kind == "annotations" and 0 in found and not folder.ours:
        folder.notes.append(f"{name}: annotation id 0: pycocotools' COCOeval takes a match with it for none")
    return found


def _check_unique(folder: Folder, name: str, key: str, found: dict[int, Entry]) -> None:
    """Reports entries that have the same value for a key."""
    known: dict[str, int] = {}
    for identity, entry in found.items():
        if known.setdefault(entry[key], identity) != identity:
            folder.at(name, f"id {identity}").fault(f"{key} {show(entry[key])} occurs twice")


def _assign_annotations(document: Document) -> None:
    """Assigns each annotation to its image; removes those without a valid image, category or attributes."""
    known = {"image_id": document.images, "category_id": document.categories}
    for identity, annotation in list(document.annotations.items()):
        place = document.at(f"annotation {identity}")
        missing = [key for key, found in known.items() if annotation[key] not in found]
        for key in missing:
            if annotation[key] not in document.unusable[REFERRED[key]]:
                place.fault(f"{key} {annotation[key]} is not the id of an entry of this file")
        if missing or (
            document.folder.ours and not place.conforms(annotation["attributes"], entries.ATTRIBUTES)
        ):
            del document.annotations[identity]
            document.unusable["annotations"].add(identity)
        else:
            document.of_image[annotation["image_id"]].append(annotation)


def compare_splits(documents: Mapping[str, Document]) -> None:
    """Reports categories that differ between splits and, if sim2coco wrote them, scenes in two splits."""
    owners: dict[int, str] = {}
    first = next(iter(documents.values()), None)
    for split, document in documents.items():
        if first is not None and _categories_differ(document, first):
            document.at("categories").fault(f"differ from those of {first.name}")
        for image in document.images.values() if document.folder.ours else ():
            other = owners.setdefault(image["scene"], split)
            if other != split:
                document.at(f"image {image['id']}").fault(f"scene {image['scene']} is in split {other} too")


def _categories_differ(one: Document, other: Document) -> bool:
    """Whether two files disagree on categories; those of other tools may have different ids, in any order."""
    names, others = (
        [(identity, category["name"]) for identity, category in document.categories.items()]
        for document in (one, other)
    )
    if one.folder.ours:
        return names != others and not (one.unusable["categories"] or other.unusable["categories"])
    return any(dict(others).get(identity, name) != name for identity, name in names)
