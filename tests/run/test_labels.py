"""Run lengths, boxes and areas of masks, and decoding them again."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from scenes.assets.shapes import box
from scenes.cameras.camera import ImageSettings
from scenes.shot import Shot
from sim.sample import Sample
from sim.settled import Settled
from sim2coco.codec import encode
from sim2coco.labels import run_lengths, written
from sim2coco.quality.checks import Truncated
from sim2coco.quality.judge import Quality, judge
from tests.rig import Rig, camera_at, catalogue_of, shot, still

FORMATS: tuple[Literal["png", "jpg"], ...] = ("png", "jpg")
RNG = np.random.Generator(np.random.PCG64(0))


def rectangle(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.bool_]:
    mask = np.zeros((40, 60), np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


MASKS = {
    "nothing": rectangle(0, 0, 0, 0),
    "everything": rectangle(0, 0, 60, 40),
    "first pixel": rectangle(0, 0, 1, 1),
    "last pixel": rectangle(59, 39, 60, 40),
    "a column": rectangle(7, 0, 8, 40),
    "a row": rectangle(0, 7, 60, 8),
    "two parts": rectangle(3, 3, 9, 9) | rectangle(30, 20, 50, 39),
    "noise": RNG.random((40, 60)) < 0.5,
}


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_unchanged_after_encoding_and_decoding(name: str) -> None:
    mask = MASKS[name]
    counts, area, (x, y, width, height) = run_lengths(mask)
    assert counts.encode() == coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    again = coco_mask.decode({"size": [40, 60], "counts": counts.encode()})
    np.testing.assert_array_equal(again, mask)
    assert area == mask.sum()
    if area:
        rows, columns = np.nonzero(mask)
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("name", MASKS)
def test_a_crop_gives_the_same_as_the_whole_image(name: str) -> None:
    mask = np.pad(MASKS[name], ((3, 0), (0, 5)))
    assert run_lengths(mask[3:, :60], (0, 3), mask.shape) == run_lengths(mask)


def in_a_row(rig: Callable[..., Rig]) -> tuple[Settled, Shot, Sample]:
    """Three boxes: the first is cut by the frame and half hidden by the second, the third is hidden."""
    made = rig(
        catalogue_of({"box": box(0.1, 0.1, 0.1), "bar": box(0.1, 0.1, 0.06), "dot": box(0.02, 0.02, 0.02)})
    )
    settled = still(
        *(made.body("box", (-0.22, 0.1, 0.0)), made.body("bar", (-0.112, -0.1, 0.0), scale=0.8)),
        *(made.body("dot", (-0.13, 0.0, 0.0)), made.body("dot", (0.1, 0.0, 0.0))),
    )
    taken = shot(camera_at((0.0, -1.0, 0.0), (0.0, 0.0, 0.0), 300, (120, 96)))
    return settled, taken, made.shoot(settled, taken).sample


def decoded(counts: str, sample: Sample) -> NDArray[np.bool_]:
    size = list(sample.ids.shape)
    return np.asarray(coco_mask.decode({"size": size, "counts": counts.encode()}) > 0)


def edges(mask: NDArray[np.bool_]) -> tuple[float, ...]:
    """x, y, width, height of a mask."""
    rows, columns = np.nonzero(mask)
    x, y = columns.min(), rows.min()
    return float(x), float(y), float(columns.max() + 1 - x), float(rows.max() + 1 - y)


def test_every_value_of_a_label_is_that_of_its_mask_or_object(rig: Callable[..., Rig]) -> None:
    settled, taken, sample = in_a_row(rig)
    verdict = judge(Quality(), sample, False)
    picture = written(ImageSettings(), settled, taken, 0, sample, verdict, 4).picture
    labelled = [instance for instance in sample.instances if instance.id not in verdict.dropped]
    assert [found.instance for found in picture.annotations] == [found.id for found in labelled] == [1, 2, 4]
    assert picture.ignored == ()  # no pixel of the third one is visible
    for found, instance in zip(picture.annotations, labelled, strict=True):
        visible, amodal = sample.ids == instance.id, sample.amodal_mask(instance.id)
        assert np.array_equal(decoded(found.counts, sample), visible)
        assert np.array_equal(decoded(found.amodal_counts, sample), amodal)
        assert (found.area, found.amodal_area) == (visible.sum(), amodal.sum())
        assert (found.bbox, found.amodal_bbox) == (edges(visible), edges(amodal))
        assert found.occlusion == pytest.approx(1 - visible.sum() / amodal.sum(), abs=1e-6)
        assert found.truncation == pytest.approx(1 - amodal.sum() / instance.whole_px, abs=1e-6)
        assert found.visible_fraction == pytest.approx(visible.sum() / instance.whole_px, abs=1e-6)
        x0, y0, x1, y1 = instance.whole_xyxy
        assert found.whole_bbox == (x0, y0, x1 - x0, y1 - y0)
        assert (found.body, found.category, found.asset) == (instance.body, instance.category, instance.asset)
        assert (found.whole_px, found.pose, found.scale) == (instance.whole_px, instance.pose, instance.scale)
    cut, scaled, _ = picture.annotations
    assert cut.whole_bbox is not None
    assert cut.whole_bbox[0] < 0 == cut.amodal_bbox[0]
    assert min(cut.occlusion, cut.truncation) > 0.05
    assert scaled.scale == 0.8
    x, y, width, height = (int(edge) for edge in cut.bbox)
    assert (sample.ids[y : y + height, x : x + width] == 2).any()  # boxes overlap, masks do not


def test_a_visible_object_with_a_dropped_label_is_ignored_with_its_reason(
    rig: Callable[..., Rig],
) -> None:
    settled, taken, sample = in_a_row(rig)
    verdict = judge(Quality(checks={"cut": Truncated(max_truncation=0.05)}), sample, False)
    picture = written(ImageSettings(), settled, taken, 0, sample, verdict, 4).picture
    (ignored,) = picture.ignored
    assert (ignored.asset, ignored.reason, ignored.bbox) == ("box", "cut", edges(sample.ids == 1))
    assert [found.instance for found in picture.annotations] == [2, 4]


def test_values_of_the_rendered_camera_are_removed_once_pixels_have_moved(
    rig: Callable[..., Rig],
) -> None:
    settled, taken, sample = in_a_row(rig)
    moved = replace(sample, camera=None)
    picture = written(ImageSettings(), settled, taken, 1, moved, judge(Quality(), moved, False), 4).picture
    assert (picture.camera, picture.copy) == (None, 1)
    for found in picture.annotations:
        assert (found.pose, found.whole_px, found.whole_bbox) == (None, None, None)


def test_png_is_lossless_and_jpeg_nearly() -> None:
    noise = RNG.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)
    png, jpg = (
        np.asarray(Image.open(BytesIO(encode(smooth, ImageSettings(format=kind))))) for kind in FORMATS
    )
    np.testing.assert_array_equal(png, smooth)
    assert np.abs(jpg.astype(int) - smooth).mean() < 2
