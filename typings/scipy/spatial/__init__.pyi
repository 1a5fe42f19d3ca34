"""Hulls and nearest neighbours."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

class QhullError(RuntimeError):
    """The points span no volume, or are not finite."""

class ConvexHull:
    """The hull of (n, d) points: `simplices` (m, d) and `vertices` index them; in 2-D, counter-clockwise."""

    points: NDArray[np.float64]
    vertices: NDArray[np.int32]
    simplices: NDArray[np.int32]
    neighbors: NDArray[np.int32]
    equations: NDArray[np.float64]
    area: float
    volume: float

    def __init__(
        self, points: NDArray[np.floating], incremental: bool = ..., qhull_options: str | None = ...
    ) -> None: ...

class cKDTree:
    """Nearest neighbours of points among (n, d) points."""

    data: NDArray[np.float64]
    n: int
    m: int

    def __init__(self, data: NDArray[np.floating], leafsize: int = ...) -> None: ...
    # Distances and indices: a number each for one point and k=1, else arrays; an index of n says "none".
    def query(
        self, x: NDArray[np.floating], k: int = ..., *, distance_upper_bound: float = ...
    ) -> tuple[Any, Any]: ...
    def query_pairs(self, r: float) -> set[tuple[int, int]]: ...
