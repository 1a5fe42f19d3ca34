"""Layers of networks."""

from collections.abc import Iterator
from typing import Any, Self

import torch
from torch.nn import functional as functional, init as init, utils as utils

class Module:
    def __init__(self) -> None: ...
    def __call__(self, *inputs: torch.Tensor) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...
    def eval(self) -> Self: ...
    def train(self) -> Self: ...
    def modules(self) -> Iterator[Module]: ...
    def parameters(self) -> Iterator[torch.Tensor]: ...
    def to(self, device: torch.device, memory_format: torch.memory_format = ...) -> Self: ...

class Sequential(Module):
    def __init__(self, *modules: Module) -> None: ...

class Conv2d(Module):
    weight: torch.Tensor
    bias: torch.Tensor | None
    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = ...,
        padding: int = ...,
        dilation: int = ...,
        *,
        bias: bool = ...,
    ) -> None: ...

class BatchNorm2d(Module):
    def __init__(self, channels: int) -> None: ...

class ReLU(Module):
    def __init__(self, inplace: bool = ...) -> None: ...

class Upsample(Module):
    def __init__(self, size: tuple[int, ...], *, mode: str) -> None: ...

class PixelShuffle(Module):
    def __init__(self, factor: int) -> None: ...
