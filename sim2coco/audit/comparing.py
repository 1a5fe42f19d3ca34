"""Compares a label with the result of ray casting, and decides whether rounding explains the difference."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.casting import Mask, tight_box
from sim2coco.audit.geometry import Array, Box

Indices = NDArray[np.int64]

MIN_PX = 200
"""Masks with fewer pixels are measured, but no rules are applied to them."""
MAX_SHARE = 0.25
"""Largest number of differing pixels, as a fraction of the outline's pixels."""
MAX_SHIFT_PX = 0.3
"""Largest distance between centroids along x or y."""
MAX_MEAN_SHIFT_PX = 0.05
"""Largest mean offset between centroids over the sample, along x or y."""
MAX_FRACTION = 0.01
"""Largest difference between label and ray casting in occlusion, truncation and visible fraction."""
MAX_DEPTH_SHARE, MAX_DEPTH_M = 0.005, 0.001
"""Largest depth difference: `MAX_DEPTH_SHARE` · depth + `MAX_DEPTH_M` + half a quantisation step."""
UNDECIDED_PX = 1 / 16
"""Pixels whose centre is closer to an edge than this are undecided: simplified meshes may be off by 0.05 px,
and OpenGL rounds vertices to 1/256 px."""
MAX_PROBED = 4096
"""Largest number of differing pixels around which extra rays are cast."""

Probe = Callable[[Array], Mask]
"""For image points (n, 2), returns whether the object is there: bool (n,)."""
DepthsAt = Callable[[Array], Array]
"""Returns the depths (n,) of an object at image points (n, 2); infinite where rays miss."""


@dataclass(frozen=True, slots=True)
class Masks:
    """The difference between a label's mask and the ray-cast mask.

    Attributes:
        label_px, ray_px: Number of pixels in the label's mask and in the ray-cast mask.
        wrong_px: Number of pixels in which the masks differ.
        outline_px: Number of pixels on the outline of the ray-cast mask.
        away_px: Number of differing pixels that are more than one pixel away from the outline.
        shift_px: x and y of the label's centroid minus those of the ray-cast centroid; 0 if a mask is empty.
        iou: Intersection over union; 1 if both masks are empty.
    """

    label_px: int
    ray_px: int
    wrong_px: int
    outline_px: int
    away_px: int
    shift_px: tuple[float, float]
    iou: float

    @property
    def judged(self) -> bool:
        """Whether one of the masks is large enough for the rules to apply."""
        return max(self.label_px, self.ray_px) >= MIN_PX

    def faults(self) -> list[tuple[str, str]]:
        """Returns (rule, message) for each rule that the label breaks; none if `judged` is False."""
        found = []
        if self.away_px:
            found.append(("edge", f"{self.away_px} px differ more than 1 px away from the outline"))
        if self.wrong_px > MAX_SHARE * self.outline_px:
            most = f"{MAX_SHARE:g} of the {self.outline_px} px on the outline"
            found.append(("count", f"{self.wrong_px} px differ; the maximum is {most}"))
        if max(map(abs, self.shift_px)) > MAX_SHIFT_PX:
            x, y = self.shift_px
            found.append(
                ("centroid", f"it is off by ({x:+.2f}, {y:+.2f}) px; the maximum is {MAX_SHIFT_PX:g}")
            )
        return found if self.judged else []


def compared(label: Mask, rays: Mask, probe: Probe) -> Masks:
    """Compares two masks (H, W).

    Args:
        label: The label's mask.
        rays: The mask from rays through pixel centres.
        probe: Casts rays at other points. They are cast around the centre of each differing pixel that is not
            next to the outline. If one of them agrees with the label, the pixel is not counted in `away_px`.
    """
    box = tight_box(label | rays)
    if box is None:
        return Masks(0, 0, 0, 0, 0, (0.0, 0.0), 1.0)
    part = _around(box, label.shape)
    label, rays = label[part], rays[part]
    wrong = label != rays
    away = wrong & ~_near_outline(rays)
    return Masks(
        int(label.sum()),
        int(rays.sum()),
        int(wrong.sum()),
        int((rays & _touches(~rays, cv2.MORPH_CROSS)).sum()),
        _still_away(away, label, (part[1].start, part[0].start), probe),
        _shift(label, rays),
        float((label & rays).sum() / (label | rays).sum()),
    )


def _around(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box
    rows = slice(max(y0 - 2, 0), min(y1 + 2, shape[0]))
    return rows, slice(max(x0 - 2, 0), min(x1 + 2, shape[1]))


def _touches(mask: Mask, neighbourhood: int) -> Mask:
    """Dilates a mask by one pixel.

    Args:
        mask: (H, W) mask.
        neighbourhood: Shape of OpenCV's structuring element: `MORPH_CROSS` or `MORPH_RECT`.
    """
    kernel = cv2.getStructuringElement(neighbourhood, (3, 3))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel), np.bool_)


def _near_outline(mask: Mask) -> Mask:
    """Marks the pixels with a different value than at least one of their 8 neighbours."""
    return _touches(mask, cv2.MORPH_RECT) & _touches(~mask, cv2.MORPH_RECT)


def _still_away(away: Mask, label: Mask, corner: tuple[int, int], probe: Probe) -> int:
    """Counts the pixels in `away` that remain wrong when rays are cast at points around their centres.

    A pixel remains wrong if all rays at most one pixel from its centre, along x and y, contradict the label.

    Args:
        away: Pixels of a crop in which label and ray casting differ, away from the outline.
        label: The label's mask in the crop.
        corner: x and y of the crop in the image.
        probe: Casts rays.
    """
    rows, columns = np.nonzero(away)
    if not 0 < len(rows) <= MAX_PROBED:
        return len(rows)
    found = probe(_around_centres(rows, columns, corner)).reshape(len(rows), -1)
    return int((~(found == label[rows, columns][:, None]).any(axis=1)).sum())


def undecided_as_told(label: Mask, rays: Mask, probe: Probe) -> Mask:
    """Returns the ray-cast mask (H, W), with undecided pixels set to the label's value.

    Where label and ray casting differ, more rays are cast through points of the pixel that are no farther
    than `UNDECIDED_PX` from its centre. The pixel is undecided if any of these rays agrees with the label.

    Args:
        label: The label's mask.
        rays: The mask from rays through pixel centres.
        probe: Casts rays at other points.
    """
    rows, columns = np.nonzero(label != rays)
    if not 0 < len(rows) <= MAX_PROBED:
        return rays
    told = label[rows, columns]
    near = probe(_around_centres(rows, columns, (0, 0), UNDECIDED_PX, 5)).reshape(len(rows), -1)
    undecided = (near == told[:, None]).any(axis=1)
    found = rays.copy()
    found[rows[undecided], columns[undecided]] = told[undecided]
    return found


def _around_centres(
    rows: Indices, columns: Indices, corner: tuple[int, int], reach_px: float = 1.0, number: int = 9
) -> Array:
    """Returns the points of a square grid around each of n pixel centres: (n · number², 2) x and y.

    Args:
        rows: (n,), pixel rows in a crop of the image.
        columns: (n,), pixel columns in the crop.
        corner: x and y of the crop in the image.
        reach_px: Half the side length of a grid.
        number: Number of points along a side of a grid.
    """
    steps = np.linspace(-reach_px, reach_px, number)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    centres = np.stack([columns, rows], axis=1)[:, None] + 0.5 + np.array(corner)
    return np.asarray((centres + offsets).reshape(-1, 2))


def _shift(label: Mask, rays: Mask) -> tuple[float, float]:
    if not label.any() or not rays.any():
        return 0.0, 0.0
    (y0, x0), (y1, x1) = (np.argwhere(mask).mean(axis=0) for mask in (rays, label))
    return float(x1 - x0), float(y1 - y0)


@dataclass(frozen=True, slots=True)
class Depths:
    """The difference between the depths of a depth file and ray-cast depths, inside an object's mask.

    Attributes:
        px: Number of compared pixels.
        wrong_px: Number of pixels whose depths differ by more than the allowed amount.
        worst_m: The largest difference in metres. A difference is measured from the nearest end of the range
            of ray-cast depths in the 3x3 neighbourhood.
    """

    px: int
    wrong_px: int
    worst_m: float


def compared_depths(label_m: Array, rays_m: Array, mask: Mask, step_m: float, depths_at: DepthsAt) -> Depths:
    """Compares the depths of a depth file with ray-cast depths in the interior pixels of a mask.

    Because surfaces may be steep or have edges, neighbouring depths are accepted too. The depth of a pixel is
    correct if it lies between the smallest and the largest ray-cast depth in the 3x3 neighbourhood, or if it
    agrees with a ray at most one pixel away.

    Args:
        label_m: (H, W) depths in the depth file; 0 where there is none.
        rays_m: (H, W) ray-cast depths of the body.
        mask: (H, W) the pixels in which both methods see the object.
        step_m: The quantisation step of the depth file.
        depths_at: Returns the ray-cast depths of the body at given image points.
    """
    box = tight_box(mask)
    if box is None:
        return Depths(0, 0, 0.0)
    part = _around(box, mask.shape)
    inner = ~_touches(~mask[part], cv2.MORPH_RECT)
    kernel, found = np.ones((3, 3), np.uint8), np.where(mask[part], rays_m[part], np.nan)
    filled = np.nan_to_num(found, nan=float(np.nanmean(found)))
    low, high = cv2.erode(filled, kernel), cv2.dilate(filled, kernel)
    off = np.where(inner, np.maximum(low - label_m[part], label_m[part] - high), 0.0)
    allowed = MAX_DEPTH_SHARE * filled + MAX_DEPTH_M + step_m / 2
    rows, columns = np.nonzero(off > allowed)
    if 0 < len(rows) <= MAX_PROBED:
        points = _around_centres(rows, columns, (part[1].start, part[0].start))
        near = np.abs(depths_at(points).reshape(len(rows), -1) - label_m[part][rows, columns][:, None])
        thin = (near <= allowed[rows, columns][:, None]).any(axis=1)
        off[rows[thin], columns[thin]] = 0.0
    return Depths(int(inner.sum()), int((off > allowed).sum()), float(np.maximum(off, 0).max()))
