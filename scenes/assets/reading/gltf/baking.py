"""Bakes vertex colours of glTF triangles, multiplied by their textures, into one texture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.gltf.pieces import Piece
from scenes.assets.reading.palette import MAX_CELLS, Sheet, flat, sheet_of
from scenes.assets.reading.raw import WHITE, Floats, Raw
from scenes.assets.srgb import SRGB_TO_LINEAR, linear_to_srgb

BAKED_PX = 1008
"""Intended side in pixels of a texture baked from textures and vertex colours."""


def baked(pieces: Sequence[Piece]) -> Raw:
    """Joins pieces that have vertex colours, and bakes all their colours into one texture.

    If there are too many triangles, each triangle gets a single colour, as in `palette.baked`. Colours are
    interpolated in linear light.
    """
    count = sum(len(piece.corners) for piece in pieces)
    with_texture = any(piece.pixels is not None for piece in pieces)
    is_flat = not with_texture and all(np.ptp(_colors(piece), axis=1).max() < 1 / 512 for piece in pieces)
    if is_flat or count > MAX_CELLS:
        means = np.concatenate([_mean_colors(piece) for piece in pieces])
        uvs, texture = flat(linear_to_srgb(means))
    else:
        sheet = sheet_of(count, BAKED_PX, BAKED_PX // 2) if with_texture else sheet_of(count)
        uvs, texture = sheet.uvs, sheet.texture(linear_to_srgb(_sheet_colors(sheet, pieces)))
    corners = np.concatenate([piece.corners for piece in pieces])
    normals = [piece.normals for piece in pieces if piece.normals is not None]
    return Raw(corners, np.concatenate(normals) if normals else None, uvs, WHITE, texture=texture)


def _colors(piece: Piece) -> Floats:
    """Returns the linear colour (m, 3, 3) of each vertex, multiplied by the colour factor of the material."""
    assert piece.colors is not None
    return np.asarray(piece.colors[..., :3] * piece.factor[:3])


def _mean_colors(piece: Piece) -> Floats:
    """Linear colour (m, 3) at the centre of each triangle."""
    colors: Floats = _colors(piece).mean(axis=1)
    if piece.pixels is None or piece.uvs is None:
        return colors
    return np.asarray(colors * _sampled(piece.pixels, piece.uvs.mean(axis=1)))


def _sheet_colors(sheet: Sheet, pieces: Sequence[Piece]) -> Floats:
    """Computes the linear colours (k, 3) of the used pixels of a new texture.

    Args:
        sheet: The layout of the new texture. Its triangles are those of all pieces, one piece after another.
        pieces: The pieces, with vertex colours and textures.
    """
    colors = sheet.mixed(np.concatenate([_colors(piece) for piece in pieces]))
    start = 0
    for piece in pieces:
        stop = start + len(piece.corners)
        if piece.pixels is not None and piece.uvs is not None:
            here = (sheet.triangles >= start) & (sheet.triangles < stop)
            corners = piece.uvs[sheet.triangles[here] - start]
            uvs = np.einsum("ki,kic->kc", sheet.weights[here], corners)
            colors[here] *= _sampled(_fitting(piece.pixels, piece.uvs, int(here.sum())), uvs)
        start = stop
    return colors


def _fitting(pixels: NDArray[np.uint8], uvs: Floats, num_px: int) -> NDArray[np.uint8]:
    """Downscales a texture if its triangles cover more than `num_px` of its pixels."""
    a, b, c = np.moveaxis(uvs, 1, 0)
    (u0, v0), (u1, v1) = (b - a).T, (c - a).T
    covered = 0.5 * float(np.abs(u0 * v1 - v0 * u1).sum()) * pixels.shape[0] * pixels.shape[1]
    shrink = min(np.sqrt(num_px / covered), 1.0) if covered > 0 else 1.0
    if shrink > 0.75:
        return pixels
    size = [max(int(side * shrink), 4) for side in (pixels.shape[1], pixels.shape[0])]
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sampled(pixels: NDArray[np.uint8], uvs: Floats) -> Floats:
    """Bilinearly samples a repeating texture at texture coordinates (k, 2); returns linear colours (k, 3)."""
    height, width = pixels.shape[:2]
    place = uvs * (width, height) - 0.5
    low = np.floor(place)
    part, (x, y) = place - low, low.T.astype(np.int64)
    colors = np.zeros((len(uvs), 3))
    for dx in (0, 1):
        for dy in (0, 1):
            weight = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            texel = pixels[(y + dy) % height, (x + dx) % width, :3]
            colors += weight[:, None] * SRGB_TO_LINEAR[texel]
    return colors
