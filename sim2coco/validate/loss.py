"""What the detector should say, and how far it is from that."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sim2coco.validate.data import IGNORED
from sim2coco.validate.detector import CELL_PX, Maps, centres

CENTRE_SHARE = 0.54
"""Share of a box, in width and height, that counts as near to its centre."""
BOX_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """What the maps of some images should be.

    Attributes:
        heat: 1 at centres, falling off around them, of shape (B, C, h, w).
        boxes: The box of the nearest object, of shape (B, 4, h, w).
        weight: Weight of the box at each cell; those of an object sum to 1; of shape (B, h, w).
        judged: 0 in ignored regions, otherwise 1; of shape (B, h, w).
    """

    heat: Tensor
    boxes: Tensor
    weight: Tensor
    judged: Tensor


def target_of(boxes: Sequence[Tensor], classes: Sequence[Tensor], maps: Maps) -> Target:
    """The target of some images.

    Args:
        boxes: Boxes of each image, x0, y0, x1, y1 in pixels of the canvas, of shape (n, 4).
        classes: Class of each box, of shape (n,).
        maps: What the detector says; only its shape is used.
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
    """How near each cell is to the centre of each box: 1 there, 0 far away; of shape (n, h, w)."""
    x, y = centres(height, width, boxes.device)
    cell = ((boxes[:, :2] + boxes[:, 2:]) / 2 / CELL_PX).floor()
    middle = (torch.minimum(cell.clamp(min=0), cell.new_tensor([width - 1, height - 1])) + 0.5) * CELL_PX
    sigma = (CENTRE_SHARE * (boxes[:, 2:] - boxes[:, :2]) + CELL_PX) / 6
    across = (x[None] - middle[:, 0, None, None]) / sigma[:, 0, None, None]
    down = (y[None] - middle[:, 1, None, None]) / sigma[:, 1, None, None]
    near = torch.exp(-(across.square() + down.square()) / 2)
    return near * (torch.maximum(across.abs(), down.abs()) <= 3.0)


def loss_of(maps: Maps, target: Target) -> Tensor:
    """The loss of centres (focal, as CornerNet) and of boxes (generalised IoU, 1902.09630)."""
    is_centre = target.heat == 1.0
    say = torch.sigmoid(maps.heat)
    at_centre = -functional.logsigmoid(maps.heat) * (1 - say).square()
    elsewhere = -functional.logsigmoid(-maps.heat) * say.square() * (1 - target.heat).pow(4)
    heat = torch.where(is_centre, at_centre, elsewhere) * target.judged[:, None]
    objects = is_centre.sum().clamp(min=1)
    boxes = ((1 - _giou(maps.boxes, target.boxes)) * target.weight).sum() / target.weight.sum().clamp(min=1.0)
    return heat.sum() / objects + BOX_WEIGHT * boxes


def _giou(one: Tensor, two: Tensor) -> Tensor:
    """The generalised IoU of boxes of shape (B, 4, h, w)."""
    low, high = torch.maximum(one[:, :2], two[:, :2]), torch.minimum(one[:, 2:], two[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = _area(one) + _area(two) - common
    hull = (torch.maximum(one[:, 2:], two[:, 2:]) - torch.minimum(one[:, :2], two[:, :2])).prod(1)
    return common / union.clamp(min=1e-3) - (hull - union) / hull.clamp(min=1e-3)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)
