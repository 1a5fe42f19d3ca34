from typing import Any

import numpy as np
from numpy.typing import NDArray

class EmbreeScene:
    def __init__(self, device: Any = ..., robust: bool = ...) -> None: ...
    def run(
        self, vec_origins: NDArray[np.float32], vec_directions: NDArray[np.float32], *, output: int
    ) -> dict[str, NDArray[Any]]: ...
