"""Random batches of training images with flip, scale, translation and colour augmentation."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sim2coco.validate.data import IGNORED, Examples

SCALE = (0.6, 1.5)
"""Range of the random scale factor of an image."""
KEPT_SHARE = 0.4
"""An object with a smaller fraction of its box inside the image becomes an ignored region."""
KEPT_PX = 3.0
"""An object whose box is narrower or lower than this many pixels becomes an ignored region."""
COLOUR = 0.3
"""Strength of the changes of brightness, contrast and saturation."""
NOISE = 0.04
"""Largest standard deviation of the noise, as a fraction of the value range."""
NEGATIVES = 1 / 8
"""Photographs without objects, if there are any, make up this fraction of each batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of B images.

    Attributes:
        images: (B, 3, H, W), values from -0.5 to 0.5.
        boxes: The boxes (n, 4) of each image.
        classes: The class (n,) of each box of each image.
    """

    images: Tensor
    boxes: list[Tensor]
    classes: list[Tensor]


def batches(
    examples: Examples, negatives: Examples | None, size: int, generator: torch.Generator
) -> Iterator[Batch]:
    """Yields batches endlessly; every image is used once per epoch, in random order.

    Args:
        examples: The training images.
        negatives: Photographs without objects; None if there are none.
        size: Batch size.
        generator: Random generator for the order and the augmentations.
    """
    order = _order(len(examples), generator)
    others = _order(len(negatives), generator) if negatives else iter(())
    without = round(size * NEGATIVES) if negatives else 0
    noise = torch.randn((3, *examples.pixels.shape[1:3]), generator=generator)
    while True:
        own = [next(order) for _ in range(size - without)]
        pixels = [examples.pixels[index] for index in own]
        boxes = [torch.from_numpy(examples.boxes[index]) for index in own]
        classes = [torch.from_numpy(examples.classes[index]) for index in own]
        if negatives:
            pixels += [negatives.pixels[next(others)] for _ in range(without)]
            boxes += [torch.zeros((0, 4))] * without
            classes += [torch.zeros(0, dtype=torch.int64)] * without
        images, boxes, classes = _moved(as_input(np.stack(pixels)), boxes, classes, generator)
        yield Batch(_recoloured(images, noise, generator), boxes, classes)


def _order(number: int, generator: torch.Generator) -> Iterator[int]:
    while True:
        yield from torch.randperm(number, generator=generator).tolist()


def as_input(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> Tensor:
    """Converts uint8 images (B, H, W, 3) to float (B, 3, H, W) with values from -0.5 to 0.5."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5


def _uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def _moved(
    images: Tensor, boxes: list[Tensor], classes: list[Tensor], generator: torch.Generator
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Randomly flips, scales and translates each image and its boxes; fills the border with grey."""
    number, _, height, width = images.shape
    zoom = torch.exp(-_uniform(float(np.log(SCALE[0])), float(np.log(SCALE[1])), (number,), generator))
    flip = torch.where(_uniform(0, 1, (number,), generator) < 0.5, -1.0, 1.0)
    factor = torch.stack((zoom * flip, zoom), 1)
    shift = _uniform(-1, 1, (number, 2), generator) * (1 - zoom).abs()[:, None]
    # Position p in the new image, from -1 to 1, samples position factor * p + shift in the old image.
    matrix = torch.cat((torch.diag_embed(factor), shift[:, :, None]), 2)
    grid = functional.affine_grid(matrix, [*images.shape], align_corners=False)
    images = functional.grid_sample(images, grid, align_corners=False)
    moved = [
        _placed(own, labels, factor[index], shift[index], torch.tensor([width, height]))
        for index, (own, labels) in enumerate(zip(boxes, classes, strict=True))
    ]
    return images, [own for own, _ in moved], [labels for _, labels in moved]


def _placed(
    boxes: Tensor, classes: Tensor, factor: Tensor, shift: Tensor, size: Tensor
) -> tuple[Tensor, Tensor]:
    """Transforms the boxes of an image, clips them to the image, and leaves out those outside of it.

    Boxes that are then tiny or mostly outside the image become ignored regions.

    Args:
        boxes: (n, 4) boxes x0, y0, x1, y1 in pixels.
        classes: (n,) class of each box.
        factor: (2,) scale factors in x and y; negative for a flip.
        shift: (2,) shift. Position p in the new image, from -1 to 1, shows position `factor` * p + `shift` in
            the old image.
        size: (2,) width and height of the image.

    Returns:
        (k, 4) boxes and (k,) classes, where `IGNORED` marks ignored regions.
    """
    corners = boxes.view(-1, 2, 2) / size * 2 - 1
    corners = ((corners - shift) / factor + 1) / 2 * size
    low, high = corners.amin(1), corners.amax(1)
    inside = torch.cat((low.clamp(min=0), torch.minimum(high, size)), 1)
    left = (inside[:, 2:] - inside[:, :2]).clamp(min=0)
    share = left.prod(1) / (high - low).prod(1).clamp(min=1e-3)
    kept = (share >= KEPT_SHARE) & (left.amin(1) >= KEPT_PX)
    there = left.amin(1) > 0
    return inside[there], torch.where(kept, classes, IGNORED)[there]


def _recoloured(images: Tensor, noise: Tensor, generator: torch.Generator) -> Tensor:
    """Changes brightness, contrast, saturation and white balance of each image, and adds noise.

    Args:
        images: (B, 3, H, W), the images.
        noise: (3, H, W), noise with a standard deviation of 1, cyclically shifted at random for each image.
        generator: Random generator for the changes.
    """
    number, _, height, width = images.shape
    saturation = _uniform(1 - 2 * COLOUR, 1 + COLOUR, (number, 1, 1), generator)
    contrast = _uniform(1 - COLOUR, 1 + COLOUR, (number, 1, 1), generator)
    matrix = contrast * (saturation * torch.diag_embed(torch.ones((3,))) + (1 - saturation) / 3)
    brightness = _uniform(-COLOUR / 2, COLOUR / 2, (number, 1, 1), generator)
    balance = _uniform(-COLOUR / 5, COLOUR / 5, (number, 3, 1), generator)
    images = torch.baddbmm(brightness + balance, matrix, images.flatten(2)).view(*images.shape)
    strength = _uniform(0, NOISE, (number,), generator)
    for index in range(number):
        down, across = (
            int(torch.randint(side, (1,), generator=generator).item()) for side in (height, width)
        )
        images[index] += strength[index] * noise.roll((down, across), (1, 2))
    return images.clamp(-0.5, 0.5)
