"""A small one-stage, anchor-free detector.

It is based on CenterNet (arXiv:1904.07850) and TTFNet (arXiv:1909.00700). At 1/4 of the input resolution, it
predicts a heatmap of object centres for each class, and for each cell the distances to the four sides of the
box. It has about a million parameters and is trained from scratch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL_PX = 4
"""Side of an output cell in canvas pixels."""
WIDTHS = (16, 32, 64, 128)
"""Numbers of channels at 1/2, 1/4, 1/8 and 1/16 of the input resolution; 1/32 has as many as 1/16."""
SIDE_PX = 16.0
"""Distance from a cell to a side of its box, in canvas pixels, if the network's output is 0."""
RARE = -4.0
"""Initial bias of the heatmap logits; it is negative because most cells are not centres."""


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    """A residual block with two convolutions."""

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
    """The output of the network.

    Attributes:
        heat: (B, C, h, w), logits of object centres.
        boxes: (B, 4, h, w), box at each cell: x0, y0, x1, y1 in canvas pixels.
    """

    heat: Tensor
    boxes: Tensor


class Detector(nn.Module):
    """The network.

    Args:
        num_classes: Number of classes.
        generator: Random generator for the initial weights.
    """

    def __init__(self, num_classes: int, generator: torch.Generator) -> None:
        """Builds the layers and initialises the weights."""
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
        """Initialises all weights from the given generator, independent of PyTorch's global one."""
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
        """Computes the maps of images (B, 3, H, W) with values from -0.5 to 0.5."""
        eighth = self.stage8(self.stem(images))
        low = self.stage16(eighth)
        merged = self.merge16(self.side16(low) + _doubled(self.side32(self.stage32(low))))
        merged = self.merge8(self.side8(eighth) + _doubled(merged))
        maps = self.spread(self.head(merged)).float()
        return Maps(maps[:, : self.num_classes], _boxes(maps[:, self.num_classes :]))


def _doubled(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0)


def _boxes(sides: Tensor) -> Tensor:
    """Converts outputs (B, 4, h, w) to boxes; the outputs are logarithms of distances to the four sides."""
    distances = SIDE_PX * torch.exp(sides.clamp(-5.0, 5.0))
    x, y = centres(sides.shape[2], sides.shape[3], sides.device)
    left, upper, right, lower = distances.unbind(1)
    return torch.stack((x - left, y - upper, x + right, y + lower), 1)


def centres(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Returns the cell centres in canvas pixels: x (1, w) and y (h, 1)."""
    x = (torch.arange(width, device=device) + 0.5) * CELL_PX
    y = (torch.arange(height, device=device) + 0.5) * CELL_PX
    return x[None, :], y[:, None]
