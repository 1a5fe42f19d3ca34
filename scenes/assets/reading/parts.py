"""Creates mesh parts from triangles; computes normals."""

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
"""Rounding step of the components of vertex normals."""
MAX_AROUND = 64
"""Largest number of corners at one position whose normals are averaged."""
CREASE_DEG = 40.0
"""Angle in degrees between faces above which their shared edge stays sharp."""


def with_texture(raw: Raw) -> Raw:
    """Replaces vertex colours with a baked texture; returns triangles without vertex colours unchanged."""
    if raw.corner_colors is None:
        return raw
    uvs, texture = baked(raw.corner_colors)
    return replace(raw, uvs=uvs, texture=texture, color_rgb=(1.0, 1.0, 1.0), corner_colors=None)


def uvs_of(raw: Raw) -> NDArray[np.float64]:
    """Returns texture coordinates (m, 3, 2), planar if the file has none; 0 where not finite."""
    uvs = corner_uvs(raw.corners) if raw.uvs is None else raw.uvs
    return np.where(np.isfinite(uvs), uvs, 0.0)


def sized(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scales a texture (h, w, 3) to at most 1024 px per side and a width that is a multiple of 4.

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
    """Creates a part with one vertex per distinct combination of position, normal and texture coordinates.

    Args:
        corners: (m, 3, 8) position, normal and texture coordinates of each triangle's vertices.
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
    """Returns the distinct rows (k, w) in lexicographic order, and each row's index among them, (n,).

    Same result as `np.unique` with `axis=0`, but several times faster.
    """
    order = np.lexsort(rows.T[::-1])
    ranked = rows[order]
    is_new = np.concatenate([[True], (ranked[1:] != ranked[:-1]).any(axis=1)])
    index = np.empty(len(rows), np.int64)
    index[order] = np.cumsum(is_new) - 1
    return ranked[is_new], index


def unit_vectors(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalizes vectors (..., 3); zero vectors become (0, 0, 1)."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), (0.0, 0.0, 1.0))


def crease_normals(corners: NDArray[np.float64], crease_deg: float = CREASE_DEG) -> NDArray[np.float64]:
    """Computes vertex normals (m, 3, 3) of triangles (m, 3, 3), smooth except across sharp edges.

    The normal at a vertex of a triangle is the area-weighted mean of the normals of the faces that have a
    vertex at the same position. Faces at an angle of `crease_deg` or more to the triangle are left out.
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
    # Sums in different order differ in their last digits, which would split one vertex into several.
    return np.rint(unit_vectors(total.T).reshape(-1, 3, 3) / NORMAL_STEP) * NORMAL_STEP
