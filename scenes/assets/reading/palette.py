"""Converts vertex and face colours to textures; the renderer supports one colour or texture per part."""

from dataclasses import dataclass

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
CODE = np.array([65536, 256, 1])
"""Weights of red, green and blue, 0..255, that pack a colour into one number."""
MAX_CELLS = 2 * (SHEET_PX // LEAST_PX) ** 2
"""Largest number of triangles, with half a cell each."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A texture in which two triangles share each square cell.

    A cell is divided along its diagonal. Pixels on the diagonal belong to the first triangle.

    Attributes:
        uvs: (m, 3, 2) texture coordinates of the triangles, v up.
        is_used: (h, w) whether a pixel belongs to a triangle; the width is a multiple of 4.
        triangles: (k,) triangle index of each used pixel, row by row.
        weights: (k, 3) barycentric coordinates of each used pixel in its triangle.
    """

    uvs: Floats
    is_used: NDArray[np.bool_]
    triangles: NDArray[np.int64]
    weights: Floats

    def mixed(self, corner_values: Floats) -> Floats:
        """Interpolates values at the corners of the triangles to the used pixels.

        Args:
            corner_values: (m, 3, c) values at the three corners of each triangle.

        Returns:
            (k, c) values at the used pixels.
        """
        return np.asarray(np.einsum("ki,kic->kc", self.weights, corner_values[self.triangles]))

    def texture(self, colors: Floats) -> NDArray[np.uint8]:
        """Returns the texture (h, w, 3) RGB, given the colours (k, 3), 0..1, of the used pixels."""
        pixels = np.zeros((*self.is_used.shape, 3), np.uint8)
        pixels[self.is_used] = np.rint(255 * colors)
        return pixels


def baked(corner_colors: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Bakes the vertex colours of triangles into a texture.

    Up to 14,112 triangles each get half a square cell, in which colours are interpolated between the
    vertices. If there are more, or every triangle has a single colour, each triangle gets the mean colour of
    its vertices. If more than 512 * 512 of these colours differ, they are quantized to 6 bits per channel.

    Args:
        corner_colors: (m, 3, 3) RGB of the three vertices of each triangle, 0..1.

    Returns:
        Texture coordinates (m, 3, 2), v up, and the texture (h, w, 3) RGB, its width a multiple of 4.
    """
    is_flat = np.ptp(corner_colors, axis=1).max() < 1 / 255
    if not is_flat and len(corner_colors) <= MAX_CELLS:
        sheet = sheet_of(len(corner_colors))
        return sheet.uvs, sheet.texture(sheet.mixed(corner_colors))
    return flat(corner_colors.mean(axis=1))


def sheet_of(count: int, sheet_px: int = SHEET_PX, most_px: int = MOST_PX) -> Sheet:
    """Lays out a texture in which two triangles share each square cell.

    Args:
        count: Number of triangles, at most `MAX_CELLS`.
        sheet_px: Intended side of the texture in pixels.
        most_px: Largest side of a cell in pixels.
    """
    across = max(2, int(np.ceil(np.sqrt(np.ceil(count / 2)))))
    across += across % 2  # makes the width a multiple of 4
    down = -(-count // (2 * across))
    side = int(np.clip(sheet_px // across // 2 * 2, LEAST_PX, most_px))
    # Triangles end one pixel before the diagonal, so that texture lookups stay within their half of the cell.
    last, reach = side - 1, side - 2
    row, column = (axis.ravel() for axis in np.mgrid[0 : down * side, 0 : across * side])
    y, x = row % side, column % side
    is_second = x + y > last
    triangle = 2 * (row // side * across + column // side) + is_second
    a = np.minimum(np.where(is_second, last - x, x) / reach, 1.0)
    b = np.minimum(np.where(is_second, last - y, y) / reach, 1.0)
    weights = np.stack([np.clip(1 - a - b, 0.0, 1.0), a, b], axis=-1)
    weights /= weights.sum(axis=-1, keepdims=True)
    is_used = triangle < count
    shape = (down * side, across * side)
    return Sheet(
        _cells(count, across, side, shape), is_used.reshape(shape), triangle[is_used], weights[is_used]
    )


def _cells(count: int, across: int, side: int, shape: tuple[int, int]) -> Floats:
    """Texture coordinates (count, 3, 2) of triangles that are packed in pairs into square cells of a texture.

    Args:
        count: Number of triangles.
        across: Number of cells in each row of the texture.
        side: Side of a cell in pixels.
        shape: Height and width of the texture in pixels.
    """
    number = np.arange(count)
    cell = number // 2
    corners = np.array([(0, 0), (side - 2, 0), (0, side - 2)])
    corners = np.where((number % 2)[:, None, None] == 1, side - 1 - corners, corners)
    place = np.stack([cell % across * side, cell // across * side], axis=-1)[:, None, :] + corners + 0.5
    return np.stack([place[..., 0] / shape[1], 1 - place[..., 1] / shape[0]], axis=-1)


def flat(colors: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Texture coordinates (m, 3, 2), and a texture with one pixel per distinct colour in `colors` (m, 3)."""
    levels = np.rint(255 * colors).astype(np.int64)
    codes, index = np.unique(levels @ CODE, return_inverse=True)
    if len(codes) > 512 * 512:
        codes, index = np.unique((levels // 4 * 4 + 2) @ CODE, return_inverse=True)
    known = codes[:, None] // CODE % 256
    width = 4 * int(np.ceil(np.sqrt(len(known)) / 4))
    height = max(4, -(-len(known) // width))
    sheet = np.zeros((height * width, 3), np.uint8)
    sheet[: len(known)] = known
    u = (index % width + 0.5) / width
    v = 1 - (index // width + 0.5) / height
    uvs = np.stack([u, v], axis=-1)[:, None, :].repeat(3, axis=1)
    return uvs, sheet.reshape(height, width, 3)
