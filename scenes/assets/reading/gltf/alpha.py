"""Transparency of glTF materials: meshes have none, so invisible triangles are left out."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.raw import Floats

OPAQUE = 0.99
"""Alpha from which a surface is taken as opaque."""


def seen_share(
    uvs: Floats | None, corner_alpha: Floats, alpha: NDArray[np.uint8] | None, least: float
) -> Floats:
    """The share (m,) of each triangle whose alpha is at least `least`; 0 or 1 only if all or nothing has.

    The share of a textured triangle is that of the box around its texture coordinates.

    Args:
        uvs: (m, 3, 2) Texture coordinates, v down, or None without a texture.
        corner_alpha: (m, 3) Alpha of factor and vertex colours.
        alpha: (h, w) Alpha of the texture, or None if it is opaque.
        least: The least alpha.
    """
    if alpha is None or uvs is None:
        return np.asarray((corner_alpha >= least).mean(axis=1))
    most = corner_alpha.max(axis=1)
    seen, total = _counts(alpha * (most.max(initial=0.0) / 255) >= least, uvs)
    return np.where(most >= least, seen / total, 0.0)


def _counts(is_seen: NDArray[np.bool_], uvs: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many pixels of the box around each triangle's texture coordinates are set, and how many it has.

    Args:
        is_seen: (h, w) The pixels of a texture that repeats.
        uvs: (m, 3, 2) Texture coordinates, v down.
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
