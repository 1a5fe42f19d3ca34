"""Checks keypoints: each annotation's keypoints against the keypoint names of its category."""

from collections.abc import Iterator
from typing import Any

from sim2coco.check.faults import Place
from sim2coco.check.values import Entry, integer, number, show


def check_category(place: Place, category: Entry) -> None:
    """Checks a category's keypoint names and its skeleton, which connects keypoints by 1-based index."""
    for message in category_faults(category.get("keypoints"), category.get("skeleton")):
        place.fault("keypoints", message)


def category_faults(names: Any, skeleton: Any) -> Iterator[str]:
    """Yields a message for each error in a category's keypoint names and skeleton."""
    if names is None:
        return
    if type(names) is not list or not all(type(name) is str for name in names):
        yield f"keypoints is {show(names)}, must be a list of names"
        return
    if len(set(names)) < len(names):
        yield "keypoints: a name occurs twice"
    inside = integer(1, len(names))
    if skeleton is not None and not (
        type(skeleton) is list
        and all(type(pair) is list and len(pair) == 2 and all(map(inside, pair)) for pair in skeleton)
    ):
        yield f"skeleton must be a list of pairs of numbers from 1 to {len(names)}"


def check_annotation(place: Place, annotation: Entry, category: Entry) -> None:
    """Checks `keypoints` and `num_keypoints` of an annotation."""
    message = fault_of(annotation, category)
    if message:
        place.fault("keypoints", message)


def fault_of(annotation: Entry, category: Entry) -> str:
    """Returns a message on the first error in an annotation's keypoints; "" if they are valid."""
    points, names = annotation.get("keypoints"), category.get("keypoints")
    if points is None:
        return ""
    if type(points) is not list or len(points) % 3:
        return f"keypoints is {show(points)}, must be a list of x, y, visibility"
    if points and names is None:
        return f"keypoints has {len(points)} numbers, but the category lists no keypoint names"
    if type(names) is list and len(points) != 3 * len(names):
        return f"keypoints has {len(points)} numbers, but the category needs 3 x {len(names)}"
    if not all(map(number, points)):
        return "keypoints: coordinates must be finite numbers"
    if any(visibility not in (0, 1, 2) for visibility in points[2::3]):
        return "keypoints: a visibility must be 0 (not labelled), 1 (hidden) or 2 (visible)"
    labelled = labelled_points(points)
    told = annotation.get("num_keypoints", labelled)
    return "" if told == labelled else f"num_keypoints is {show(told)}, but {labelled} are labelled"


def labelled_points(points: list[float]) -> int:
    """Returns the number of labelled keypoints in a flat list of x, y, visibility."""
    return sum(visibility > 0 for visibility in points[2::3])
