"""Parts of meshes from triangles: normals and texture coordinates are made where a file brings none."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Part
from scenes.assets.reading.limits import MAX_TEXTURE_PX
from scenes.assets.reading.palette import baked
from scenes.assets.reading.raw import Raw

CREASE_DEG = 40.0
"""Edges sharper than this stay sharp where normals are made."""


def with_texture(raw: Raw) -> Raw:
    """Triangles whose corners have colours with a texture that shows these; others as they are."""
    if raw.corner_colors is None:
        return raw
    uvs, texture = baked(raw.corner_colors)
    return replace(raw, uvs=uvs, texture=texture, color_rgb=(1.0, 1.0, 1.0), corner_colors=None)


def uvs_of(raw: Raw) -> NDArray[np.float64]:
    """Finite texture coordinates (m, 3, 2): the file's, or made."""
    uvs = planar_uvs(raw.corners) if raw.uvs is None else raw.uvs
    return np.where(np.isfinite(uvs), uvs, 0.0)


def sized(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A texture (h, w, 3) of at most 1024 px a side, the width a multiple of 4: renderers shear others."""
    height, width = (min(side, MAX_TEXTURE_PX) for side in texture.shape[:2])
    size = (max(4, width // 4 * 4), max(4, height))
    if size == (texture.shape[1], texture.shape[0]):
        return texture
    return np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), np.uint8)


def part_of_corners(
    corners: NDArray[np.float64], color_rgb: tuple[float, float, float], texture: NDArray[np.uint8] | None
) -> Part:
    """Triangles as a part with one vertex for each position, normal and texture coordinate.

    Args:
        corners: (m, 3, 8), for each corner those in a row.
        color_rgb: The part's colour.
        texture: Its texture (h, w, 3), or None.
    """
    unique, index = np.unique(corners.reshape(-1, 8), axis=0, return_inverse=True)
    return Part(
        np.ascontiguousarray(unique[:, :3]),
        np.ascontiguousarray(unique[:, 3:6]),
        np.ascontiguousarray(unique[:, 6:]),
        index.reshape(-1, 3).astype(np.int32),
        color_rgb,
        texture,
    )


def unit_vectors(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors (..., 3) at length one; those without a direction point up."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), (0.0, 0.0, 1.0))


def crease_normals(corners: NDArray[np.float64], crease_deg: float = CREASE_DEG) -> NDArray[np.float64]:
    """Smooth normals that keep sharp edges, for corners (m, 3, 3): (m, 3, 3), unit length.

    A corner's normal is the area-weighted mean over the faces that meet there at less than the crease angle.
    """
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face_normals = np.repeat(unit_vectors(areas), 3, axis=0)
    weights = np.repeat(areas, 3, axis=0)
    _, position = np.unique(corners.reshape(-1, 3).round(9), axis=0, return_inverse=True)
    order = np.argsort(position, kind="stable")
    ranked, total = position[order], weights.copy()
    for shift in range(1, min(int(np.bincount(position).max()), 64)):
        first, second = order[:-shift], order[shift:]
        near = np.einsum("ij,ij->i", face_normals[first], face_normals[second]) > np.cos(
            np.radians(crease_deg)
        )
        pairs = near & (ranked[:-shift] == ranked[shift:])
        np.add.at(total, first[pairs], weights[second[pairs]])
        np.add.at(total, second[pairs], weights[first[pairs]])
    return unit_vectors(total).reshape(-1, 3, 3)


def planar_uvs(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Texture coordinates (m, 3, 2) for a mesh without any: each face seen along its main axis."""
    axis = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).argmax(axis=1)
    kept = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    flat = np.take_along_axis(corners, kept[:, None, :].repeat(3, axis=1), axis=2)
    low, extent = corners.reshape(-1, 3).min(axis=0), np.ptp(corners.reshape(-1, 3), axis=0).max()
    return np.asarray((flat - low[kept][:, None, :]) / (extent or 1.0))
