"""Outlines of masks through the centres of their border pixels: one closed path per mask.

Readers of YOLO polygons round the points to pixels, draw the path, and fill it by the even-odd rule. A path
along the border pixels of a mask and its holes reproduces the mask exactly if the connections between the
borders lie inside the mask and are traversed in both directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.export.outlines import bridged

Mask = NDArray[np.uint8]
Path = NDArray[np.int64]
"""(n, 2), pixels x, y of a closed path; the last pixel connects to the first."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The outline of a mask.

    Attributes:
        points: (n, 2), the pixels x, y where the path turns; fewer than three for small masks.
        parts: Number of 8-connected components of the mask.
        bridge_px: Number of pixels outside the mask in the bridges between its parts.
    """

    points: Path
    parts: int
    bridge_px: int


def outline(mask: Mask) -> Outline:
    """Computes the outline of a mask.

    The outline is a single closed path. It runs from the outer border of each part of the mask to the part's
    holes, through pixels of the mask, and from part to part over short bridges outside the mask. Drawing and
    filling the path gives the mask plus the bridge pixels.

    Args:
        mask: (h, w), zeros and ones, with at least one 1.
    """
    paths = [_with_holes(border, holes) for border, holes in _borders(mask)]
    path = _touching(bridged(paths))
    outside = path[mask[path[:, 1], path[:, 0]] == 0]
    return Outline(_turns(path), len(paths), len(np.unique(outside, axis=0)))


def padded(points: Path) -> Path:
    """Pads an outline that has diagonal steps, so that points added by Ultralytics do not change the mask.

    Ultralytics adds interpolated points to each polygon, equally spaced in the point index, until it has
    1,000 points. After rounding, added points in the middle of a diagonal step may lie outside the mask. To a
    polygon of 1,000 points none are added, and for a polygon of 499 points, which Ultralytics closes with a
    500th, each added point coincides with a point of the polygon. Therefore the last point is repeated until
    there are 499 or 1,000 points.
    """
    diagonal = (points != np.roll(points, 1, axis=0)).all(axis=1).any()
    number = next((number for number in (499, 1000) if len(points) <= number), len(points))
    return np.pad(points, ((0, number - len(points)), (0, 0)), "edge") if diagonal else points


def largest_part(mask: Mask) -> Mask:
    """Returns the largest component of a mask (h, w); in a tie, the one that begins in the uppermost row."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.asarray(labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA]), np.uint8)


def _borders(mask: Mask) -> list[tuple[Path, list[Path]]]:
    """Returns a pair for each part of a mask: the outer border, and a list of the borders of the holes."""
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    borders = [_around_corners(mask, contour.reshape(-1, 2).astype(np.int64)) for contour in contours]
    parents = hierarchy[0, :, 3].tolist()
    holes: dict[int, list[Path]] = {index: [] for index, parent in enumerate(parents) if parent < 0}
    for border, parent in zip(borders, parents, strict=True):
        if parent >= 0:
            holes[parent].append(border)
    return [(borders[index], inner) for index, inner in holes.items()]


def _around_corners(mask: Mask, border: Path) -> Path:
    """Replaces each diagonal step of a border by a horizontal and a vertical step, if these stay in the mask.

    Programs that read the outline may insert points into a diagonal step and round them to pixels outside
    the mask.
    """
    (x0, y0), (x1, y1) = border.T, np.roll(border, -1, axis=0).T
    first = mask[y0, x1] > 0
    between = np.stack([np.where(first, x1, x0), np.where(first, y0, y1)], axis=1)
    steps = (x0 != x1) & (y0 != y1) & (mask[between[:, 1], between[:, 0]] > 0)
    return np.insert(border, np.flatnonzero(steps) + 1, between[steps], axis=0)


def _with_holes(border: Path, holes: Sequence[Path]) -> Path:
    """Joins the border of a part and the borders of its holes into one path.

    From the leftmost pixel of each hole's border, a connection runs to the left along the row, to the outer
    border or to the border of a hole that begins further left. The connection lies inside the mask.
    """
    path = border
    for hole in sorted((_from_leftmost(hole) for hole in holes), key=lambda hole: hole[0].tolist()):
        left, y = hole[0]
        in_row = np.flatnonzero((path[:, 1] == y) & (path[:, 0] <= left))
        at = in_row[np.argmax(path[in_row, 0])]
        path = np.concatenate([path[: at + 1], hole, hole[:1], path[at:]])
    return path


def _from_leftmost(path: Path) -> Path:
    """Permutes a closed path cyclically to begin at its leftmost pixel; in a tie, the uppermost one."""
    return np.roll(path, -int(np.lexsort((path[:, 1], path[:, 0]))[0]), axis=0)


def _touching(path: Path) -> Path:
    """Inserts pixels into a closed path, so that consecutive pixels touch.

    The inserted pixels do not depend on the direction of the path. Consecutive duplicates are removed, except
    in a path with a single pixel.
    """
    way = np.roll(path, -1, axis=0) - path
    length = np.abs(way).max(axis=1)
    length[0] = max(length[0], not length.any())
    step = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    start, way, length = (np.repeat(values, length, axis=0) for values in (path, way, length))
    backwards = (way[:, 0] < 0) | ((way[:, 0] == 0) & (way[:, 1] < 0))
    # Diagonal steps come first; in backward direction, they come last.
    done = np.minimum(np.where(backwards, length - step, step)[:, None], np.abs(way))
    return np.asarray(start + np.sign(way) * np.where(backwards[:, None], np.abs(way) - done, done))


def _turns(path: Path) -> Path:
    """Removes the pixels of a closed path that lie inside horizontal or vertical runs.

    Pixels inside diagonal runs are kept, because programs that read the outline may insert points between
    distant pixels.
    """
    step = path - np.roll(path, 1, axis=0)
    middle = (np.roll(step, -1, axis=0) == step).all(axis=1) & (step == 0).any(axis=1)
    return path if middle.all() else path[~middle]
