"""A small detector: one stage, without anchors, after CenterNet (1904.07850) and TTFNet (1909.00700).

A map of a quarter of the resolution says for each class where centres of objects are, and for each place how
far the four sides of its box are away. It has a million parameters and is trained from scratch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL_PX = 4
"""Side of a cell of the maps, in pixels of the canvas."""
WIDTHS = (16, 32, 64, 128)
"""Channels at 1/2, 1/4, 1/8 and 1/16 (and 1/32) of the resolution."""
SIDE_PX = 16.0
"""Distance of a side for an output of 0."""
RARE = -4.0
"""Logit of a centre before training: most places are none."""


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    """Two convolutions whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        return functional.relu(inputs + self.second(self.first(inputs)))


@dataclass(frozen=True, slots=True)
class Maps:
    """What the network says of each place.

    Attributes:
        heat: Logits of a centre, of shape (B, C, h, w).
        boxes: Box at each cell, x0, y0, x1, y1 in pixels of the canvas, of shape (B, 4, h, w).
    """

    heat: Tensor
    boxes: Tensor


class Detector(nn.Module):
    """The network.

    Args:
        num_classes: Number of classes.
        generator: Draws its first weights.
    """

    def __init__(self, num_classes: int, generator: torch.Generator) -> None:
        """Draws the weights."""
        super().__init__()
        half, quarter, eighth, low = WIDTHS
        self.num_classes = num_classes
        self.stem = nn.Sequential(_convolution(3, half, 2), _convolution(half, quarter, 2))
        self.stage8 = nn.Sequential(_convolution(quarter, eighth, 2), _Residual(eighth))
        self.stage16 = nn.Sequential(_convolution(eighth, low, 2), _Residual(low))
        self.stage32 = nn.Sequential(_convolution(low, low, 2), _Residual(low))
        self.side8 = nn.Conv2d(eighth, eighth, 1)
        self.side16 = nn.Conv2d(low, eighth, 1)
        self.side32 = nn.Conv2d(low, eighth, 1)
        self.merge16 = _convolution(eighth, eighth)
        self.merge8 = _convolution(eighth, eighth)
        self.head = nn.Conv2d(eighth, 4 * (num_classes + 4), 1)
        self.spread = nn.PixelShuffle(2)
        self._draw(generator)

    def _draw(self, generator: torch.Generator) -> None:
        """Draws all weights from one generator, whatever the global one has done."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, generator=generator)
                    if module.bias is not None:
                        nn.init.zeros_(module.bias)
            self.head.weight.mul_(0.1)
            assert self.head.bias is not None
            self.head.bias[: 4 * self.num_classes].fill_(RARE)

    def forward(self, images: Tensor) -> Maps:
        """The maps of images of shape (B, 3, H, W), about 0 and between -0.5 and 0.5."""
        eighth = self.stage8(self.stem(images))
        low = self.stage16(eighth)
        merged = self.merge16(self.side16(low) + _doubled(self.side32(self.stage32(low))))
        merged = self.merge8(self.side8(eighth) + _doubled(merged))
        maps = self.spread(self.head(merged)).float()
        return Maps(maps[:, : self.num_classes], _boxes(maps[:, self.num_classes :]))


def _doubled(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0)


def _boxes(sides: Tensor) -> Tensor:
    """Boxes from the distances of the left, upper, right and lower sides."""
    distances = SIDE_PX * torch.exp(sides.clamp(-5.0, 5.0))
    x, y = centres(sides.shape[2], sides.shape[3], sides.device)
    left, upper, right, lower = distances.unbind(1)
    return torch.stack((x - left, y - upper, x + right, y + lower), 1)


def centres(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The centres of cells in pixels of the canvas: x of shape (1, w), y of shape (h, 1)."""
    x = (torch.arange(width, device=device) + 0.5) * CELL_PX
    y = (torch.arange(height, device=device) + 0.5) * CELL_PX
    return x[None, :], y[:, None]
