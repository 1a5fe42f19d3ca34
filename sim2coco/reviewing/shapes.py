"""The overlays of an image as JSON values: boxes, and outlines as SVG paths."""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from sim2coco.datasets.labelled import IgnoredObject, Label, LabelledImage
from sim2coco.datasets.masks import crop
from sim2coco.export.outlines import edge_loops
from sim2coco.review.overlay import color_of
from sim2coco.statistics.labels import measure_labels


def shapes(image: LabelledImage, names: tuple[str, ...], scale: float = 1.0) -> dict[str, Any]:
    """Returns the labels and the ignored objects of an image as JSON values.

    Args:
        image: The image.
        names: Names of the categories.
        scale: Scale of the paths relative to the image; below 1, the paths are shorter and less exact.
    """
    visible = [measures.visible_fraction for measures in measure_labels(image)]
    pairs = zip(image.labels, visible, strict=True)
    return {
        "scale": scale,
        "labels": [_label(label, image, names, scale) | {"visible": seen} for label, seen in pairs],
        "ignored": None if image.ignored is None else [_ignored(each, names) for each in image.ignored],
    }


def svg_path(counts: str, height: int, scale: float = 1.0) -> str:
    """The outlines of a mask along the edges of its pixels, as an SVG path for the even-odd fill rule.

    Args:
        counts: Compressed RLE, valid for the image.
        height: Height of the image in pixels.
        scale: As for `shapes`.
    """
    part = crop(counts, height)
    mask, corner = part.mask, np.rint(np.array([part.left, part.top]) * scale).astype(np.int64)
    if mask.size and scale != 1.0:
        size_wh = [max(1, round(side * scale)) for side in mask.shape[::-1]]
        small = cv2.resize(mask.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
        mask = np.asarray(small >= 0.5, np.bool_)
    return "".join(_closed((loop + corner).tolist()) for loop in edge_loops(mask))


def _closed(points: list[list[int]]) -> str:
    (x, y), steps = points[0], pairwise(points)
    return f"M{x},{y}l" + " ".join(f"{b[0] - a[0]},{b[1] - a[1]}" for a, b in steps) + "z"


def _label(label: Label, image: LabelledImage, names: tuple[str, ...], scale: float) -> dict[str, Any]:
    hidden = label.amodal is not None and label.amodal.area > label.area
    return {
        "category": names[label.category],
        "color": "rgb({},{},{})".format(*color_of(label.category)),
        "box": label.bbox,
        "crowd": label.crowd,
        "mask": None if label.counts is None else svg_path(label.counts, image.height, scale),
        "whole": svg_path(label.amodal.counts, image.height, scale) if label.amodal and hidden else None,
        "points": [[x, y] for x, y, visibility in label.keypoints or () if visibility],
    }


def _ignored(ignored: IgnoredObject, names: tuple[str, ...]) -> dict[str, Any]:
    return {"category": names[ignored.category], "box": ignored.bbox, "reason": ignored.reason}
