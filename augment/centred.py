"""Transforms of Albumentations that are replaced because they move the image."""

from typing import Any

import albumentations as A  # noqa: N812 (its documentation uses this name)
import cv2
import numpy as np
from numpy.typing import NDArray


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


CENTRED: dict[str, type[A.BasicTransform]] = {"Downscale": Downscale}


def transform_class(name: str) -> type[A.BasicTransform]:
    """Returns the class of a transform: ours if there is one, otherwise that of Albumentations."""
    return CENTRED.get(name) or getattr(A, name)
