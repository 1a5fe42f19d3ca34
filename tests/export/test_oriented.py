"""The box at any angle is the smallest that holds all pixels, and one that Ultralytics takes."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.export.oriented import oriented_box
from tests.export.masks import MASKS, Mask, blobs, label_of


def box_px(mask: Mask) -> NDArray[np.float64]:
    height, width = mask.shape
    label = label_of(mask)
    image = LabelledImage("train", "i.png", Path("i.png"), width, height, (label,))
    box = oriented_box(image, label)
    assert box is not None
    return box * (width, height)


def corners_of_pixels(mask: Mask) -> NDArray[np.float64]:
    y, x = np.nonzero(mask)
    return np.concatenate([np.stack([x + dx, y + dy], axis=1) for dx in (0, 1) for dy in (0, 1)]).astype(
        float
    )


def areas_at_all_angles(points: NDArray[np.float64]) -> NDArray[np.float64]:
    angles = np.radians(np.arange(0, 90, 0.25))
    along = points @ np.stack([np.cos(angles), np.sin(angles)])
    across = points @ np.stack([-np.sin(angles), np.cos(angles)])
    return np.asarray(np.ptp(along, axis=0) * np.ptp(across, axis=0))


def check(mask: Mask) -> None:
    box, points = box_px(mask), corners_of_pixels(mask)
    sides = np.roll(box, -1, axis=0) - box
    size = np.array(mask.shape[::-1])
    assert abs((sides[0] * sides[1]).sum()) < 1e-6
    assert np.allclose(sides[0], -sides[2])
    for start, side in zip(box, sides, strict=True):
        offset = points - start
        assert (side[0] * offset[:, 1] - side[1] * offset[:, 0]).min() > -1e-6  # clockwise, all inside
    area = float(np.linalg.norm(sides[0]) * np.linalg.norm(sides[1]))
    upright = np.ptp(points, axis=0).prod()
    assert area <= upright + 1e-6
    assert (np.ptp(box, axis=0) <= size + 1e-6).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(MASKS)
def test_small_masks(mask: Mask) -> None:
    check(mask)


def test_large_masks_that_are_not_cut_get_the_smallest_box(rng: np.random.Generator) -> None:
    for mask in blobs(rng, 60):
        check(mask)
        inside = np.pad(mask, 60)
        box = box_px(inside)
        sides = np.linalg.norm(box[1:3] - box[:2], axis=1)
        assert sides.prod() <= areas_at_all_angles(corners_of_pixels(inside)).min() + 1e-6


def test_a_box_wider_than_the_image_gives_way_to_the_upright_one() -> None:
    mask = np.tri(60, 80, 20, np.uint8)
    assert (np.ptp(box_px(mask), axis=0) <= [80, 60]).all()
