"""Colours of glTF triangles: texture times factor times vertex colours, multiplied in linear light."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.gltf.alpha import OPAQUE, seen_share
from scenes.assets.reading.gltf.baking import baked
from scenes.assets.reading.gltf.cutting import cut
from scenes.assets.reading.gltf.images import Pictures
from scenes.assets.reading.gltf.materials import Rgba
from scenes.assets.reading.gltf.pieces import Piece, joined
from scenes.assets.reading.gltf.wrapping import wrapped
from scenes.assets.reading.limits import MAX_FACES
from scenes.assets.reading.raw import WHITE, Floats, Raw
from scenes.assets.srgb import SRGB_TO_LINEAR, linear_to_srgb

SAME = 1 / 512
"""Vertex colours that differ by less than this, in linear light, are treated as one colour."""

LARGEST_UV = 1e6
"""Texture coordinates of at least this magnitude are meaningless and are replaced by 0."""


def painted(pieces: Iterable[Piece], pictures: Pictures, notes: list[str], looks: list[str]) -> list[Raw]:
    """Returns the visible triangles of a file, grouped by colour or texture.

    A material becomes one group, with a colour or a texture. Only materials whose vertices differ in colour
    are combined: their colours are baked into a shared texture.

    Args:
        pieces: The triangles, which are joined by material.
        pictures: The images of the file.
        notes: Notes on triangles are added here.
        looks: Notes on colours and textures are added here.
    """
    textured = [_textured(piece, pictures, looks) for piece in joined(pieces)]
    plain = [_without_one_color(piece) for piece in _shown(textured, notes, looks)]
    raws = [_raw(piece) for piece in plain if piece.colors is None]
    mixed = [piece for piece in plain if piece.colors is not None]
    if any(piece.pixels is not None for piece in mixed):
        looks.append("textures and vertex colours are baked into one texture")
    for without_normals in (False, True):
        same = [piece for piece in mixed if (piece.normals is None) == without_normals]
        raws += [baked(same)] if same else []
    return raws


def shown(pieces: Iterable[Piece], pictures: Pictures) -> list[Piece]:
    """Adds textures to the pieces, and removes transparent triangles and transparent parts of triangles.

    These are the first steps of `painted`; no notes are collected.
    """
    return _shown([_textured(piece, pictures, []) for piece in joined(pieces)], [], [])


def _textured(piece: Piece, pictures: Pictures, looks: list[str]) -> Piece:
    """Returns the piece with the pixels of its material's texture; unchanged if no texture can be used."""
    use = piece.look.texture
    picture = None if use is None else pictures.get(use.image)
    if use is None or picture is None:
        return piece
    if piece.uvs is None:
        looks.append("a texture is ignored because there are no texture coordinates")
        return piece
    is_usable = np.abs(piece.uvs) < LARGEST_UV  # False for nan
    if not is_usable.all():
        looks.append("some texture coordinates are too large or not finite")
    pixels = picture.rgb
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[:, :, None]], axis=2)
    pixels, uvs, tiles = wrapped(pixels, np.where(is_usable, piece.uvs, 0.0), use.wraps)
    return replace(piece, pixels=pixels, uvs=uvs, tiles=tiles)


def _shown(pieces: list[Piece], notes: list[str], looks: list[str]) -> list[Piece]:
    """Removes invisible triangles, and cuts transparent areas out of the remaining ones.

    Returns `pieces` unchanged if all triangles are invisible.
    """
    shares = [_share(piece, piece.look.least_alpha) for piece in pieces]
    lost = sum(int((share == 0).sum()) for share in shares)
    if lost and lost == sum(len(share) for share in shares):
        looks.append("is transparent everywhere: rendered opaque")
        return pieces
    if lost:
        notes.append(f"{lost:,} fully transparent faces left out")
    spare = MAX_FACES - sum(int((share > 0).sum()) for share in shares)
    shown = []
    for piece, share in zip(pieces, shares, strict=True):
        if share.any():
            left = piece if share.all() else piece.kept(share > 0)
            shown.append(_solid(left, share[share > 0], spare, notes, looks))
            spare -= len(shown[-1].corners) - len(left.corners)
    return shown


def _share(piece: Piece, least: float) -> Floats:
    """Fraction (m,) of each triangle's area where alpha is at least `least`; 1 for an opaque material."""
    if not piece.look.least_alpha:
        return np.ones(len(piece.corners))
    return seen_share(piece.uvs, _corner_alpha(piece), _alpha(piece), least)


def _solid(piece: Piece, share: Floats, spare: int, notes: list[str], looks: list[str]) -> Piece:
    """Cuts transparent areas out of the triangles of a material.

    The areas remain, and are rendered opaque, if alpha is an opacity rather than a mask, or if cutting would
    make too many triangles.

    Args:
        piece: The triangles of the material.
        share: (m,) visible fraction of each triangle's area.
        spare: Largest number of triangles that cutting may add.
        notes: A note is added here if areas are cut out.
        looks: A note is added here if transparent areas are rendered opaque.
    """
    name = f"material {piece.look.name!r}"
    if not piece.look.is_cut:
        if (_share(piece, OPAQUE) < 1).any():
            looks.append(f"{name} is transparent: rendered opaque")
        return piece
    if (share == 1).all():
        return piece
    corner_alpha, alpha = _corner_alpha(piece), _alpha(piece)
    if alpha is not None and np.ptp(corner_alpha) < 1 / 255:
        least = 255 * piece.look.least_alpha / float(corner_alpha.max())
        found = cut(piece, alpha, least, share < 1, spare + int((share < 1).sum()))
        if found is not None:
            notes.append(f"{name}: holes cut out where its texture is transparent")
            return found
    looks.append(f"{name} has holes where its texture is transparent: rendered without them")
    return piece


def _corner_alpha(piece: Piece) -> Floats:
    """Alpha (m, 3) of the triangle corners: factor alpha times vertex alpha."""
    alpha = np.full(piece.corners.shape[:2], piece.factor[3])
    return alpha if piece.colors is None else np.asarray(alpha * piece.colors[..., 3])


def _alpha(piece: Piece) -> NDArray[np.uint8] | None:
    """Alpha (h, w) of the texture, or None if it is opaque everywhere."""
    return None if piece.pixels is None or piece.pixels.shape[2] == 3 else piece.pixels[..., 3]


def _without_one_color(piece: Piece) -> Piece:
    """If all vertices have the same colour, multiplies `factor` by it and drops the vertex colours."""
    if piece.colors is None:
        return piece
    rows = piece.colors.reshape(-1, 4)
    if np.ptp(rows[:, :3], axis=0).max() >= SAME:
        return piece
    red, green, blue, alpha = (rows.mean(axis=0) * piece.factor).tolist()
    return replace(piece, colors=None, factor=(red, green, blue, alpha))


def _raw(piece: Piece) -> Raw:
    """Converts a piece without vertex colours to a `Raw`, with one sRGB colour or with a texture."""
    uvs = None if piece.uvs is None else piece.uvs * (1.0, -1.0) + (0.0, 1.0)
    if piece.pixels is not None:
        return Raw(
            piece.corners, piece.normals, uvs, WHITE, texture=_tinted(piece.pixels[..., :3], piece.factor)
        )
    red, green, blue = linear_to_srgb(np.array(piece.factor[:3])).tolist()
    return Raw(piece.corners, piece.normals, uvs, (red, green, blue))


def _tinted(pixels: NDArray[np.uint8], factor: Rgba) -> NDArray[np.uint8]:
    """Multiplies an sRGB texture by a linear factor."""
    if min(factor[:3]) == 1.0:
        return np.ascontiguousarray(pixels)
    linear = SRGB_TO_LINEAR[:, None].astype(np.float64) * factor[:3]
    levels = np.rint(255 * linear_to_srgb(linear)).astype(np.uint8)
    return np.stack([levels[pixels[..., channel], channel] for channel in range(3)], axis=-1)
