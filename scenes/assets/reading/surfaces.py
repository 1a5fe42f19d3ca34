"""Polygons with texture coordinates and colours, and their triangulation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scenes.assets.reading.polygons import triangles_of
from scenes.assets.reading.raw import Floats, Raw, with_colors
from scenes.assets.reading.triangulate import Ints

DATA = ("normals", "uvs", "corner_colors")
"""Optional per-corner arrays of `Raw`."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Polygons of a file.

    Attributes:
        vertices: (n, 3) positions.
        corners: (k,) indices into `vertices`, polygon after polygon; they may be out of range.
        counts: (m,) number of corners of each polygon.
        uvs: (k, 2) texture coordinates of the corners, v up, or None.
        colors: (k, 3) RGB of the corners, 0..1, or None.
        normals: (k, 3) normals of the corners, or None.
    """

    vertices: Floats
    corners: Ints
    counts: Ints
    uvs: Floats | None = None
    colors: Floats | None = None
    normals: Floats | None = None


def cut(surface: Surface, notes: list[str]) -> tuple[Raw, Ints]:
    """Triangulates polygons; returns the triangles, and the polygon index (t,) of each triangle.

    Args:
        surface: The polygons.
        notes: A note is added here if polygons are dropped.

    Raises:
        Refused: There are too many triangles, or every polygon has a vertex index out of range.
    """
    places = triangles_of(surface.vertices, surface.corners, surface.counts, notes)
    normals, uvs, colors = (
        None if array is None else array[places] for array in (surface.normals, surface.uvs, surface.colors)
    )
    raw = Raw(surface.vertices[surface.corners[places]], normals, uvs)
    polygon = np.repeat(np.arange(len(surface.counts)), surface.counts)[places[:, 0]]
    return raw if colors is None else with_colors(raw, colors), polygon


def joined(raws: Sequence[Raw]) -> tuple[Raw, ...]:
    """Merges the materials that have vertex colours, so that they share one baked texture.

    Each element of `raws` contains the triangles of one material. Elements without vertex colours are
    returned unchanged. Merged elements lose their texture coordinates.
    """
    colored = [replace(raw, uvs=None) for raw in raws if raw.corner_colors is not None]
    if len(colored) < 2:
        return tuple(raws)
    rest = [raw for raw in raws if raw.corner_colors is None]
    return (*rest, *alike(colored))


def alike(raws: Sequence[Raw]) -> tuple[Raw, ...]:
    """Merges elements of `raws` in which the same optional arrays are present.

    The merged element has the colour and texture of the first of them.
    """
    kinds: dict[tuple[bool, ...], list[Raw]] = {}
    for raw in raws:
        kinds.setdefault(tuple(getattr(raw, name) is None for name in DATA), []).append(raw)
    return tuple(_one(several) for several in kinds.values())


def _one(raws: list[Raw]) -> Raw:
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(raw, name) for raw in raws])
        for name in ("corners", *DATA)
        if getattr(raws[0], name) is not None
    }
    return replace(raws[0], **arrays)


def strip_triangles(strip: Ints) -> Ints:
    """Converts triangle strips to triangles (t, 3) with consistent winding.

    Degenerate triangles, in which an index is repeated, are removed.

    Args:
        strip: (k,) vertex indices of all strips; -1 ends a strip.
    """
    if len(strip) < 3:
        return np.zeros((0, 3), np.int64)
    start = np.maximum.accumulate(np.where(strip < 0, np.arange(1, len(strip) + 1), 0))
    three = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
    odd = (np.arange(len(three)) - start[: len(three)]) % 2 == 1
    three[odd] = three[odd][:, [1, 0, 2]]
    a, b, c = three.T
    return np.asarray(three[(three >= 0).all(axis=1) & (a != b) & (b != c) & (a != c)])


def listed(starts: Ints, counts: Ints) -> Ints:
    """Concatenates the integer ranges that begin at `starts` (m,) and have `counts` (m,) elements: (k,)."""
    shift = starts - (np.cumsum(counts) - counts)
    return np.asarray(np.arange(int(counts.sum())) + np.repeat(shift, counts), np.int64)


def indices(values: Floats) -> Ints:
    """Converts floats to vertex indices; -1 where a value is negative or not finite."""
    return np.asarray(np.clip(np.where(np.isfinite(values), values, -1), -1, 2**53), np.int64)


def spread(values: Floats | None, counts: Ints) -> Floats | None:
    """Repeats the values (m, d) of polygons for each polygon corner, (k, d)."""
    return None if values is None else np.repeat(values, counts, axis=0)


def shares(values: Floats, integer: bool) -> Floats:
    """Scales colours (n, d) to 0..1; their range is detected from the largest value.

    Args:
        values: The colours.
        integer: Whether the file stores integers. Integers are divided by 255, or by 65,535 if one of them is
            larger than 255. Other values are left as they are, or divided by 255 if one is larger than 1.
    """
    most = float(np.max(values, initial=0.0, where=np.isfinite(values)))
    if integer:
        return values / (255.0 if most <= 255 else 65_535.0)
    return values / (1.0 if most <= 1 else 255.0)
