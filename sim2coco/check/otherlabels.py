"""Checks the labels of data sets from other tools: masks may overlap, but annotations must be unique."""

from collections.abc import Callable
from typing import Any

from sim2coco.check.document import Document
from sim2coco.check.masks import Runs, overlap
from sim2coco.check.values import Entry

MAX_COMPARED = 2000
"""Maximum number of annotations per image that are compared with each other."""

CheckAnnotation = Callable[[Document, Entry, Entry], Runs | None]


def check_labels_of_others(document: Document, check_annotation: CheckAnnotation) -> None:
    """Checks each annotation, and compares the annotations of each image with each other.

    Args:
        document: The annotation file.
        check_annotation: Checks one annotation and returns its mask.
    """
    overlapping: list[tuple[int, int]] = []
    for identity, image in document.images.items():
        masks: dict[int, Runs] = {}
        seen: dict[Any, Entry] = {}
        for annotation in document.listing.of_image(identity):
            mask = check_annotation(document, image, annotation)
            if len(seen) < MAX_COMPARED:
                _check_twice(document, annotation, seen)
                if mask is not None and not annotation["iscrowd"]:
                    masks[annotation["id"]] = mask
        if pair := overlap(masks):
            overlapping.append(pair)
        document.folder.progress.step()
    if overlapping:
        first, second = overlapping[0]
        what = f"masks overlap in {len(overlapping)} images, which COCO allows"
        document.folder.notes.append(f"{document.name}: {what} (first: annotations {first} and {second})")


def _check_twice(document: Document, annotation: Entry, seen: dict[Any, Entry]) -> None:
    """Reports an annotation that equals an earlier one of the same image except for its id."""
    key = (annotation["category_id"], annotation["area"], *annotation["bbox"])
    other = seen.setdefault(key, annotation)
    if other is not annotation and {**other, "id": 0} == {**annotation, "id": 0}:
        what = f"equals annotation {other['id']} of the same image except for the id"
        document.at(f"annotation {annotation['id']}").fault("duplicate", what)
