"""Convex decomposition by V-HACD 4."""

import numpy as np
from numpy.typing import NDArray

# Faces as one row: 3, and three indices, for each triangle. Gives corners (n, 3) and faces of each piece.
def compute_vhacd(
    points: NDArray[np.float64],
    faces: NDArray[np.uint32],
    maxConvexHulls: int = ...,
    resolution: int = ...,
    minimumVolumePercentErrorAllowed: float = ...,
    maxRecursionDepth: int = ...,
    shrinkWrap: bool = ...,
    fillMode: str = ...,
    maxNumVerticesPerCH: int = ...,
    asyncACD: bool = ...,
    minEdgeLength: int = ...,
    findBestPlane: bool = ...,
) -> list[tuple[NDArray[np.float64], NDArray[np.uint32]]]: ...
