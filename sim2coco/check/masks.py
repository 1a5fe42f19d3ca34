"""Run-length encoded masks, which are never decoded to arrays of pixels.

pycocotools crashes on malicious input, so it is only given polygons of limited size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.check.values import MAX_SIDE_PX, integer, number, show

MAX_OUTLINE_PX = 2_000_000
"""Maximum total perimeter of a mask's polygons, as the sum of horizontal and vertical distances."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """A mask as half-open runs of ones in column-major order; runs are sorted, non-empty and non-adjacent.

    Attributes:
        starts: (n,) int64, first pixel of each run.
        ends: (n,) int64, one past the last pixel of each run.
        height: Height of the image in pixels.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    height: int

    @property
    def area(self) -> int:
        """The number of pixels in the mask."""
        return int((self.ends - self.starts).sum())

    @property
    def box_xywh(self) -> list[float]:
        """The bounding box [x, y, width, height] in pixels; the mask must not be empty."""
        (x0, y0), (x1, y1) = (divmod(pixels, self.height) for pixels in (self.starts, self.ends - 1))
        whole_column = bool((x0 != x1).any())
        top, bottom = (0, self.height - 1) if whole_column else (int(y0.min()), int(y1.max()))
        left, right = int(x0.min()), int(x1.max())
        return [float(left), float(top), float(right - left + 1), float(bottom - top + 1)]

    def inside(self, other: "Runs") -> bool:
        """Returns whether this mask is a subset of the other mask."""
        place = np.searchsorted(other.starts, self.starts, side="right") - 1
        if len(place) == 0 or (place < 0).any():
            return len(place) == 0
        return bool((self.ends <= other.ends[place]).all())


def runs_from_lengths(lengths: NDArray[np.int64], height: int, width: int) -> Runs:
    """Builds a mask from run lengths (n,), which alternate between zeros and ones and start with zeros.

    Raises:
        ValueError: The lengths do not fit an image of this size.
    """
    if (lengths < 0).any():
        raise ValueError("segmentation: a run length is negative")
    if lengths.sum() != height * width:
        raise ValueError(
            f"segmentation: the run lengths sum to {lengths.sum()}, not to {height} x {width} pixels"
        )
    edges = np.cumsum(lengths)
    ends = edges[1::2]
    starts = edges[::2][: len(ends)]
    starts, ends = starts[starts < ends], ends[starts < ends]
    apart = starts[1:] > ends[:-1]
    first, last = np.ones(len(starts), bool), np.ones(len(starts), bool)
    first[1:], last[:-1] = apart, apart
    return Runs(starts[first], ends[last], height)


def run_lengths(counts: str) -> NDArray[np.int64]:
    """Decodes COCO's compressed RLE string `counts` to run lengths (n,).

    Each number is stored in groups of 5 bits, least significant group first. The sixth bit of a group is set
    if more groups follow; the highest of the 5 bits in the last group is the sign. From the fourth number on,
    the stored value is the difference from the number two positions earlier.

    Raises:
        ValueError: The string is malformed.
    """
    if not counts.isascii():
        raise ValueError("segmentation: counts contains invalid characters")
    codes = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - ord("0")
    if len(codes) == 0 or codes.min() < 0 or codes.max() > 63:
        raise ValueError("segmentation: counts is empty or contains invalid characters")
    last = (codes & 32) == 0
    if not last[-1]:
        raise ValueError("segmentation: counts ends in the middle of a number")
    firsts = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    place = np.arange(len(codes)) - firsts[np.cumsum(last) - last]
    if place.max() > 6:
        raise ValueError("segmentation: counts contains a number of more than 35 bits")
    numbers: NDArray[np.int64] = np.add.reduceat((codes & 31) << 5 * place, firsts)
    numbers -= ((codes[last] & 16) > 0) * (np.int64(1) << 5 * (place[last] + 1))
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def mask_of(segmentation: Any, height: int, width: int) -> Runs:
    """Returns the mask of a COCO segmentation: polygons, compressed RLE or uncompressed RLE.

    Raises:
        ValueError: The segmentation is invalid or does not fit an image of this size.
    """
    if type(segmentation) is list:
        return _polygons(segmentation, height, width)
    if type(segmentation) is not dict:
        raise ValueError(f"segmentation is {show(segmentation)}, must be RLE or polygons")
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if type(size) is not list or [type(side) for side in size] != [int, int] or size != [height, width]:
        raise ValueError(f"segmentation: size is {show(size)}, but the image's size is [{height}, {width}]")
    if type(counts) is str:
        return runs_from_lengths(run_lengths(counts), height, width)
    if type(counts) is not list or not all(map(integer(0, height * width), counts)):
        raise ValueError("segmentation: counts must be a string or a list of run lengths within the image")
    return runs_from_lengths(np.array(counts, np.int64), height, width)


def _polygons(parts: list[Any], height: int, width: int) -> Runs:
    for part in parts:
        if type(part) is not list or len(part) < 6 or len(part) % 2:
            raise ValueError("segmentation: a polygon must be a list x, y, x, y, ... of at least 3 points")
        if not all(number(value, -MAX_SIDE_PX, 2 * MAX_SIDE_PX) for value in part):
            raise ValueError("segmentation: a polygon's coordinates must be finite and near the image")
    closed = [np.array([*part, *part[:2]], np.float64).reshape(-1, 2) for part in parts]
    if sum(np.abs(np.diff(points, axis=0)).sum() for points in closed) > MAX_OUTLINE_PX:
        raise ValueError(f"segmentation: the polygons' outline is longer than {MAX_OUTLINE_PX} pixels")
    counts = coco_mask.merge(coco_mask.frPyObjects(parts, height, width))["counts"]
    text = counts if isinstance(counts, str) else counts.decode("ascii")
    return runs_from_lengths(run_lengths(text), height, width)


def compressed(mask: Runs, height: int, width: int) -> str:
    """Encodes a mask as a compressed RLE string, as pycocotools does, without an empty last run."""
    edges = np.stack([mask.starts, mask.ends], axis=1).ravel()
    lengths = np.diff(edges, prepend=0, append=height * width).tolist()
    tree: Any = {"size": [height, width], "counts": lengths[: None if lengths[-1] else -1]}
    counts = coco_mask.frPyObjects(tree, height, width)["counts"]
    return counts if isinstance(counts, str) else counts.decode("ascii")


def overlap(masks: Mapping[int, Runs]) -> tuple[int, int] | None:
    """Returns the ids of two masks that share a pixel; None if no masks overlap."""
    if len(masks) < 2:
        return None
    starts = np.concatenate([mask.starts for mask in masks.values()])
    ends = np.concatenate([mask.ends for mask in masks.values()])
    owners = np.repeat(list(masks), [len(mask.starts) for mask in masks.values()])
    order = np.argsort(starts, kind="stable")
    starts, ends, owners = starts[order], ends[order], owners[order]
    shared = np.flatnonzero(starts[1:] < np.maximum.accumulate(ends)[:-1])
    if len(shared) == 0:
        return None
    one = int(shared[0]) + 1
    return int(owners[np.argmax(ends[:one])]), int(owners[one])
