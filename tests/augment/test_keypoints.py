"""Keypoints follow every transform that moves pixels, as spots of light at their places do."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from augment.allowed import GEOMETRY
from sim.sample import Sample
from tests.augment.test_pipeline import always, augmenter, rng, sample_of

PLACES = np.array([[40.3, 30.6], [64.0, 51.2], [100.7, 68.4], [31.5, 72.5], [90.2, 25.9]])
RADIUS_PX, SIGMA_PX = 8, 2.0


def discs() -> Sample:
    """A spot around each place; its keypoints are its centre, which is visible, and a point outside."""
    y, x = np.indices((96, 128)) + 0.5
    masks = np.stack([np.hypot(x - u, y - v) < RADIUS_PX for u, v in PLACES])
    sample = sample_of(masks)
    instances = tuple(
        replace(instance, keypoints=((u, v, 2), (0.0, 0.0, 0)))
        for instance, (u, v) in zip(sample.instances, PLACES.tolist(), strict=True)
    )
    light = sum(np.exp(-((x - u) ** 2 + (y - v) ** 2) / 2 / SIGMA_PX**2) for u, v in PLACES)
    image = np.repeat(np.rint(250 * np.asarray(light))[..., None], 3, axis=2).astype(np.uint8)
    return replace(sample, image=image, instances=instances)


def centre_of(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """X and y of the centre of the light in and around a mask."""
    around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows, columns = np.nonzero(around)
    light = image[..., 0][around].astype(float)
    return np.array([(light * columns).sum(), (light * rows).sum()], np.float64) / float(light.sum()) + 0.5


@pytest.mark.parametrize("name", sorted(GEOMETRY))
def test_keypoints_move_with_the_pixels(name: str) -> None:
    mover, compared = always(name), 0
    before = discs()
    for index in range(8):
        after = mover.augment(before, rng(index))
        height, width = after.ids.shape
        for instance in after.instances:
            assert instance.keypoints is not None
            (x, y, seen), hidden = instance.keypoints
            assert hidden == (0.0, 0.0, 0)
            mask = after.ids == instance.id
            rows, columns = np.nonzero(after.amodal_mask(instance.id))
            cut = (
                min(rows.min(), columns.min()) == 0 or rows.max() == height - 1 or columns.max() == width - 1
            )
            if not seen:
                assert cut
            elif not cut and mask.sum() > 20:
                assert np.abs(centre_of(after.image, mask) - (x, y)).max() < 0.4
                compared += 1
    assert compared > 3


def test_flips_move_keypoints_exactly() -> None:
    for name, expected in (("HorizontalFlip", [128 - 40.3, 30.6]), ("VerticalFlip", [40.3, 96 - 30.6])):
        (x, y, _), _ = augmenter(name).augment(discs(), rng()).instances[0].keypoints or ()
        assert [x, y] == pytest.approx(expected, abs=1e-4)
