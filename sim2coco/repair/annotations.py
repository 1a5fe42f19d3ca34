"""Repairs one annotation; if it has a mask, its box and area are corrected to match the mask."""

from typing import Any

from sim2coco.check import boxes
from sim2coco.check.entries import ANNOTATION
from sim2coco.check.faults import Place
from sim2coco.check.keypoints import fault_of, labelled_points
from sim2coco.check.masks import Runs, mask_of
from sim2coco.check.values import Entry, show

is_box, is_amount = ANNOTATION["bbox"][0], ANNOTATION["area"][0]
CROWD: dict[object, int] = {None: 0, 0: 0, 1: 1}
"""Repairable values of iscrowd (absent, or a number or boolean equal to 0 or 1), with their integers."""


class LeftOut(Exception):
    """An annotation cannot be repaired; the message is one line."""


def repaired(annotation: Entry, image: Entry, category: Entry, place: Place) -> Entry:
    """Repairs an annotation as far as possible without guessing.

    Args:
        annotation: The annotation as found.
        image: Its image, with valid width and height.
        category: Its category.
        place: Where changes are listed.

    Raises:
        LeftOut: The annotation cannot be repaired.
    """
    entry = {**annotation, "iscrowd": _crowd(annotation, place)}
    mask = _mask(entry, image, place)
    entry["bbox"] = _box(entry.get("bbox"), mask, image, place)
    entry["area"] = _area(entry, mask, place)
    if "keypoints" in entry:
        _repair_keypoints(entry, category, place)
    return entry


def _crowd(annotation: Entry, place: Place) -> int:
    value = annotation.get("iscrowd")
    if type(value) not in (int, float, bool, type(None)) or value not in CROWD:
        raise LeftOut(f"iscrowd is {show(value)}")
    if type(value) is not int:
        place.fault("iscrowd", f"iscrowd was {'absent' if value is None else show(value)}")
    return CROWD[value]


def _mask(entry: Entry, image: Entry, place: Place) -> Runs | None:
    """The mask of an annotation; None if there is no mask. Polygons that enclose nothing are removed."""
    segmentation = entry.get("segmentation")
    if segmentation in (None, []):
        return None
    if type(segmentation) is list:
        parts = [part for part in segmentation if type(part) is not list or len(part) not in (0, 2, 4)]
        if parts and len(parts) < len(segmentation):
            place.fault("polygons", f"{len(segmentation) - len(parts)} of fewer than three points removed")
            segmentation = entry["segmentation"] = parts
    try:
        mask = mask_of(segmentation, image["height"], image["width"])
    except ValueError as error:
        raise LeftOut(str(error)) from error
    if mask.area == 0:
        raise LeftOut("the mask is empty")
    return mask


def _box(given: Any, mask: Runs | None, image: Entry, place: Place) -> list[float]:
    valid = is_box(given)
    if mask is not None:
        whole = {"bbox": given, "area": mask.area}
        if valid and not [*boxes.of_image(given, image, False), *boxes.of_mask(whole, mask, False)]:
            return list(given)
        place.fault("bbox", f"bbox {show(given)} replaced by the mask's bbox {show(mask.box_xywh)}")
        return mask.box_xywh
    if not valid:
        raise LeftOut(f"bbox is {show(given)}, and there is no mask")
    if not [*boxes.of_image(given, image, False)]:
        return list(given)
    left, top, right, bottom = boxes.edges(given)
    left, top = max(left, 0), max(top, 0)
    clipped = [left, top, min(right, image["width"]) - left, min(bottom, image["height"]) - top]
    if clipped[2] <= 0 or clipped[3] <= 0:
        raise LeftOut(f"bbox {show(given)} is outside the image, and there is no mask")
    place.fault("bbox", f"bbox {show(given)} clipped to {show(clipped)}")
    return clipped


def _area(entry: Entry, mask: Runs | None, place: Place) -> float:
    given: Any = entry.get("area")
    if is_amount(given) and (mask is None or not [*boxes.of_mask(entry, mask, False)]):
        return given  # type: ignore[no-any-return]  # a number, as found
    area: float = mask.area if mask is not None else entry["bbox"][2] * entry["bbox"][3]
    place.fault("area", f"area {show(given)} changed to {show(area)}")
    return area


def _repair_keypoints(entry: Entry, category: Entry, place: Place) -> None:
    message = fault_of(entry, category)
    if not message:
        return
    if not fault_of({"keypoints": entry["keypoints"]}, category):
        entry["num_keypoints"] = labelled_points(entry["keypoints"])
        place.fault("keypoints", f"{message}: recounted")
    else:
        entry.pop("keypoints")
        entry.pop("num_keypoints", None)
        place.fault("keypoints", f"{message}: removed")
