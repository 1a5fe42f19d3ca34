"""Transforms of Albumentations that are replaced because they move the image."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.library import A


class Downscale(A.Downscale):
    """Downscales the image and enlarges it again, about the same pixel edges.

    Albumentations divides positions by the factor on the way down but by the rounded size on the way up, so
    that edges move towards the right and the bottom.
    """

    def apply(self, img: NDArray[np.uint8], scale: float = 1.0, **_: Any) -> NDArray[np.uint8]:
        """Returns the image (H, W, 3) at the resolution `scale` times its own, in its own size."""
        size_wh = img.shape[1], img.shape[0]
        small_wh = [max(round(scale * side), 1) for side in size_wh]
        small = cv2.resize(img, small_wh, interpolation=self.interpolation_pair["downscale"])
        large = cv2.resize(small, size_wh, interpolation=self.interpolation_pair["upscale"])
        return large.astype(np.uint8, copy=False)


class _AboutEdges:
    """A transform that scales keypoints about the edge of the image, and by the factor of the image.

    Albumentations scales coordinates that count pixel centres at whole numbers, which moves keypoints by half
    a pixel times the scale minus one, and does not know that sizes of images are whole numbers. Points whose
    size is 0 are left to Albumentations.
    """

    def rounded(self, side: float) -> float:
        """The whole number of pixels that the side of an image gets; the same if it is given as one."""
        return side

    def apply_to_keypoints(self, keypoints: NDArray[np.float32], **params: Any) -> NDArray[np.float32]:
        """Returns keypoints (n, 5): x, y, z, angle and size."""
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
        """The whole number of pixels that the side of an image gets."""
        return round(side)


class RandomResizedCrop(_AboutEdges, A.RandomResizedCrop):
    """Crops at random and scales to a given size."""


class RandomScale(_AboutEdges, A.RandomScale):
    """Scales at random."""

    def rounded(self, side: float) -> float:
        """The whole number of pixels that the side of an image gets."""
        return int(side)


class Resize(_AboutEdges, A.Resize):
    """Scales to a given size."""


class SmallestMaxSize(_AboutEdges, A.SmallestMaxSize):
    """Scales to a given length of the shorter side."""

    def rounded(self, side: float) -> float:
        """The whole number of pixels that the side of an image gets."""
        return round(side)


CENTRED: dict[str, type[A.BasicTransform]] = {
    kind.__name__: kind
    for kind in (
        *(CropAndPad, Downscale, LongestMaxSize, RandomResizedCrop, RandomScale, Resize, SmallestMaxSize),
    )
}


def transform_class(name: str) -> type[A.BasicTransform]:
    """Returns the class of a transform: ours if there is one, otherwise that of Albumentations."""
    return CENTRED.get(name) or getattr(A, name)
