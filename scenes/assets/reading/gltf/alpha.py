"""Transparency of glTF materials: meshes are opaque, so triangles that are invisible are removed."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.raw import Floats

OPAQUE = 0.99
"""A surface with at least this alpha is treated as opaque."""


def seen_share(
    uvs: Floats | None, corner_alpha: Floats, alpha: NDArray[np.uint8] | None, least: float
) -> Floats:
    """Estimates the fraction (m,) of each triangle's area whose alpha is at least `least`.

    Without texture alpha, this is the fraction of corners with enough alpha. With texture alpha, it is the
    fraction of pixels with enough alpha in the bounding box of the triangle's texture coordinates, where
    the alpha of each pixel is multiplied by the largest corner alpha of all triangles. If no corner of a
    triangle has enough alpha, the result is 0 for this triangle.

    Args:
        uvs: (m, 3, 2) texture coordinates, v down, or None without a texture.
        corner_alpha: (m, 3) factor alpha times vertex alpha at each corner.
        alpha: (h, w) alpha of the texture, or None if it is opaque.
        least: Alpha threshold, 0..1.
    """
    if alpha is None or uvs is None:
        return np.asarray((corner_alpha >= least).mean(axis=1))
    most = corner_alpha.max(axis=1)
    seen, total = _counts(alpha * (most.max(initial=0.0) / 255) >= least, uvs)
    return np.where(most >= least, seen / total, 0.0)


def _counts(is_seen: NDArray[np.bool_], uvs: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Counts pixels of a texture in the bounding box of each triangle.

    Args:
        is_seen: (h, w) mask of texture pixels; the texture repeats.
        uvs: (m, 3, 2) texture coordinates of the triangles, v down.

    Returns:
        (m,) number of pixels that are set in the mask, and (m,) number of all pixels.
    """
    size = np.array(is_seen.shape[::-1])
    sums = np.zeros(2 * size[::-1] + 1, np.int64)
    sums[1:, 1:] = np.tile(is_seen, (2, 2)).cumsum(axis=0).cumsum(axis=1)
    places = uvs * size
    low, high = np.floor(places.min(axis=1)), np.ceil(places.max(axis=1))
    span = np.clip(high - low, 1, size).astype(np.int64)
    x0, y0 = np.mod(low, size).astype(np.int64).T
    x1, y1 = x0 + span[:, 0], y0 + span[:, 1]
    return sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0], span.prod(axis=1)
