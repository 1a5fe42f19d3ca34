"""Makes torchvision importable beside a PyTorch without CUDA, for which PyPI has no build of it.

Its import needs two operators that are not there; of these, models that find boxes use `nms`.
"""

import os
from functools import partial

import torch


def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Indices (k,) of the boxes (n, 4) that no box of a higher score covers, by falling score."""
    x0, y0, x1, y1 = boxes.unbind(1)
    areas, kept, left = (x1 - x0) * (y1 - y0), [], scores.argsort(descending=True)
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        width = (torch.minimum(x1[first], x1[left]) - torch.maximum(x0[first], x0[left])).clamp(min=0)
        height = (torch.minimum(y1[first], y1[left]) - torch.maximum(y0[first], y0[left])).clamp(min=0)
        both = width * height
        left = left[both <= iou_threshold * (areas[first] + areas[left] - both)]
    return torch.stack(kept) if kept else left


def complete_torchvision() -> None:
    """Defines the operators and replaces `nms`, unless PyTorch has CUDA and torchvision is complete."""
    if torch.version.cuda:
        return
    os.environ["TORCHDYNAMO_DISABLE"] = "1"  # `roi_align` in Python would be compiled
    operators = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

    torchvision.ops.nms = torchvision.ops.boxes.nms = nms
    # sampling as densely as the pixels, its default, would take gigabytes for masks
    heads = torchvision.models.detection.roi_heads
    heads.roi_align = partial(heads.roi_align, sampling_ratio=2)
    complete_torchvision.kept = operators
