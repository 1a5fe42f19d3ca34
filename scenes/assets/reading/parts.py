"""Makes parts of meshes from triangles; computes normals."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Part
from scenes.assets.planar import corner_uvs
from scenes.assets.reading.limits import MAX_TEXTURE_PX
from scenes.assets.reading.palette import baked
from scenes.assets.reading.raw import Raw
from scenes.assets.sorting import stable_order

NORMAL_STEP = 1e-5
"""Step to which components of vertex normals are rounded."""
MAX_AROUND = 64
"""Largest number of corners at one position whose normals are averaged."""
CREASE_DEG = 40.0
"""Angle in degrees between faces above which their edge stays sharp when normals are computed."""


def with_texture(raw: Raw) -> Raw:
    """Replaces vertex colours by a texture; returns triangles without vertex colours unchanged."""
    if raw.corner_colors is None:
        return raw
    uvs, texture = baked(raw.corner_colors)
    return replace(raw, uvs=uvs, texture=texture, color_rgb=(1.0, 1.0, 1.0), corner_colors=None)


def uvs_of(raw: Raw) -> NDArray[np.float64]:
    """Texture coordinates (m, 3, 2) from the file, or planar ones if it has none; 0 where not finite."""
    uvs = corner_uvs(raw.corners) if raw.uvs is None else raw.uvs
    return np.where(np.isfinite(uvs), uvs, 0.0)


def sized(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A texture (h, w, 3) scaled to at most 1024 px a side and to a width that is a multiple of 4.

    Renderers shear textures of other widths.
    """
    height, width = (min(side, MAX_TEXTURE_PX) for side in texture.shape[:2])
    size = (max(4, width // 4 * 4), max(4, height))
    if size == (texture.shape[1], texture.shape[0]):
        return texture
    return np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), np.uint8)


def part_of_corners(
    corners: NDArray[np.float64], color_rgb: tuple[float, float, float], texture: NDArray[np.uint8] | None
) -> Part:
    """A part from triangles, with one vertex for each distinct position, normal and texture coordinate.

    Args:
        corners: (m, 3, 8) Position, normal and texture coordinate of each triangle's vertices.
        color_rgb: Colour of the part.
        texture: Texture (h, w, 3) of the part, or None.
    """
    unique, index = distinct_rows(corners.reshape(-1, 8))
    return Part(
        np.ascontiguousarray(unique[:, :3]),
        np.ascontiguousarray(unique[:, 3:6]),
        np.ascontiguousarray(unique[:, 6:]),
        index.reshape(-1, 3).astype(np.int32),
        color_rgb,
        texture,
    )


def distinct_rows(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The distinct rows (k, w) of an array (n, w) in lexicographic order, and the index of each row, (n,).

    The result is that of `np.unique` with `axis=0`, which takes several times as long.
    """
    order = np.lexsort(rows.T[::-1])
    ranked = rows[order]
    is_new = np.concatenate([[True], (ranked[1:] != ranked[:-1]).any(axis=1)])
    index = np.empty(len(rows), np.int64)
    index[order] = np.cumsum(is_new) - 1
    return ranked[is_new], index


def unit_vectors(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors (..., 3) scaled to unit length; (0, 0, 1) for those of zero length."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), (0.0, 0.0, 1.0))


def crease_normals(corners: NDArray[np.float64], crease_deg: float = CREASE_DEG) -> NDArray[np.float64]:
    """Unit normals (m, 3, 3) of the vertices of triangles (m, 3, 3), smooth except across sharp edges.

    The normal of a triangle at a vertex is the area-weighted mean of the normals of all faces that have a
    vertex at the same position and whose angle to the triangle is less than the crease angle.
    """
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face_normals, cosine = unit_vectors(areas), np.cos(np.radians(crease_deg))
    _, position = distinct_rows(corners.reshape(-1, 3).round(9))
    order = stable_order(position)
    ranked, total = position[order], np.repeat(areas, 3, axis=0).T.copy()
    at = np.arange(len(order))
    for shift in range(1, MAX_AROUND):
        at = at[: np.searchsorted(at, len(order) - shift)]
        at = at[ranked[at] == ranked[at + shift]]
        if not len(at):
            break
        first, second = order[at], order[at + shift]
        one, other = face_normals.take(first // 3, axis=0), face_normals.take(second // 3, axis=0)
        near = np.einsum("ij,ij->i", one, other) > cosine
        first, second = first[near], second[near]
        for sums, along in zip(total, areas.T, strict=True):
            np.add.at(sums, first, along[second // 3])
            np.add.at(sums, second, along[first // 3])
    # Sums in another order differ in their last digits, which would make several vertices of one.
    return np.rint(unit_vectors(total.T).reshape(-1, 3, 3) / NORMAL_STEP) * NORMAL_STEP
