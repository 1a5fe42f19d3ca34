"""Checks mask overlap: objects must not overlap, and defects must lie on their object.

The attribute `on` of a defect's label is the instance number of the object on which the defect lies.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sim2coco.check.faults import Place
from sim2coco.check.masks import Runs, overlap
from sim2coco.check.values import ID, Entry, show


def check_overlap(place: Place, annotations: list[Entry], masks: Mapping[int, Runs]) -> None:
    """Checks the overlap of the visible masks of an image.

    Objects must not overlap each other, nor defects each other. A defect must lie inside its object's mask;
    if its object has no label, the defect must not overlap any labelled object.

    Args:
        place: Where faults are reported.
        annotations: The annotations of the image.
        masks: The valid masks, keyed by annotation id.
    """
    placed = {entry["id"]: entry["attributes"].get("on") for entry in annotations if entry["id"] in masks}
    objects = {number: masks[number] for number, on in placed.items() if on is None}
    defects = {number: masks[number] for number, on in placed.items() if on is not None}
    for group in (objects, defects):
        if pair := overlap(group):
            place.fault("overlap", f"the masks of annotations {pair[0]} and {pair[1]} overlap")
    owners = {entry["attributes"]["instance"]: entry["id"] for entry in annotations}
    for number, mask in defects.items():
        place.add(("overlap", what) for what in _off(number, mask, placed[number], owners, objects))


def _off(
    number: int, mask: Runs, on: Any, owners: Mapping[int, int], objects: Mapping[int, Runs]
) -> Iterator[str]:
    """Checks that a defect lies inside its object, and yields a message if it does not.

    If the object has no label, the defect must lie outside all labelled objects.

    Args:
        number: Annotation id of the defect.
        mask: Mask of the defect.
        on: Instance number of the object, from the annotation of the defect.
        owners: Dict from the instance number of each annotation to its annotation id.
        objects: Valid masks of labelled objects, keyed by annotation id.
    """
    if not ID[0](on):
        yield f"annotation {number}: on is {show(on)}, must be {ID[1]}"
        return
    owner = owners.get(on)
    if owner is not None and owner not in objects:
        return  # the owner's mask is invalid, which is reported elsewhere, or the owner is a defect
    if owner is not None:
        if not mask.inside(objects[owner]):
            yield f"the mask of annotation {number} is not inside the mask of its object, annotation {owner}"
    elif pair := overlap({**objects, number: mask}):
        yield f"annotation {number} is on an object without a label, but overlaps annotation {pair[0]}"
