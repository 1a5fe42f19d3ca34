"""Replacements for those Albumentations transforms that wrongly shift the image or its keypoints."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.library import A


class Downscale(A.Downscale):
    """Downscales the image and enlarges it again, without shifting it.

    Albumentations downscales by the exact factor but enlarges by the ratio of the rounded sizes, so that
    edges move to the right and to the bottom.
    """

    def apply(self, img: NDArray[np.uint8], scale: float = 1.0, **_: Any) -> NDArray[np.uint8]:
        """Returns the image (H, W, 3) at the same size, with its resolution reduced by the factor `scale`."""
        size_wh = img.shape[1], img.shape[0]
        small_wh = [max(round(scale * side), 1) for side in size_wh]
        small = cv2.resize(img, small_wh, interpolation=self.interpolation_pair["downscale"])
        large = cv2.resize(small, size_wh, interpolation=self.interpolation_pair["upscale"])
        return large.astype(np.uint8, copy=False)


class _AboutEdges:
    """Mixin that scales keypoints about the top left corner of the image, by the same factor as the image.

    Albumentations scales coordinates in which integers are pixel centres, which shifts keypoints by
    (scale - 1) / 2 pixels, and it ignores that image sizes are rounded to whole pixels. Only keypoints with a
    positive size are corrected; the others stay where Albumentations puts them.
    """

    def rounded(self, side: float) -> float:
        """Rounds a side of the scaled image to whole pixels, in the same way as the transform does.

        This default returns `side` unchanged. It is used by transforms whose output has a given size.
        """
        return side

    def apply_to_keypoints(self, keypoints: NDArray[np.float32], **params: Any) -> NDArray[np.float32]:
        """Returns the transformed keypoints (n, 5): x, y, z, angle and size."""
        ours = keypoints[:, 4] > 0
        half = np.zeros_like(keypoints)
        half[ours, :2] = 0.5
        moved: NDArray[np.float32] = super().apply_to_keypoints(keypoints + half, **params)  # type: ignore[misc]  # of Albumentations
        if "scale" in params:
            sides = params["scale"] * np.array(params["shape"][1::-1])
            moved[ours, :2] *= np.array([max(self.rounded(side), 1) for side in sides.tolist()]) / sides
        return moved - half


class CropAndPad(_AboutEdges, A.CropAndPad):
    """Crops or pads; with `keep_size`, the result is scaled to the former size."""


class LongestMaxSize(_AboutEdges, A.LongestMaxSize):
    """Scales to a given length of the longer side."""

    def rounded(self, side: float) -> float:
        """Side of the scaled image, rounded to whole pixels as Albumentations does."""
        return round(side)


class RandomResizedCrop(_AboutEdges, A.RandomResizedCrop):
    """Crops at random and scales to a given size."""


class RandomScale(_AboutEdges, A.RandomScale):
    """Scales at random."""

    def rounded(self, side: float) -> float:
        """Side of the scaled image, rounded to whole pixels as Albumentations does."""
        return int(side)


class Resize(_AboutEdges, A.Resize):
    """Scales to a given size."""


class SmallestMaxSize(_AboutEdges, A.SmallestMaxSize):
    """Scales to a given length of the shorter side."""

    def rounded(self, side: float) -> float:
        """Side of the scaled image, rounded to whole pixels as Albumentations does."""
        return round(side)


CENTRED: dict[str, type[A.BasicTransform]] = {
    kind.__name__: kind
    for kind in (
        *(CropAndPad, Downscale, LongestMaxSize, RandomResizedCrop, RandomScale, Resize, SmallestMaxSize),
    )
}


def transform_class(name: str) -> type[A.BasicTransform]:
    """Returns the class of a transform: the replacement if there is one, otherwise Albumentations' class."""
    return CENTRED.get(name) or getattr(A, name)
