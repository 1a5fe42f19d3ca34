"""What is measured of the images of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.labelled import Scalar, Xywh


@dataclass(frozen=True, slots=True)
class ObjectMeasures:
    """What is measured of a label.

    Attributes:
        category: Index of its category in `DatasetInfo.categories`.
        box: Box of its visible part, in pixels.
        area_px: Its visible pixels.
        visible_fraction: Visible share of the whole object; None if it is not known, as below.
        truncation: Share of the object outside the image.
        occlusion: Share of the object in the image that something hides.
        azimuth_deg: Direction of the camera in the frame of the mesh: angle from x towards y, -180..180.
        elevation_deg: The same: angle above the plane of x and y, -90..90.
        distance_m: Distance of the camera from the origin of the mesh.
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
    """What is measured of an image. Its pixels are measured at a longer side of at most 640 px.

    Attributes:
        split: The split of the image.
        name: Its name below the folder of its split.
        file: Where the image file lies on this machine.
        width: Width in pixels.
        height: Height in pixels.
        scene: Number of the scene that it shows, where it is known.
        facts: Scalars that the image's entry has in addition.
        objects: Measures of its labels, in their order.
        brightness: Mean of the luma, 0..255.
        contrast: Standard deviation of the luma.
        sharpness: 1 / σ, with σ the blur in pixels of the sharpest edges: about 2 for a sharp image, 0.5 for
            one with a blur of σ = 2 px, at most 4; 0 for an image without edges.
        dark_share: Share of the pixels with a luma of at most 8.
        bright_share: Share of the pixels with a luma of at least 250.
        perceptual_hash: 64 bits, which similar images have in common.
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
