"""Assigns images and their labels to the bins of a target's histograms."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

import cv2
import numpy as np

from sim2coco.records import Picture
from sim2coco.statistics.pixels import at_most
from sim2coco.target.settings import QUANTITY, Target

Bins = dict[str, tuple[int, ...]]
"""For each histogram, the bins of all values of an image, or of a view with its copies."""


class Encoded(Protocol):
    """An image of a view: its entry in the record, and the content of its file."""

    @property
    def picture(self) -> Picture:
        """The image's entry in the record."""

    @property
    def image(self) -> bytes:
        """The content of the image file."""


def bins_of_view(target: Literal["balanced"] | Target | None, images: Iterable[Encoded]) -> Bins | None:
    """Returns the bins of all images of a view, keyed by the name of the histogram.

    Returns None if `target` is None. Images are decoded only if the target has a histogram of the brightness.
    """
    if target is None:
        return None
    decoded = isinstance(target, Target) and target.brightness is not None
    found: Bins = {}
    for one in images:
        for name, bins in bins_of(one.picture, _brightness(one.image) if decoded else None).items():
            found[name] = (*found.get(name, ()), *bins)
    return found


def bins_of(picture: Picture, brightness: float | None) -> Bins:
    """Returns a dict from the name of a histogram to the bins into which an image or its labels fall.

    Args:
        picture: The image's entry in the record.
        brightness: The image's mean luma; None if it is not measured.
    """
    labels, area = picture.annotations, picture.width * picture.height
    values: Mapping[str, Sequence[float]] = {
        "objects": [len(labels)],
        "box_size": [float(np.sqrt(one.bbox[2] * one.bbox[3] / area)) for one in labels],
        "occlusion": [one.occlusion for one in labels],
        "brightness": [] if brightness is None else [brightness],
    }
    found = {name: binned(name, some) for name, some in values.items()}
    return {**found, "categories": tuple(one.category for one in labels)}


def binned(name: str, values: Sequence[float]) -> tuple[int, ...]:
    """Returns the index of the bin of each value, in the histogram of the quantity `name`."""
    bins = np.searchsorted(QUANTITY[name].edges[1:-1], np.asarray(values, np.float64), side="right")
    return tuple(bins.tolist())


def _brightness(content: bytes) -> float:
    """The mean luma of an image file, as `sim2coco.statistics` measures it."""
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels is not None
    return mean_luma(np.asarray(pixels, np.uint8))


def mean_luma(pixels: np.ndarray) -> float:
    """The mean luma of an RGB image (H, W, 3), 0..255."""
    return float(cv2.mean(cv2.cvtColor(at_most(pixels), cv2.COLOR_RGB2GRAY))[0])
