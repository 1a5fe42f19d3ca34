"""An annotation file: its right entries, by id; the wrong ones are named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim2coco.check import entries
from sim2coco.check.folder import Folder, Place
from sim2coco.check.values import Entry, Rules, show


@dataclass(slots=True)
class Document:
    """An annotation file, and the amodal one of its split where there is one.

    Attributes:
        num_images: Right and wrong ones.
        num_annotations: Right and wrong ones.
        of_image: The annotations by the id of their image.
        by_name: The images by the name of their picture.
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
    amodal: "Document | None" = None

    def at(self, where: str) -> Place:
        """A place in this file."""
        return self.folder.at(self.name, where)


def read_split(folder: Folder, split: str) -> Document | None:
    """The annotation file of a split, and its amodal one."""
    document = _read(folder, f"annotations/instances_{split}.json")
    amodal = f"annotations/amodal_{split}.json"
    if document is not None and (folder.ours or (folder.root / amodal).exists()):
        document.amodal = _read(folder, amodal)
    return document


def _read(folder: Folder, name: str) -> Document | None:
    rules = entries.OURS if folder.ours else entries.COCO
    tree = folder.read_object(name, rules["file"])
    if tree is None:
        return None
    categories, images, annotations = (
        _by_id(folder, name, kind, tree[kind], rules[kind])
        for kind in ("categories", "images", "annotations")
    )
    for key, found in (("name", categories), ("file_name", images)):
        _once(folder, name, key, found)
    document = Document(
        folder,
        name,
        num_images=len(tree["images"]),
        num_annotations=len(tree["annotations"]),
        categories=categories,
        images=images,
        annotations=annotations,
        of_image={identity: [] for identity in images},
        by_name={image["file_name"]: image for image in images.values()},
    )
    _refer(document)
    return document


def _by_id(folder: Folder, name: str, kind: str, listed: list[Any], rules: Rules) -> dict[int, Entry]:
    """The right entries of a list, by id."""
    found: dict[int, Entry] = {}
    for rank, entry in enumerate(listed):
        place = folder.at(name, f"{kind}[{rank}]")
        if place.right(entry, rules) and found.setdefault(entry["id"], entry) is not entry:
            place.fault(f"id {entry['id']} is there twice")
    ids = [entry.get("id") if type(entry) is dict else None for entry in listed]
    if folder.ours and ids != list(range(1, len(ids) + 1)):
        folder.at(name, kind).fault("ids are not the ranks 1, 2, 3, ... in order")
    return found


def _once(folder: Folder, name: str, key: str, found: dict[int, Entry]) -> None:
    """No two entries have the same value."""
    known: dict[str, int] = {}
    for identity, entry in found.items():
        if known.setdefault(entry[key], identity) != identity:
            folder.at(name, f"id {identity}").fault(f"{key} {show(entry[key])} is there twice")


def _refer(document: Document) -> None:
    """Gives each annotation to its image; those of no image or category go."""
    known = {"image_id": document.images, "category_id": document.categories}
    for identity, annotation in list(document.annotations.items()):
        place = document.at(f"annotation {identity}")
        missing = [key for key, found in known.items() if annotation[key] not in found]
        for key in missing:
            place.fault(f"{key} {annotation[key]} is no id of this file (or of a broken entry)")
        if missing or (
            document.folder.ours and not place.right(annotation["attributes"], entries.ATTRIBUTES)
        ):
            del document.annotations[identity]
        else:
            document.of_image[annotation["image_id"]].append(annotation)


def compare_splits(documents: Mapping[str, Document]) -> None:
    """All splits have the same categories; in ours, none has a scene of another."""
    owners: dict[int, str] = {}
    first = next(iter(documents.values()), None)
    for split, document in documents.items():
        if first is not None and _category_names(document) != _category_names(first):
            document.at("categories").fault(f"differ from those of {first.name}")
        for image in document.images.values() if document.folder.ours else ():
            other = owners.setdefault(image["scene"], split)
            if other != split:
                document.at(f"image {image['id']}").fault(f"scene {image['scene']} is in split {other} too")


def _category_names(document: Document) -> list[tuple[int, str]]:
    return [(identity, category["name"]) for identity, category in document.categories.items()]
