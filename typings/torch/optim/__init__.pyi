"""Optimisers."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.optim import lr_scheduler as lr_scheduler

class Optimizer:
    def step(self) -> None: ...
    def zero_grad(self) -> None: ...

class Adam(Optimizer):
    def __init__(self, parameters: Iterator[Tensor], *, lr: float) -> None: ...

class AdamW(Optimizer):
    def __init__(self, groups: Sequence[dict[str, Any]], *, lr: float, weight_decay: float) -> None: ...
