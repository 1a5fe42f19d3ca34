"""Groups of near-duplicates, with thumbnails."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from sim2coco.datasets.labelled import LabelledImage
from sim2coco.datasets.pixels import read_pixels
from sim2coco.report.samples import data_uri
from sim2coco.statistics.duplicates import near_duplicates
from sim2coco.statistics.measures import ImageMeasures

SHOWN_GROUPS, SHOWN_IMAGES = 10, 6
"""Maximum number of groups that are shown, and of images per group."""
HEIGHT_PX = 90
PATIENCE = 8
"""Near-duplicates are searched in blocks of this many pairs, most similar first, until a block has none."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of near-duplicate images.

    Attributes:
        names: `split/name` of each image.
        pictures: Data URIs of thumbnails of the first `SHOWN_IMAGES` images in `names`.
    """

    names: Sequence[str]
    pictures: Sequence[str]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The near-duplicates of a data set.

    Attributes:
        groups: The largest groups, with thumbnails.
        number: Number of groups.
        surplus: Number of images that could be left out if one image of each group is kept.
        compared: Number of images that were compared.
        across: Number of groups with images in more than one split.
    """

    groups: Sequence[Group]
    number: int
    surplus: int
    compared: int
    across: int


def duplicates(images: Sequence[ImageMeasures], workers: int) -> Duplicates:
    """Finds groups of near-duplicate images, and renders thumbnails of the largest groups."""
    found = near_duplicates(images, workers, PATIENCE)
    largest = sorted(found, key=lambda group: (-len(group), group))[:SHOWN_GROUPS]
    return Duplicates(
        groups=[_group([images[index] for index in group]) for group in largest],
        number=len(found),
        surplus=sum(len(group) - 1 for group in found),
        compared=len(images),
        across=sum(len({images[index].split for index in group}) > 1 for group in found),
    )


def _group(images: Sequence[ImageMeasures]) -> Group:
    names = [f"{image.split}/{image.name}" for image in images]
    return Group(names, [_picture(image) for image in images[:SHOWN_IMAGES]])


def _picture(image: ImageMeasures) -> str:
    pixels = read_pixels(LabelledImage(image.split, image.name, image.file, image.width, image.height, ()))
    size_wh = max(1, min(4 * HEIGHT_PX, round(image.width * HEIGHT_PX / image.height))), HEIGHT_PX
    return data_uri(np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA), np.uint8))
