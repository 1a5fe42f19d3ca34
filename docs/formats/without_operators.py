"""Makes MMDetection importable beside `mmcv-lite`, which has no compiled operators.

Those that Mask R-CNN needs are torchvision's; of any other, only the name is there.
"""

import sys
import types

import torch
import torchvision

MODULES = (
    "nms",
    "roi_align",
    "carafe",
    "merge_cells",
    "deform_conv",
    "modulated_deform_conv",
    "multi_scale_deform_attn",
)
SAMPLES = 2
"""Samples of a bin in each direction; as densely as the pixels, the default, would take gigabytes."""


def roi_align(values, boxes, size, scale=1.0, _samples=0, _mode="avg", aligned=True) -> torch.Tensor:
    """Values (n, c, h, w) of the boxes (n, 5) of a stack of images."""
    return torchvision.ops.roi_align(values, boxes, size, scale, SAMPLES, aligned)


class RoIAlign(torch.nn.Module):
    """`roi_align` as a layer."""

    def __init__(self, output_size, spatial_scale=1.0, **_others) -> None:
        """Takes the size in bins and the scale of the values relative to the image."""
        super().__init__()
        self.output_size = (output_size, output_size) if isinstance(output_size, int) else output_size
        self.spatial_scale = spatial_scale

    def forward(self, values: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        """Values of the boxes."""
        return roi_align(values, boxes, self.output_size, self.spatial_scale)


def batched_nms(boxes, scores, groups, settings, class_agnostic=False) -> tuple:
    """Boxes with scores (n, 5) that none of their group and of a higher score covers, and their indices."""
    apart = boxes if class_agnostic else boxes + (groups * (boxes.max() + 1))[:, None]
    kept = torchvision.ops.nms(apart, scores, settings["iou_threshold"])
    return torch.cat([boxes[kept], scores[kept, None]], dim=1), kept


class Operators(types.ModuleType):
    """A module that has every name."""

    def __getattr__(self, name: str) -> type:
        """A layer that does nothing."""
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (torch.nn.Module,), {})


def complete_mmcv() -> None:
    """Puts the operators where MMDetection looks for them."""
    for name in ("mmcv.ops", *(f"mmcv.ops.{name}" for name in MODULES)):
        module = sys.modules[name] = Operators(name)
        module.RoIAlign, module.roi_align, module.batched_nms = RoIAlign, roi_align, batched_nms
    import mmcv

    mmcv.ops = sys.modules["mmcv.ops"]
