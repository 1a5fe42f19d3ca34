"""Cuts the transparent areas of alpha masks out of glTF triangles, because meshes have no transparency."""

from dataclasses import replace
from typing import Any

import cv2
import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from scenes.assets.reading.gltf.pieces import Piece
from scenes.assets.reading.raw import Floats

STEPS_PX = (0.5, 0.25, 1.0, 2.0)
"""Tolerances of outline simplification in pixels, in the order tried; the first that keeps the area and
does not result in too many triangles is used."""
FINE_PX = 1024
"""Outlines are traced in the alpha channel, upscaled to about this size and interpolated as in rendering."""
TOLERANCE = 0.03
"""Largest area that simplified outlines may lose or add, as a fraction of the texture."""
MAX_CUT_FACES = 50_000
"""Largest number of triangles per material after cutting."""
MAX_WORK = 2_000_000
"""Largest product of the number of triangles to cut and the number of triangles that fill the outline.

A triangle counts once per texture repetition that it spans. Triangles with the same texture coordinates count
as one.
"""
LEAST_AREA = 1e-9
"""Parts below this fraction of a triangle's area are dropped."""


def cut(
    piece: Piece, alpha: NDArray[np.uint8], least: float, needs_cut: NDArray[np.bool_], most_faces: int
) -> Piece | None:
    """Removes the transparent areas from textured triangles.

    Returns None if every tolerance of outline simplification results in too many triangles, or changes the
    opaque area of the texture too much.

    Args:
        piece: The m triangles, with texture coordinates.
        alpha: (h, w) alpha channel of the texture. The texture repeats.
        least: Smallest alpha of an opaque pixel, 0..255.
        needs_cut: (m,) whether each triangle may have transparent areas; only these triangles are cut.
        most_faces: Largest number of triangles that may replace the cut triangles.
    """
    way = cv2.INTER_NEAREST if piece.look.texture and piece.look.texture.is_pixelated else cv2.INTER_LINEAR
    fine = min(max(FINE_PX // max(alpha.shape), 2), 8)
    is_seen = cv2.resize(alpha, None, fx=fine, fy=fine, interpolation=way) >= least
    assert piece.uvs is not None
    whole, holed = piece.kept(~needs_cut), piece.kept(needs_cut)
    assert holed.uvs is not None
    for step_px in STEPS_PX:
        tile = _outlined(np.asarray(is_seen), max(step_px * fine, 1.5))
        found = None if tile is None else _parts(holed.uvs, tile, min(most_faces, MAX_CUT_FACES))
        if found is not None:
            return _joined(whole, holed, *found)
    return None


def _outlined(is_seen: NDArray[np.bool_], step_px: float) -> Floats | None:
    """Covers the set pixels of a mask with triangles (k, 3, 2) in texture coordinates, v down.

    Returns None if no pixel is set, or if the total area of the triangles differs by more than `TOLERANCE`
    from the set fraction of the mask.

    Args:
        is_seen: (h, w) mask.
        step_px: Tolerance of outline simplification, in pixels of the mask.
    """
    # Contours run through pixel centres. In a mask of twice the size, half of the centres lie next to edges.
    twice = is_seen.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    lines, tree = cv2.findContours(twice, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return None
    edges = [(line + 1) // 2 for line in lines]
    rings = [cv2.approxPolyDP(edge, step_px, True)[:, 0].astype(np.float64) for edge in edges]
    is_used = [len(ring) > 2 and cv2.contourArea(edge) > 1 for ring, edge in zip(rings, edges, strict=True)]
    holes: dict[int, list[int]] = {}
    for index, (_, _, _, above) in enumerate(tree[0].tolist()):
        if above >= 0 and is_used[index]:
            holes.setdefault(above, []).append(index)
    outer = [index for index, links in enumerate(tree[0].tolist()) if links[3] < 0 and is_used[index]]
    found = [_filled([rings[index], *(rings[hole] for hole in holes.get(index, ()))]) for index in outer]
    if not found:
        return None
    corners = np.concatenate(found) / is_seen.shape[::-1]
    missed = abs(float(np.abs(_cross(corners)).sum()) / 2 - float(is_seen.mean()))
    return corners if missed <= TOLERANCE else None


def _filled(rings: list[Floats]) -> Floats:
    """Triangulates a polygon with holes into triangles (k, 3, 2).

    Args:
        rings: Corners (n, 2) of the outline, followed by the corners of each hole.
    """
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    return points[np.asarray(mapbox_earcut.triangulate_float64(points, ends), np.int64)].reshape(-1, 3, 2)


def _cross(corners: Floats) -> Floats:
    """Twice the signed areas (k,) of triangles (k, 3, 2)."""
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    return np.asarray(ax * by - ay * bx)


def _parts(uvs: Floats, tile: Floats, most_faces: int) -> tuple[NDArray[np.int64], Floats] | None:
    """Clips triangles to the opaque areas of a repeating texture.

    The texture has the period 1 along u and v.

    Args:
        uvs: (m, 3, 2) texture coordinates of the triangles.
        tile: (k, 3, 2) triangles that cover the opaque areas of one repetition, with coordinates from 0 to 1.
        most_faces: Largest number of triangles in the result.

    Returns:
        For each of the n resulting triangles, the index of the triangle that contains it, and the barycentric
        coordinates (3, 3) of its corners in that triangle. None if the result would be too large.
    """
    known, kind = np.unique(uvs.reshape(-1, 6), axis=0, return_inverse=True)
    shapes = known.reshape(-1, 3, 2)
    low, high = np.floor(shapes.min(axis=1)), np.ceil(shapes.max(axis=1))
    if float(np.maximum(high - low, 1).prod(axis=1).sum()) * len(tile) > MAX_WORK:
        return None
    parts: list[Floats] = []
    left = most_faces
    for shape, times in zip(shapes, np.bincount(kind).tolist(), strict=True):
        parts.append(_of_triangle(shape, tile))
        left -= times * len(parts[-1])
        if left < 0:
            return None
    counts = np.array([len(part) for part in parts])[kind]
    return np.repeat(np.arange(len(uvs)), counts), np.concatenate([parts[index] for index in kind])


def _of_triangle(shape: Floats, tile: Floats) -> Floats:
    """Clips one triangle to the opaque areas of a repeating texture.

    Args:
        shape: (3, 2) texture coordinates of the triangle.
        tile: As for `_parts`.

    Returns:
        (n, 3, 3) barycentric coordinates of the corners of the resulting triangles.
    """
    edges = np.stack([shape[1] - shape[0], shape[2] - shape[0]], axis=1)
    if abs(np.linalg.det(edges)) < 1e-15:
        return np.eye(3)[None]  # it maps to a line in the texture
    low, high = shape.min(axis=0), shape.max(axis=0)
    found = [np.zeros((0, 3, 3))]
    for u in range(int(np.floor(low[0])), max(int(np.ceil(high[0])), int(np.floor(low[0])) + 1)):
        for v in range(int(np.floor(low[1])), max(int(np.ceil(high[1])), int(np.floor(low[1])) + 1)):
            here = tile + np.array([u, v])
            near = (here.max(axis=1) > low).all(axis=1) & (here.min(axis=1) < high).all(axis=1)
            shares = (here[near] - shape[0]) @ np.linalg.inv(edges).T
            found.append(np.concatenate([1 - shares.sum(axis=2, keepdims=True), shares], axis=2))
    parts = np.concatenate(found)
    for vertex in range(3):
        parts = _beyond(parts, vertex)
    areas = _cross(parts[:, :, 1:])
    parts = np.where((areas < 0)[:, None, None], parts[:, ::-1], parts)
    return parts[np.abs(areas) > LEAST_AREA]


def _beyond(parts: Floats, vertex: int) -> Floats:
    """Clips triangles to the half-plane in which one barycentric coordinate is not negative.

    Args:
        parts: (n, 3, 3) barycentric coordinates of the corners of n triangles.
        vertex: Index of the barycentric coordinate.
    """
    is_in = parts[:, :, vertex] >= 0
    count = is_in.sum(axis=1)
    one, two = parts[count == 1], parts[count == 2]
    one = _from(one, is_in[count == 1].argmax(axis=1))
    two = _from(two, is_in[count == 2].argmin(axis=1))
    tips = np.stack([one[:, 0], _crossing(one, 1, vertex), _crossing(one, 2, vertex)], axis=1)
    first, second = _crossing(two, 1, vertex), _crossing(two, 2, vertex)
    halves = [np.stack([first, two[:, 1], two[:, 2]], axis=1), np.stack([first, two[:, 2], second], axis=1)]
    return np.concatenate([parts[count == 3], tips, *halves])


def _from(parts: Floats, first: NDArray[np.int64]) -> Floats:
    """Reorders the corners of each triangle cyclically, so that a given corner comes first.

    Args:
        parts: (n, 3, 3) triangles.
        first: (n,) index of the corner that comes first, for each triangle.
    """
    order = (first[:, None] + np.arange(3)) % 3
    return np.take_along_axis(parts, order[:, :, None], axis=1)


def _crossing(parts: Floats, corner: int, vertex: int) -> Floats:
    """Computes the point on one edge of each triangle at which a barycentric coordinate is 0: (n, 3).

    Args:
        parts: (n, 3, 3) barycentric coordinates of the corners of n triangles.
        corner: The edge runs from corner 0 to this corner.
        vertex: Index of the barycentric coordinate that is 0.
    """
    start, stop = parts[:, 0, vertex], parts[:, corner, vertex]
    share = (start / np.where(start == stop, 1.0, start - stop))[:, None]
    return np.asarray(parts[:, 0] + share * (parts[:, corner] - parts[:, 0]))


def _joined(whole: Piece, holed: Piece, owner: NDArray[np.int64], weights: Floats) -> Piece:
    """Joins the uncut triangles and the results of cutting the others.

    Args:
        whole: The triangles that need no cut.
        holed: The original triangles that were cut.
        owner: (n,) index in `holed` of the triangle that contains each of the n results.
        weights: (n, 3, 3) barycentric coordinates of the results' corners in that triangle.
    """
    arrays: dict[str, Any] = {}
    for name in ("corners", "normals", "uvs", "colors"):
        kept, values = getattr(whole, name), getattr(holed, name)
        arrays[name] = None if values is None else np.concatenate([kept, weights @ values[owner]])
    return replace(holed, **arrays)
