"""Which bodies can be drawn at once: those that share no pixel, wherever the others are."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from sim.boxes import Box, overlap, union
from sim.render.raster.gbuffer import Array

APART_PX = 0.5
"""How far apart outlines lie that share no pixel, however corners are rounded."""


def groups(
    boxes: Mapping[int, Box], points: Mapping[int, Array], calls: Callable[[Box], int]
) -> list[list[int]]:
    """Bodies one by one, each with the first earlier ones from all of which it lies apart.

    Args:
        boxes: What is drawn of each body.
        points: Pixel coordinates (n, 2) that bound it.
        calls: How many calls it takes to draw a box: bodies are not put together to be drawn in more.
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
    """Whether a line runs between two convex polygons (n, 2), along an edge of one, clear of the other."""
    edges = np.concatenate([np.roll(polygon, -1, axis=0) - polygon for polygon in (first, second)])
    normals = edges[:, ::-1] * (1.0, -1.0) / np.maximum(np.linalg.norm(edges, axis=1, keepdims=True), 1e-9)
    (low, high), (other_low, other_high) = (
        (along.min(axis=0), along.max(axis=0)) for along in (first @ normals.T, second @ normals.T)
    )
    return bool((np.maximum(other_low - high, low - other_high) > APART_PX).any())
