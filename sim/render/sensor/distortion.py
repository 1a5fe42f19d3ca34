"""Lens distortion: the image of a wide pinhole camera is remapped to the pixels of the sensor."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from sim.boxes import Box, slices
from sim.render.raster.rays import pixel_rays, rays_on_grid

Map = NDArray[np.float32]

MAX_SAMPLES = 3
"""Maximum number of samples along each side of a pixel."""
CUBIC_UP_TO = 1.25
"""Maximum number of wide-image pixels per sensor pixel, along a line, for which one sample is taken."""


class Remapping:
    """The map from the pixels of a distorted camera to the image of a wide pinhole camera.

    A pixel is the mean of samples spread over its area, so that parts of the wide image that the lens shrinks
    are averaged, not aliased. If the lens shrinks nothing, one bicubic sample keeps the image sharp.

    Args:
        camera: The distorted camera.
        wide: The pinhole camera.
    """

    def __init__(self, camera: Camera, wide: Camera) -> None:
        """Computes no maps; maps are large, so each of them is computed when it is used."""
        self._camera, self._wide = camera, wide
        self._samples = self._number_of_samples()

    def _number_of_samples(self) -> int:
        """Returns how many samples are needed along each side of a pixel, at most `MAX_SAMPLES`.

        It is determined by the part of the image that the lens shrinks most.
        """
        lens = self._camera.distortion
        assert lens is not None
        smallest = float(lens.stretch(pixel_rays(self._camera)[::16, ::16])[0].min())
        reduction = self._wide.fx / self._camera.fx / max(smallest, 1e-3)
        return 1 if reduction <= CUBIC_UP_TO else int(np.clip(np.ceil(reduction), 2, MAX_SAMPLES))

    def __call__(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Remaps a linear image of the wide camera to the image (H, W, 3) of the distorted camera."""
        if self._samples == 1:
            cubic = cv2.remap(image, *self._map(0.5, 0.5), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            return np.maximum(np.asarray(cubic, np.float32), 0)
        shares = (np.arange(self._samples) + 0.5) / self._samples
        total = np.zeros((self._camera.height, self._camera.width, 3), np.float32)
        for across in shares.tolist():
            for down in shares.tolist():
                places = self._map(across, down)
                total += cv2.remap(image, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return total * np.float32(1 / self._samples**2)

    def crease(self, creases: tuple[Box, NDArray[np.bool_]]) -> tuple[Box, NDArray[np.bool_]]:
        """Remaps a mask of creases from the wide image to the distorted image.

        At a crease, the slope of a surface changes abruptly.

        Args:
            creases: A box in the wide image, and a mask (h, w) of its pixels.

        Returns:
            A box that spans the distorted image, and a mask (H, W).
        """
        box, inside = creases
        wide = np.zeros((self._wide.height, self._wide.width), np.uint8)
        wide[slices(box)] = inside
        mask = np.asarray(cv2.remap(wide, *self._map(0.5, 0.5), cv2.INTER_NEAREST), np.uint8)
        return (0, 0, self._camera.width, self._camera.height), mask.view(np.bool_)

    def _map(self, across: float, down: float) -> tuple[Map, Map]:
        """Finds where one point of each distorted pixel lies in the wide image.

        Args:
            across: Horizontal position of the point in its pixel, from 0 at the left edge to 1.
            down: Vertical position of the point in its pixel, from 0 at the top edge to 1.

        Returns:
            Columns (H, W) and rows (H, W) in the wide image, with integers at pixel centres.
        """
        camera, wide = self._camera, self._wide
        if (across, down) == (0.5, 0.5):
            rays = pixel_rays(camera)
        else:
            rays = rays_on_grid(camera, np.arange(camera.width) + across, np.arange(camera.height) + down)
        # In OpenCV, pixel centres have integer coordinates.
        return (
            (rays[..., 0] * wide.fx + (wide.cx - 0.5)).astype(np.float32),
            (rays[..., 1] * wide.fy + (wide.cy - 0.5)).astype(np.float32),
        )
