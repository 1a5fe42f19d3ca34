"""Extends glTF textures that do not repeat, because the renderer repeats all textures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.limits import MAX_TEXTURE_PX
from scenes.assets.reading.named import Wrap
from scenes.assets.reading.raw import Floats

MAX_TILES = 8
"""Largest number of tiles of an extended texture along an axis; texture coordinates beyond are clamped."""
EDGE = 0.004
"""Texture coordinates beyond the image by less than this are clamped to its edge."""


Tiles = tuple[int, int]
"""First tile and number of tiles of the original image in an extended image, along one axis."""


def wrapped(
    pixels: NDArray[np.uint8], uvs: Floats, wraps: tuple[Wrap, Wrap]
) -> tuple[NDArray[np.uint8], Floats, tuple[Tiles, Tiles]]:
    """Extends an image whose wrap modes are not `repeat`, for a renderer that repeats all textures.

    Args:
        pixels: (h, w, c) image.
        uvs: (m, 3, 2) texture coordinates, v down.
        wraps: Wrap modes along u and v.

    Returns:
        The extended image, the texture coordinates (m, 3, 2) in this image, and its `Tiles` along u and along
        v.
    """
    columns, tiles = [uvs[..., 0], uvs[..., 1]], [(0, 1), (0, 1)]
    for axis, wrap in enumerate(wraps):
        if wrap != "repeat":
            pixels, columns[axis], tiles[axis] = _along(pixels, columns[axis], wrap, 1 - axis)
    return pixels, np.stack(columns, axis=-1), (tiles[0], tiles[1])


def _along(
    pixels: NDArray[np.uint8], u: Floats, wrap: Wrap, axis: int
) -> tuple[NDArray[np.uint8], Floats, Tiles]:
    """Like `wrapped`, but for only one axis of the image and the texture coordinates `u` along that axis."""
    low, high = float(u.min(initial=0.0)), float(u.max(initial=0.0))
    if low >= -EDGE and high <= 1 + EDGE:
        return pixels, np.clip(u, 0.0, 1.0), (0, 1)
    if wrap == "mirror":
        pixels = _shrunk(pixels, axis, 2)
        return np.concatenate([pixels, np.flip(pixels, axis)], axis=axis), u / 2, (0, 2)
    first, stop = max(int(np.floor(low)), -MAX_TILES // 2), min(int(np.ceil(high)), MAX_TILES // 2)
    first, stop = min(first, 0), max(stop, 1)
    pixels = _shrunk(pixels, axis, stop - first)
    around = [(0, 0), (0, 0), (0, 0)]
    around[axis] = (-first * pixels.shape[axis], (stop - 1) * pixels.shape[axis])
    tiles = (first, stop - first)
    return np.pad(pixels, around, mode="edge"), (np.clip(u, first, stop) - first) / tiles[1], tiles


def _shrunk(pixels: NDArray[np.uint8], axis: int, times: int) -> NDArray[np.uint8]:
    """Downscales an image along an axis so that `times` copies of it are not too large for a texture."""
    size = [pixels.shape[1], pixels.shape[0]]
    most = max(MAX_TEXTURE_PX // times, 1)
    if size[1 - axis] <= most:
        return pixels
    size[1 - axis] = most
    shrunk = cv2.resize(pixels, (size[0], size[1]), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.uint8).reshape(size[1], size[0], -1)
