"""The training targets and the loss of the detector."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sim2coco.validate.data import IGNORED
from sim2coco.validate.detector import CELL_PX, Maps, centres

CENTRE_SHARE = 0.54
"""Fraction of a box, in width and height, that the Gaussian around its centre covers."""
BOX_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """The target maps of a batch.

    Attributes:
        heat: (B, C, h, w), heatmap of each class, with a Gaussian around each object centre (maximum 1).
        boxes: (B, 4, h, w), box of the object nearest to each cell.
        weight: (B, h, w), weight of the box at each cell; the weights of an isolated object sum to 1.
        judged: (B, h, w), 0 in ignored regions, otherwise 1.
    """

    heat: Tensor
    boxes: Tensor
    weight: Tensor
    judged: Tensor


def target_of(boxes: Sequence[Tensor], classes: Sequence[Tensor], maps: Maps) -> Target:
    """Computes the target maps of a batch.

    Args:
        boxes: Boxes (n, 4) of each image: x0, y0, x1, y1 in canvas pixels.
        classes: Classes (n,) of each image's boxes.
        maps: The detector's output; only its shape is used.
    """
    rows = [_of_image(own, labels, maps.heat[0]) for own, labels in zip(boxes, classes, strict=True)]
    heat, nearest, weight, judged = (torch.stack(parts) for parts in zip(*rows, strict=True))
    return Target(heat, nearest, weight, judged)


def _of_image(boxes: Tensor, classes: Tensor, like: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    num_classes, height, width = like.shape
    heat = torch.zeros((num_classes, height, width), device=like.device)
    nearest = torch.zeros((4, height, width), device=like.device)
    weight = torch.zeros((height, width), device=like.device)
    judged = torch.ones((height, width), device=like.device)
    for x0, y0, x1, y1 in boxes[classes == IGNORED].div(CELL_PX).tolist():
        judged[max(0, int(y0)) : int(y1) + 1, max(0, int(x0)) : int(x1) + 1] = 0.0
    boxes, classes = boxes[classes != IGNORED], classes[classes != IGNORED]
    if not len(boxes):
        return heat, nearest, weight, judged
    near = _near(boxes, height, width)
    for label, own in zip(classes.tolist(), near, strict=True):
        heat[label] = torch.maximum(heat[label], own)
    judged[near.amax(0) == 1.0] = 1.0
    best, which = near.max(0)
    share = near / near.sum((1, 2), keepdim=True)
    weight = share.gather(0, which[None])[0] * (best > 0)
    return heat, boxes[which].permute(2, 0, 1), weight, judged


def _near(boxes: Tensor, height: int, width: int) -> Tensor:
    """A Gaussian around the centre of each box, (n, h, w): 1 at the centre, 0 far away."""
    x, y = centres(height, width, boxes.device)
    cell = ((boxes[:, :2] + boxes[:, 2:]) / 2 / CELL_PX).floor()
    middle = (torch.minimum(cell.clamp(min=0), cell.new_tensor([width - 1, height - 1])) + 0.5) * CELL_PX
    sigma = (CENTRE_SHARE * (boxes[:, 2:] - boxes[:, :2]) + CELL_PX) / 6
    across = (x[None] - middle[:, 0, None, None]) / sigma[:, 0, None, None]
    down = (y[None] - middle[:, 1, None, None]) / sigma[:, 1, None, None]
    near = torch.exp(-(across.square() + down.square()) / 2)
    return near * (torch.maximum(across.abs(), down.abs()) <= 3.0)


def loss_of(maps: Maps, target: Target) -> Tensor:
    """Computes the loss: CornerNet's focal loss of centres plus GIoU loss of boxes (arXiv:1902.09630)."""
    is_centre = target.heat == 1.0
    say = torch.sigmoid(maps.heat)
    at_centre = -functional.logsigmoid(maps.heat) * (1 - say).square()
    elsewhere = -functional.logsigmoid(-maps.heat) * say.square() * (1 - target.heat).pow(4)
    heat = torch.where(is_centre, at_centre, elsewhere) * target.judged[:, None]
    objects = is_centre.sum().clamp(min=1)
    boxes = ((1 - _giou(maps.boxes, target.boxes)) * target.weight).sum() / target.weight.sum().clamp(min=1.0)
    return heat.sum() / objects + BOX_WEIGHT * boxes


def _giou(one: Tensor, two: Tensor) -> Tensor:
    """The generalised IoU (B, h, w) of boxes (B, 4, h, w)."""
    low, high = torch.maximum(one[:, :2], two[:, :2]), torch.minimum(one[:, 2:], two[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = _area(one) + _area(two) - common
    hull = (torch.maximum(one[:, 2:], two[:, 2:]) - torch.minimum(one[:, :2], two[:, :2])).prod(1)
    return common / union.clamp(min=1e-3) - (hull - union) / hull.clamp(min=1e-3)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)
