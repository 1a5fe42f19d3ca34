"""The measures of images and their labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.labelled import Scalar, Xywh


@dataclass(frozen=True, slots=True)
class ObjectMeasures:
    """The measures of a label; unknown values are None.

    Attributes:
        category: Index of the category in `DatasetInfo.categories`.
        box: Bounding box of the visible part, in pixels.
        area_px: Number of visible pixels.
        visible_fraction: Visible fraction of the whole object.
        truncation: Fraction of the object outside the image.
        occlusion: Hidden fraction of the part of the object that is inside the image.
        azimuth_deg: Azimuth of the camera in the mesh frame: angle from x towards y, -180..180.
        elevation_deg: Elevation of the camera in the mesh frame: angle above the xy plane, -90..90.
        distance_m: Distance of the camera from the mesh origin.
        crowd: Whether the label is a region with several objects.
    """

    category: int
    box: Xywh
    area_px: float
    visible_fraction: float | None = None
    truncation: float | None = None
    occlusion: float | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    distance_m: float | None = None
    crowd: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ImageMeasures:
    """The measures of an image. Pixels are measured in the image scaled to a longer side of at most 640 px.

    Attributes:
        split: The split of the image.
        name: File name relative to the split's folder.
        file: Path of the image file on this machine.
        width: Width in pixels.
        height: Height in pixels.
        scene: Number of the scene; None if unknown.
        facts: Additional scalar fields of the image, such as `view`.
        objects: Measures of the labels, in order.
        brightness: Mean luma, 0..255.
        contrast: Standard deviation of the luma.
        sharpness: 1 / σ, where σ is the blur in pixels of the sharpest edges: about 2 for a sharp image, 0.5
            for a blur of σ = 2 px, at most 4; 0 for an image without edges.
        dark_share: Fraction of pixels with a luma of at most 8.
        bright_share: Fraction of pixels with a luma of at least 250.
        perceptual_hash: 64-bit hash; the hashes of similar images differ in few bits.
        thumbnail: (48, 48) uint8, the luma, stretched to a square.
        features: (d,) float32, described in `sim2coco.statistics.features`.
    """

    split: str
    name: str
    file: Path
    width: int
    height: int
    scene: int | None
    facts: Mapping[str, Scalar]
    objects: tuple[ObjectMeasures, ...]
    brightness: float
    contrast: float
    sharpness: float
    dark_share: float
    bright_share: float
    perceptual_hash: int
    thumbnail: NDArray[np.uint8]
    features: NDArray[np.float32]
