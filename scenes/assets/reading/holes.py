"""Removes the transparent parts of triangles with OBJ materials, as is done for glTF alpha masks."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.reading.gltf.alpha import seen_share
from scenes.assets.reading.gltf.cutting import cut
from scenes.assets.reading.gltf.materials import WHITE, Look
from scenes.assets.reading.gltf.pieces import Piece
from scenes.assets.reading.mtl import Material
from scenes.assets.reading.raw import Floats, Raw, decoded

OPAQUE = 0.99
"""A material with at least this opacity is treated as opaque."""
LEAST = 0.5
"""Alpha threshold; the surface exists where alpha is at least this."""
LARGEST_UV = 1e6
"""Texture coordinates of at least this magnitude are meaningless."""


def glass(name: str, material: Material) -> Iterator[str]:
    """Yields a note if a material is transparent as a whole."""
    if material.opacity is not None and material.opacity < OPAQUE:
        yield f"material {name!r} is transparent (d {material.opacity:g}): rendered opaque"


def alpha_of(image: Image.Image, notes: list[str]) -> NDArray[np.uint8] | None:
    """Reads an opacity map.

    Returns:
        (h, w) alpha channel of the image, or its brightness if the alpha channel is opaque everywhere. None,
        with a note in `notes`, if the image is damaged.

    Raises:
        Refused: The image has too many pixels.
    """
    rgb = decoded(image, notes)
    if rgb is None:
        return None
    if image.has_transparency_data:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"), np.uint8)
        if alpha.min() < 255:
            return alpha
    return np.asarray(Image.fromarray(rgb).convert("L"), np.uint8)


def without_holes(
    raw: Raw, alpha: NDArray[np.uint8], name: str, spare: int, notes: list[str], looks: list[str]
) -> Raw:
    """Removes the parts of a material's triangles in which alpha is below one half.

    Args:
        raw: The triangles.
        alpha: (h, w) alpha of the texture, with the top row first. The texture repeats.
        name: Name of the material, for notes.
        spare: Number of triangles by which the mesh may grow.
        notes: Notes on triangles are added here.
        looks: If transparent parts cannot be removed and are rendered opaque, a note is added here.
    """
    called = f"material {name!r}"
    if raw.uvs is None or not (np.abs(raw.uvs) < LARGEST_UV).all():
        looks.append(f"{called} has a transparent texture but no texture coordinates: rendered opaque")
        return raw
    share = seen_share(_flipped(raw.uvs), np.ones(raw.corners.shape[:2]), alpha, LEAST)
    if not share.any():
        looks.append(f"{called} is transparent everywhere: rendered opaque")
        return raw
    if (share == 0).any():
        notes.append(f"{int((share == 0).sum()):,} fully transparent faces left out")
    shown, share = raw.kept(share > 0), share[share > 0]
    if (share == 1).all():
        return shown
    assert shown.uvs is not None
    uvs = _flipped(shown.uvs)
    piece = Piece(Look(name), WHITE, shown.corners, shown.normals, uvs, shown.corner_colors)
    found = cut(piece, alpha, 255 * LEAST, share < 1, spare + int((share < 1).sum()))
    if found is None:
        looks.append(f"{called} has holes where its texture is transparent: rendered without them")
        return shown
    notes.append(f"{called}: holes cut out where its texture is transparent")
    assert found.uvs is not None
    return replace(
        shown,
        corners=found.corners,
        normals=found.normals,
        uvs=_flipped(found.uvs),
        corner_colors=found.colors,
    )


def _flipped(uvs: Floats) -> Floats:
    """Flips the v axis of texture coordinates."""
    return np.asarray(uvs * (1.0, -1.0) + (0.0, 1.0))
