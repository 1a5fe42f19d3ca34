"""Learning rates by step."""

from torch.optim import Optimizer

class OneCycleLR:
    def __init__(
        self, optimiser: Optimizer, max_lr: float, *, total_steps: int, pct_start: float
    ) -> None: ...
    def step(self) -> None: ...
