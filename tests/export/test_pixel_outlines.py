"""Outlines through pixel centres: drawn as readers of YOLO draw them, they are the mask."""

from typing import Any

import cv2
import numpy as np
from hypothesis import example, given, settings
from numpy.typing import NDArray

from sim2coco.export.pixel_outlines import Outline, largest_part, outline, padded
from sim2coco.export.yolo import INTO_PIXEL
from tests.export.masks import MASKS, Mask, Rule, blobs, rounded

Points = NDArray[np.floating[Any]]
RING = np.pad(np.zeros((3, 3), np.uint8), 1, constant_values=1)
NESTED = np.pad(np.pad(RING, 1), 1, constant_values=1)
CHECKED = (np.indices((9, 8)).sum(axis=0) % 2 == 0).astype(np.uint8)


def drawn(found: Outline, mask: Mask, rule: Rule = np.floor) -> Mask:
    return rounded(found.points + INTO_PIXEL, mask.shape, rule)


def resampled(points: Points) -> Points:
    """A closed polygon with 1,000 points, or one more than it has: what Ultralytics makes of it first."""
    number = max(1000, len(points) + 1)
    if len(points) == number:
        return points
    closed = np.concatenate([points, points[:1]])
    own = np.arange(len(closed))
    added = np.linspace(0, own[-1], max(number - len(closed), 0))
    places = np.sort(np.concatenate([own, added]))
    return np.stack([np.interp(places, own, axis) for axis in closed.T], axis=1)


def check(mask: Mask) -> None:
    found = outline(mask)
    assert found.parts == cv2.connectedComponents(mask, connectivity=8)[0] - 1
    assert found.bridge_px == 0 or found.parts > 1
    more = rounded(resampled(padded(found.points) + INTO_PIXEL), mask.shape, np.floor)
    for image in (drawn(found, mask, np.floor), drawn(found, mask, np.round), more):
        extra = image.astype(int) - mask
        assert extra.min() == 0
        assert extra.sum() <= found.bridge_px


@settings(max_examples=150, deadline=None, derandomize=True)
@given(MASKS)
@example(RING)
@example(NESTED)
@example(CHECKED)
@example(1 - CHECKED)
@example(np.ones((1, 1), np.uint8))
def test_small_masks(mask: Mask) -> None:
    check(mask)


def test_large_masks(rng: np.random.Generator) -> None:
    for mask in blobs(rng, 150):
        check(mask)
        check(largest_part(mask))


def test_bridges_between_parts_are_as_short_as_the_gap() -> None:
    mask = np.zeros((9, 30), np.uint8)
    mask[2:6, 2:8] = mask[3:5, 15:20] = mask[8, 29] = 1
    found = outline(mask)
    assert found.parts == 3
    assert found.bridge_px == (15 - 8) + (29 - 20)
    assert drawn(found, mask).sum() == mask.sum() + found.bridge_px


def test_a_hole_is_not_filled_and_its_bridge_lies_in_the_mask() -> None:
    mask = np.ones((20, 30), np.uint8)
    mask[5:9, 10:20] = mask[12:14, 3:25] = 0
    assert np.array_equal(drawn(outline(mask), mask), mask)


def test_corners_alone_are_kept() -> None:
    found = outline(np.ones((4, 7), np.uint8))
    assert sorted(map(tuple, found.points.tolist())) == [(0, 0), (0, 3), (6, 0), (6, 3)]


def test_the_largest_part_is_that_with_most_pixels_not_with_the_largest_outline() -> None:
    mask = np.zeros((12, 30), np.uint8)
    mask[:11, :11] = np.pad(np.zeros((9, 9), np.uint8), 1, constant_values=1)
    mask[:7, 20:27] = 1
    assert largest_part(mask).sum() == 49


def test_one_pixel() -> None:
    mask = np.zeros((3, 4), np.uint8)
    mask[1, 2] = 1
    assert np.array_equal(drawn(outline(mask), mask), mask)
