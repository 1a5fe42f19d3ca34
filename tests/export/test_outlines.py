"""Polygons of any mask, holes and parts included, are the mask again in readers that are not ours."""

from collections import Counter

import cv2
import numpy as np
import pytest
from faster_coco_eval.core import mask as faster_mask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.datasets.masks import crop
from sim2coco.export.outlines import Points, bridged, edge_loops

Mask = NDArray[np.bool_]
SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))
MASKS = SIZES.flatmap(lambda size: arrays(np.bool_, size)).filter(np.any)
CHECKED = np.indices((9, 8)).sum(axis=0) % 2 == 0
RINGS = np.abs(np.indices((15, 13)) - 7).max(axis=0) % 3 > 0
FRAME = np.pad(np.zeros((3, 4), np.bool_), 1, constant_values=True)


def counts_of(mask: Mask) -> str:
    counts = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    assert isinstance(counts, bytes)
    return counts.decode("ascii")


def shoelace(points: Points) -> float:
    x, y = points.T
    return float(x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2


def steps(points: Points) -> Counter[tuple[int, ...]]:
    """The directed edges of a closed walk that move."""
    pairs = np.concatenate([points, np.roll(points, -1, axis=0)], axis=1)
    return Counter(tuple(pair) for pair in pairs.tolist() if pair[:2] != pair[2:])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(MASKS)
@example(CHECKED)
@example(RINGS)
@example(FRAME)
@example(~CHECKED)
def test_one_polygon_is_the_mask_in_pycocotools(mask: Mask) -> None:
    polygon = bridged(edge_loops(mask))
    segmentation = [polygon.ravel().astype(float).tolist()]
    (rle,) = coco_mask.frPyObjects(segmentation, *mask.shape)
    assert np.array_equal(coco_mask.decode(rle), mask)
    (other,) = faster_mask.frPyObjects(segmentation, *mask.shape)
    assert np.array_equal(faster_mask.decode(other), mask)
    assert shoelace(polygon) == mask.sum()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(MASKS, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_a_crop_holds_all_pixels(mask: Mask, left: int, top: int, right: int, bottom: int) -> None:
    image = np.pad(mask, ((top, bottom), (left, right)))
    found = crop(counts_of(image), len(image))
    rows, columns = np.nonzero(image)
    assert (found.left, found.top) == (columns.min(), rows.min())
    assert np.array_equal(found.mask, image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def test_the_crop_of_an_empty_mask_is_empty() -> None:
    assert crop(counts_of(np.zeros((4, 5), np.bool_)), 4).mask.shape == (0, 0)


@pytest.mark.parametrize("mask", [FRAME, RINGS, CHECKED], ids=["frame", "rings", "checked"])
def test_outlines_have_the_mask_on_their_right(mask: Mask) -> None:
    loops = edge_loops(mask)
    holes, _ = cv2.connectedComponents(
        np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=4
    )
    parts, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    areas = [shoelace(loop) for loop in loops]
    assert sum(area > 0 for area in areas) == parts - 1
    assert sum(area < 0 for area in areas) == holes - 2
    assert sum(areas) == mask.sum()
    assert all(
        (np.abs(np.diff(loop, axis=0, append=loop[:1])) > 0).sum(axis=1).tolist() == [1] * len(loop)
        for loop in loops
    )


@settings(max_examples=50, deadline=None, derandomize=True)
@given(MASKS)
def test_bridges_are_walked_there_and_back(mask: Mask) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    loops = [contour.reshape(-1, 2).astype(np.int64) for contour in contours]
    walk = steps(bridged(loops))
    of_loops = sum((steps(loop) for loop in loops), Counter[tuple[int, ...]]())
    bridges = walk - of_loops
    assert not of_loops - walk
    assert bridges == Counter({(*step[2:], *step[:2]): number for step, number in bridges.items()})
    assert sum(bridges.values()) <= 2 * (len(loops) - 1)


def test_bridges_are_short() -> None:
    mask = np.zeros((40, 90), np.bool_)
    mask[5:20, 5:30] = mask[5:20, 33:60] = mask[15:35, 62:80] = True
    mask[8:12, 10:14] = False
    loops = edge_loops(mask)
    walk = steps(bridged(loops)) - sum((steps(loop) for loop in loops), Counter[tuple[int, ...]]())
    lengths = sorted(np.hypot(x1 - x0, y1 - y0) for x0, y0, x1, y1 in walk)
    assert np.allclose(lengths, np.repeat([3, np.hypot(2, 5), np.hypot(5, 3)], 2))
