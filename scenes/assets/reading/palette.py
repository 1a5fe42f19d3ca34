"""Converts vertex and face colours to textures; the renderer supports one colour or texture per part."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.raw import Floats

LEAST_PX, MOST_PX = 6, 64
"""Smallest and largest side of a cell in pixels.

The side is always even, so that the width of a row with an even number of cells is a multiple of 4.
"""
SHEET_PX = 504
"""Intended side of the texture in pixels, from which the size of the cells is computed.

Textures are rendered at up to 512 px a side.
"""


def baked(corner_colors: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """A texture with the vertex colours of triangles.

    Up to 14,112 triangles each get half a square cell, in which colours are interpolated between the
    vertices. If there are more, or every triangle has a single colour, each triangle gets the mean colour of
    its vertices. These colours are reduced to 6 bits per channel if there are more than 512 * 512 of them.

    Args:
        corner_colors: (m, 3, 3) RGB of the three vertices of each triangle, 0..1.

    Returns:
        Texture coordinates (m, 3, 2), v up, and the texture (h, w, 3) RGB, its width a multiple of 4.
    """
    flat = np.ptp(corner_colors, axis=1).max() < 1 / 255
    if not flat and len(corner_colors) <= 2 * (SHEET_PX // LEAST_PX) ** 2:
        return _cells(corner_colors)
    return _flat(corner_colors.mean(axis=1))


def _cells(corner_colors: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Texture coordinates and a texture in which two triangles share each cell.

    The cell is divided along its diagonal. Pixels on the diagonal belong to the first triangle.
    """
    count = len(corner_colors)
    across = max(2, int(np.ceil(np.sqrt(np.ceil(count / 2)))))
    across += across % 2  # makes the width a multiple of 4
    down = -(-count // (2 * across))
    side = int(np.clip(SHEET_PX // across // 2 * 2, LEAST_PX, MOST_PX))
    sheet = np.zeros((down * side, across * side, 3))
    uvs = np.empty((count, 3, 2))
    y, x = np.mgrid[0:side, 0:side]
    last = side - 1
    # Triangles end one pixel before the diagonal, so that texture lookups stay within their half of the cell.
    reach = last - 1
    for second in (False, True):
        which = np.arange(second, count, 2)
        cell = which // 2
        row, column = cell // across * side, cell % across * side
        near, far = (last - x, last - y) if second else (x, y)
        inside = (x + y > last) if second else (x + y <= last)
        a, b = np.minimum(near / reach, 1.0), np.minimum(far / reach, 1.0)
        weights = np.stack([np.clip(1 - a - b, 0.0, 1.0), a, b], axis=-1)
        weights /= weights.sum(axis=-1, keepdims=True)
        values = np.einsum("yxk,nkc->nyxc", weights, corner_colors[which])
        for dy, dx in np.argwhere(inside):
            sheet[row + dy, column + dx] = values[:, dy, dx]
        corners = np.array([(0, 0), (reach, 0), (0, reach)])
        corners = last - corners if second else corners
        place = np.stack([column, row], axis=-1)[:, None, :] + corners + 0.5
        uvs[which] = place
    height, width = sheet.shape[:2]
    uvs[..., 0] /= width
    uvs[..., 1] = 1 - uvs[..., 1] / height
    return uvs, np.asarray(np.rint(255 * sheet), np.uint8)


def _flat(colors: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Texture coordinates and a texture with one pixel for each distinct colour among `colors` (m, 3)."""
    levels = np.rint(255 * colors).astype(np.int64)
    if len(np.unique(levels, axis=0)) > 512 * 512:
        levels = levels // 4 * 4 + 2
    known, index = np.unique(levels, axis=0, return_inverse=True)
    width = 4 * int(np.ceil(np.sqrt(len(known)) / 4))
    height = max(4, -(-len(known) // width))
    sheet = np.zeros((height * width, 3), np.uint8)
    sheet[: len(known)] = known
    u = (index % width + 0.5) / width
    v = 1 - (index // width + 0.5) / height
    uvs = np.stack([u, v], axis=-1)[:, None, :].repeat(3, axis=1)
    return uvs, sheet.reshape(height, width, 3)
