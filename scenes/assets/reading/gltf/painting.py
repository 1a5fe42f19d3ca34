"""Colours of glTF triangles: texture times factor times vertex colours, multiplied in linear light."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.gltf.alpha import OPAQUE, seen_share
from scenes.assets.reading.gltf.baking import baked
from scenes.assets.reading.gltf.images import Pictures
from scenes.assets.reading.gltf.materials import Rgba
from scenes.assets.reading.gltf.pieces import Piece, joined
from scenes.assets.reading.gltf.wrapping import wrapped
from scenes.assets.reading.raw import WHITE, Raw
from scenes.assets.srgb import SRGB_TO_LINEAR, linear_to_srgb

SAME = 1 / 512
"""Vertex colours that differ by less than this, in linear light, are taken as one colour."""

LARGEST_UV = 1e6
"""Texture coordinates from this on say nothing about the place in the texture; 0 is used instead."""


def painted(pieces: Iterable[Piece], pictures: Pictures, notes: list[str], looks: list[str]) -> list[Raw]:
    """The triangles of a file, with one colour or one texture for each material.

    All triangles whose vertices differ in colour get one texture in common.

    Args:
        pieces: The triangles.
        pictures: The images of the file.
        notes: Notes on triangles are added here.
        looks: Notes on colours and textures are added here.
    """
    textured = [_textured(piece, pictures, looks) for piece in joined(pieces)]
    plain = [_without_one_color(piece) for piece in _shown(textured, notes, looks)]
    raws = [_raw(piece) for piece in plain if piece.colors is None]
    mixed = [piece for piece in plain if piece.colors is not None]
    if any(piece.pixels is not None for piece in mixed):
        looks.append("textures and colours of vertices baked into one texture")
    for without_normals in (False, True):
        same = [piece for piece in mixed if (piece.normals is None) == without_normals]
        raws += [baked(same)] if same else []
    return raws


def _textured(piece: Piece, pictures: Pictures, looks: list[str]) -> Piece:
    """The triangles with the pixels of their texture, if there is one that can be used."""
    use = piece.look.texture
    picture = None if use is None else pictures.get(use.image)
    if use is None or picture is None:
        return piece
    if piece.uvs is None:
        looks.append("a texture without texture coordinates is not used")
        return piece
    is_usable = np.abs(piece.uvs) < LARGEST_UV  # False for nan
    if not is_usable.all():
        looks.append("its texture coordinates are not finite")
    pixels = picture.rgb
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[:, :, None]], axis=2)
    pixels, uvs = wrapped(pixels, np.where(is_usable, piece.uvs, 0.0), use.wraps)
    return replace(piece, pixels=pixels, uvs=uvs)


def _shown(pieces: list[Piece], notes: list[str], looks: list[str]) -> list[Piece]:
    """The triangles that are not invisible; all of them if none would be left."""
    found = [_visible(piece, looks) for piece in pieces]
    left = [
        piece if mask.all() else piece.kept(mask)
        for piece, mask in zip(pieces, found, strict=True)
        if mask.any()
    ]
    lost = sum(int((~mask).sum()) for mask in found)
    if lost and not left:
        looks.append("is transparent everywhere: drawn opaque")
        return pieces
    if lost:
        notes.append(f"{lost:,} faces that are transparent everywhere left out")
    return left


def _visible(piece: Piece, looks: list[str]) -> NDArray[np.bool_]:
    """Which triangles (m,) are visible. Adds a note if they have parts that are not, or are transparent."""
    look = piece.look
    if not look.least_alpha:
        return np.ones(len(piece.corners), np.bool_)
    corner_alpha = np.full(piece.corners.shape[:2], piece.factor[3])
    if piece.colors is not None:
        corner_alpha = corner_alpha * piece.colors[..., 3]
    alpha = None if piece.pixels is None or piece.pixels.shape[2] == 3 else piece.pixels[..., 3]
    share = seen_share(piece.uvs, corner_alpha, alpha, look.least_alpha)
    mask = share > 0
    if not look.is_cut:
        share = seen_share(piece.uvs, corner_alpha, alpha, OPAQUE)
    if (share[mask] < 1).any():
        what = "has holes where its texture is transparent: drawn filled"
        looks.append(f"material {look.name!r} {what if look.is_cut else 'is transparent: drawn opaque'}")
    return np.asarray(mask)


def _without_one_color(piece: Piece) -> Piece:
    """Multiplies the factor by the vertex colours if they are all the same."""
    if piece.colors is None:
        return piece
    rows = piece.colors.reshape(-1, 4)
    if np.ptp(rows[:, :3], axis=0).max() >= SAME:
        return piece
    red, green, blue, alpha = (rows.mean(axis=0) * piece.factor).tolist()
    return replace(piece, colors=None, factor=(red, green, blue, alpha))


def _raw(piece: Piece) -> Raw:
    """The triangles of a material with one colour or a texture."""
    uvs = None if piece.uvs is None else piece.uvs * (1.0, -1.0) + (0.0, 1.0)
    if piece.pixels is not None:
        return Raw(
            piece.corners, piece.normals, uvs, WHITE, texture=_tinted(piece.pixels[..., :3], piece.factor)
        )
    red, green, blue = linear_to_srgb(np.array(piece.factor[:3])).tolist()
    return Raw(piece.corners, piece.normals, uvs, (red, green, blue))


def _tinted(pixels: NDArray[np.uint8], factor: Rgba) -> NDArray[np.uint8]:
    """An sRGB texture times a linear factor."""
    if min(factor[:3]) == 1.0:
        return np.ascontiguousarray(pixels)
    linear = SRGB_TO_LINEAR[:, None].astype(np.float64) * factor[:3]
    levels = np.rint(255 * linear_to_srgb(linear)).astype(np.uint8)
    return np.stack([levels[pixels[..., channel], channel] for channel in range(3)], axis=-1)
