"""Cleans triangles from any file format into a mesh that is safe for the physics engine and the renderer."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.assets.edges import merged_positions
from scenes.assets.mesh import Mesh, Part
from scenes.assets.reading.limits import MAX_PARTS
from scenes.assets.reading.parts import (
    NORMAL_STEP,
    crease_normals,
    part_of_corners,
    sized,
    unit_vectors,
    uvs_of,
    with_texture,
)
from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.refusal import Refused
from scenes.assets.surface import doubled_and_both
from sim2coco.library.turning import outward

NO_AREA = 1e-14
"""Triangles are dropped if twice their area is at most this fraction of the mesh's squared longest side."""
BOUNDLESS_M = 1e9
"""Triangles with a vertex at least this far from the median vertex, in metres along an axis, count as not
finite and are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """A clean mesh, its properties, and the repairs made.

    Attributes:
        mesh: The mesh in metres, z up; its bytes do not depend on the order of triangles in the file.
        watertight: Whether the mesh encloses a volume.
        normals: Whether the vertex normals come from the file; otherwise they are computed.
        uvs: Whether the texture coordinates come from the file; otherwise they are computed.
        repairs: A short description of each repair.
        conversions: A short description of each conversion for rendering; conversions are not repairs.
    """

    mesh: Mesh
    watertight: bool
    normals: bool
    uvs: bool
    repairs: tuple[str, ...]
    conversions: tuple[str, ...]


def clean(raws: tuple[Raw, ...], matrix: Floats) -> Cleaned:
    """Builds a clean mesh from triangles, and lists the repairs that were necessary.

    Args:
        raws: The triangles, grouped by material.
        matrix: (4, 4), transform from file coordinates to metres, z up.

    Raises:
        Refused: No triangle is left after cleaning, or there are too many textures.
    """
    with np.errstate(all="ignore"):
        moved = [raw.moved(matrix) for raw in raws]
    repairs: list[str] = []
    moved = _finite(moved, repairs)
    moved = _with_area(moved, repairs)
    moved = outward(*_once(moved, repairs), repairs)
    from_file = all(raw.normals is not None for raw in moved), all(raw.uvs is not None for raw in moved)
    conversions: list[str] = []
    mesh = Mesh(tuple(_part(raw) for raw in _drawable(moved, conversions)))
    return Cleaned(mesh, mesh.is_watertight, *from_file, tuple(repairs), tuple(conversions))


def _finite(raws: list[Raw], repairs: list[str]) -> list[Raw]:
    """Drops triangles with a NaN, infinite or very large coordinate."""
    middle = _middle(raws)
    masks = [np.asarray((np.abs(raw.corners - middle) < BOUNDLESS_M).all(axis=(1, 2))) for raw in raws]
    lost = sum(int((~mask).sum()) for mask in masks)
    kept = [raw.kept(mask) for raw, mask in zip(raws, masks, strict=True) if mask.any()]
    if not kept:
        raise Refused(
            "non-finite",
            "none of its faces has finite corners",
            "export it again; its coordinates are NaN or infinite",
        )
    if lost:
        repairs.append(f"{lost:,} faces with non-finite corners dropped")
    return kept


def _middle(raws: list[Raw]) -> Floats:
    """The median (3,) of all finite vertices: a reference point for meshes far from their origin."""
    points = np.concatenate([raw.corners.reshape(-1, 3) for raw in raws])
    finite = points[np.isfinite(points).all(axis=1)]
    return np.asarray(np.median(finite, axis=0)) if len(finite) else np.zeros(3)


def _with_area(raws: list[Raw], repairs: list[str]) -> list[Raw]:
    corners = np.concatenate([raw.corners for raw in raws]).reshape(-1, 3)
    least = NO_AREA * float(np.ptp(corners, axis=0).max()) ** 2
    masks = [_areas(raw.corners) > least for raw in raws]
    lost = sum(int((~mask).sum()) for mask in masks)
    kept = [raw.kept(mask) for raw, mask in zip(raws, masks, strict=True) if mask.any()]
    if not kept:
        raise Refused("no faces", "its faces have no area", "export the surface, not points or lines")
    if lost:
        repairs.append(f"{lost:,} faces without area dropped")
    return kept


def _areas(corners: Floats) -> Floats:
    """Twice the areas (m,) of triangles (m, 3, 3), computed without underflow for tiny edges."""
    edges = corners[:, 1:] - corners[:, :1]
    size = float(np.abs(edges).max()) or 1.0
    return np.asarray(np.linalg.norm(np.cross(edges[:, 0] / size, edges[:, 1] / size), axis=1) * size * size)


def _once(raws: list[Raw], repairs: list[str]) -> tuple[list[Raw], list[NDArray[np.bool_]]]:
    """Drops duplicate triangles of each material, and sorts triangles and parts into a canonical order.

    Triangles with the same vertices in a different order are also duplicates: a mesh with both sides modelled
    would enclose no volume and have no mass.

    Returns:
        The triangles of each material; and, for each material, whether the reverse side of each triangle was
        dropped.
    """
    ordered = []
    lost = 0
    for raw in _joined([_canonical(raw) for raw in raws]):
        again, both = doubled_and_both(merged_positions(raw.corners.reshape(-1, 3)).reshape(-1, 3))
        lost += int(again.sum())
        ordered.append((raw.kept(~again), both[~again]))
    if lost:
        repairs.append(f"{lost:,} duplicate faces dropped")
    ordered.sort(key=lambda entry: _order(entry[0]))
    return [raw for raw, _ in ordered], [both for _, both in ordered]


def _canonical(raw: Raw) -> Raw:
    """Brings triangles into an order that does not depend on the file.

    The corners of each triangle are permuted cyclically, with the lexicographically smallest corner first.
    Then the triangles are sorted.
    """
    m = len(raw.corners)
    arrays = [raw.corners, raw.normals, raw.uvs, raw.corner_colors]
    widths = [array.shape[2] for array in arrays if array is not None]
    rows = np.concatenate([array for array in arrays if array is not None], axis=2)
    rows = np.where(rows == 0, 0.0, rows)  # turns -0.0 into 0.0
    order = np.lexsort(rows.reshape(m * 3, -1).T[::-1])
    rank = np.empty(m * 3, np.int64)
    rank[order] = np.arange(m * 3)
    first = rank.reshape(m, 3).argmin(axis=1)
    turned = np.take_along_axis(rows, ((first[:, None] + np.arange(3)) % 3)[:, :, None], axis=1)
    turned = turned[np.lexsort(turned.reshape(m, -1).T[::-1])]
    pieces = iter(np.split(turned, np.cumsum(widths)[:-1], axis=2))
    new = [None if array is None else np.ascontiguousarray(next(pieces)) for array in arrays]
    assert new[0] is not None
    return replace(raw, corners=new[0], normals=new[1], uvs=new[2], corner_colors=new[3])


def _joined(raws: list[Raw]) -> list[Raw]:
    """Merges groups of triangles that have the same material, because files split them arbitrarily.

    The triangles of a merged group are sorted.
    """
    groups: dict[object, list[Raw]] = {}
    for raw in raws:
        texture = None if raw.texture is None else (raw.texture.shape, raw.texture.tobytes())
        key = (
            raw.color_rgb,
            texture,
            *(array is None for array in (raw.normals, raw.uvs, raw.corner_colors)),
        )
        groups.setdefault(key, []).append(raw)
    return [_canonical(_one(same)) if len(same) > 1 else same[0] for same in groups.values()]


def _one(raws: list[Raw]) -> Raw:
    names = ("corners", "normals", "uvs", "corner_colors")
    together = {
        name: None if getattr(raws[0], name) is None else np.concatenate([getattr(raw, name) for raw in raws])
        for name in names
    }
    return replace(raws[0], **together)  # type: ignore[arg-type]  # corners are never None


def _order(raw: Raw) -> tuple[object, ...]:
    return (raw.texture is not None, raw.color_rgb, len(raw.corners), raw.corners.tobytes())


def _drawable(raws: list[Raw], conversions: list[str]) -> list[Raw]:
    """Returns at most 16 groups of triangles, each with a single colour or a single texture.

    If there are more than 16, all groups without a texture are merged into one group with a texture.

    Raises:
        Refused: More than 16 groups with a texture remain.
    """
    painted = [with_texture(raw) for raw in raws]
    if any(raw.corner_colors is not None for raw in raws):
        conversions.append("vertex colours baked into a texture")
    if len(painted) <= MAX_PARTS:
        return painted
    plain = [raw for raw in painted if raw.texture is None]
    textured = [raw for raw in painted if raw.texture is not None]
    if plain:
        colors = np.concatenate([np.tile(np.array(raw.color_rgb), (len(raw.corners), 3, 1)) for raw in plain])
        alike = [replace(raw, color_rgb=(1.0, 1.0, 1.0), uvs=None, normals=_normals(raw)) for raw in plain]
        textured = [with_texture(replace(_one(alike), corner_colors=colors)), *textured]
        conversions.append(f"{len(plain)} colours joined into one texture")
    if len(textured) > MAX_PARTS:
        sentence = f"has {len(textured)} textures; the maximum is {MAX_PARTS}"
        raise Refused("over a limit", sentence, "bake them into one")
    return textured


def _normals(raw: Raw) -> Floats:
    """Unit normals (m, 3, 3) from the file; missing or invalid ones are computed with sharp edges kept."""
    made = crease_normals(raw.corners)
    if raw.normals is None:
        return made
    usable = np.isfinite(raw.normals).all(axis=2) & (np.linalg.norm(raw.normals, axis=2) > 1e-6)
    return np.where(usable[..., None], unit_vectors(np.where(usable[..., None], raw.normals, 1.0)), made)


def _part(raw: Raw) -> Part:
    """Builds a part from triangles; missing normals and texture coordinates are computed."""
    normals = np.rint(_normals(raw) / NORMAL_STEP) * NORMAL_STEP
    corners = np.concatenate([raw.corners, normals, uvs_of(raw)], axis=2) + 0.0  # turns -0.0 into 0.0
    return part_of_corners(corners, raw.color_rgb, None if raw.texture is None else sized(raw.texture))
