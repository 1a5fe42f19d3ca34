"""Groups of bodies that can be rendered in one call, because their silhouettes share no pixel."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from sim.boxes import Box, overlap, union
from sim.render.raster.gbuffer import Array

APART_PX = 0.5
"""Distance in pixels between two outlines above which the bodies share no pixel, however the renderer rounds
vertex positions."""


def groups(
    boxes: Mapping[int, Box], points: Mapping[int, Array], calls: Callable[[Box], int]
) -> list[list[int]]:
    """Groups bodies so that rendering each group in one box needs fewer calls than rendering each body alone.

    The search is greedy: each body joins the first group whose bodies do not share a pixel with it, provided
    that this reduces the number of calls.

    Args:
        boxes: Dict from the index of each body to the box to be rendered.
        points: Dict from the index of each body to pixel coordinates (n, 2), whose convex hull contains the
            image of the body.
        calls: Function that returns the number of calls needed to render a box.

    Returns:
        A list with one entry per group: the indices of its bodies.
    """
    outlines = {
        index: cv2.convexHull(points[index].astype(np.float32))[:, 0].astype(np.float64) for index in boxes
    }
    found: list[list[int]] = []
    for index, box in boxes.items():
        for group in found:
            held = union(boxes[other] for other in group)
            if calls(union((held, box))) < calls(held) + calls(box) and all(
                not overlap(boxes[other], box) or apart(outlines[other], outlines[index]) for other in group
            ):
                group.append(index)
                break
        else:
            found.append([index])
    return found


def apart(first: Array, second: Array) -> bool:
    """Whether two convex polygons (n, 2) are at least `APART_PX` apart, by the separating axis theorem."""
    edges = np.concatenate([np.roll(polygon, -1, axis=0) - polygon for polygon in (first, second)])
    normals = edges[:, ::-1] * (1.0, -1.0) / np.maximum(np.linalg.norm(edges, axis=1, keepdims=True), 1e-9)
    (low, high), (other_low, other_high) = (
        (along.min(axis=0), along.max(axis=0)) for along in (first @ normals.T, second @ normals.T)
    )
    return bool((np.maximum(other_low - high, low - other_high) > APART_PX).any())
