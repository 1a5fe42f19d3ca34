"""Random masks and labelled images of them, for tests of formats."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage

Mask = NDArray[np.uint8]
Rule = Callable[..., Any]
INFO = DatasetInfo(("train", "val"), ("nut", "hex: bolt", "Ü & <ring>"), ("part", "part", "part"))
SIDES = st.integers(1, 12)
MASKS = (
    st.tuples(SIDES, SIDES)
    .flatmap(lambda size: arrays(np.uint8, size, elements=st.integers(0, 1)))
    .filter(np.any)
)
IDS = st.tuples(SIDES, SIDES).flatmap(lambda size: arrays(np.uint8, size, elements=st.integers(0, 3)))
"""Images of ids: with holes, parts and single pixels; 0 is none."""


def label_of(mask: Mask, category: int = 0) -> Label:
    """The label of a mask (h, w) in its image."""
    rle = coco_mask.encode(np.asfortranarray(mask))
    x, y, width, height = coco_mask.toBbox(rle).tolist()
    counts = rle["counts"]
    assert isinstance(counts, bytes)
    return Label(category, (x, y, width, height), int(coco_mask.area(rle)), counts.decode("ascii"))


def images_of(ids: Sequence[NDArray[np.uint8]], folder: Path) -> list[LabelledImage]:
    """An image for each array of ids, with a label for each id; every third one is in the second split."""
    images = []
    for number, array in enumerate(ids):
        height, width = array.shape
        file = folder / f"{width}x{height}.png"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(cv2.imencode(".png", np.zeros((height, width, 3), np.uint8))[1].tobytes())
        labels = [
            label_of((array == label).astype(np.uint8), label % 3) for label in np.unique(array) if label
        ]
        split = INFO.splits[number % 3 == 2]
        images.append(LabelledImage(split, f"i{number}.png", file, width, height, tuple(labels)))
    return images


def blobs(rng: np.random.Generator, count: int) -> list[Mask]:
    """Smooth and rough random masks of up to 60 x 60 px, with holes and parts."""
    masks: list[Mask] = []
    while len(masks) < count:
        noise = rng.random(rng.integers(1, 60, 2))
        sigma = (0.0, 0.6, 1.0, 2.0, 3.0)[len(masks) % 5]
        smooth = cv2.GaussianBlur(noise, (0, 0), sigma) if sigma else noise
        masks.append((smooth >= np.quantile(smooth, rng.uniform(0.3, 0.9))).astype(np.uint8))
    return masks


def rounded(points: NDArray[np.floating[Any]], shape: tuple[int, ...], rule: Rule) -> Mask:
    """What readers draw of a polygon (n, 2) in pixels, after they have rounded it."""
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [rule(points).astype(np.int32)], 1)
    return canvas
