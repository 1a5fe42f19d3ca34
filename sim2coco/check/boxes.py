"""Compares boxes and areas with masks and images; data sets from other tools may deviate a little."""

from collections.abc import Iterator

from sim2coco.check.masks import Runs
from sim2coco.check.values import Entry, show

SLACK_PX, SLACK_FRACTION = 2, 0.05
"""Allowed deviations in data sets from other tools.

Each edge of a box may deviate by `SLACK_PX`. The area in pixels may deviate by the sum of `SLACK_PX`,
`SLACK_FRACTION` of the area, and the width and height of the box.
"""


def of_image(box_xywh: list[float], image: Entry, exact: bool) -> Iterator[tuple[str, str]]:
    """Yields a fault (kind, message) if a box is empty or extends beyond its image."""
    left, top, right, bottom = edges(box_xywh)
    slack_px = 0 if exact else SLACK_PX
    if box_xywh[2] <= 0 or box_xywh[3] <= 0:
        yield "empty_bbox", f"bbox {show(box_xywh)} is empty"
    elif (
        min(left, top) < -slack_px or right > image["width"] + slack_px or bottom > image["height"] + slack_px
    ):
        yield "outside", f"bbox {show(box_xywh)} extends beyond the image"


def of_mask(annotation: Entry, mask: Runs, exact: bool) -> Iterator[tuple[str, str]]:
    """Yields faults (kind, message) if an annotation's box or area differs from the mask's box or area."""
    given, box, area = annotation["bbox"], mask.box_xywh, mask.area
    box_slack, area_slack = 0.0, 0.0
    if not exact:
        box_slack, area_slack = SLACK_PX, SLACK_PX + SLACK_FRACTION * area + box[2] + box[3]
    if any(abs(one - other) > box_slack for one, other in zip(edges(given), edges(box), strict=True)):
        yield "bbox", f"bbox {show(given)} differs from the mask's bbox {show(box)}"
    if abs(annotation["area"] - area) > area_slack:
        yield "area", f"area {show(annotation['area'])} differs from the mask's area {area}"


def edges(box_xywh: list[float]) -> tuple[float, float, float, float]:
    """Returns the left, top, right and bottom edges of a box."""
    x, y, width, height = box_xywh
    return x, y, x + width, y + height
