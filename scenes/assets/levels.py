"""Levels of detail: simplified meshes with an upper bound on their distance to the original mesh."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.assets.collapse import Surface
from scenes.assets.distance import Searchable, farthest
from scenes.assets.edges import merged_positions
from scenes.assets.mesh import Mesh, Part
from scenes.assets.planar import corner_uvs
from scenes.assets.reading.parts import crease_normals, part_of_corners
from scenes.assets.sorting import distinct

Array = NDArray[np.float64]
Index = NDArray[np.int64]

MIN_FACES = 10_000
"""Meshes with fewer faces have no simplified levels, because rendering them takes little time."""
ERRORS = (8e-5, 3.5e-4, 1e-3, 2.5e-3, 1.6e-2)
"""Error bounds for simplification, as fractions of the longest side of the mesh.

The last bound is too large for bodies of more than a few pixels: it is for scenes too detailed for
OpenGL's memory."""
MAX_SHARE = 0.5
"""Largest number of faces of a level, as a fraction of the previous level's."""
MARGIN = 1.05
"""Factor on measured errors, which are measured only at samples and may be larger in between."""
SAME_UV = 1e-6
"""Texture coordinates that differ by less than this are considered equal."""
SAME_PLANAR = 1e-4
"""Planar texture coordinates that differ by less than this fraction are considered equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A level of detail of a mesh.

    Attributes:
        mesh: The mesh, or a simplified mesh whose vertices are a subset of the original ones.
        error_m: Upper bound on the Hausdorff distance from the original surface, in mesh units. Outlines,
            thin parts and holes change by at most this distance.
    """

    mesh: Mesh
    error_m: float


def levels_of(mesh: Mesh) -> tuple[Level, ...]:
    """Returns the levels of detail of a mesh, from fine to coarse; the first is `mesh` itself.

    The result depends only on the mesh. Meshes with few faces have one level.
    """
    return Level(mesh, 0.0), *(_simplified_levels(mesh) if len(mesh.faces) >= MIN_FACES else ())


def _simplified_levels(mesh: Mesh) -> Iterator[Level]:
    source = _Source.of(mesh)
    surface, longest = source.surface(), float(mesh.extents_m.max())
    original, before = source.searchable(source.faces), len(surface.faces)
    for share in ERRORS:
        surface.simplify(share * longest)
        if not len(surface.faces):
            return
        if len(surface.faces) > MAX_SHARE * before:
            continue
        before = len(surface.faces)
        simplified = source.searchable(surface.faces)
        distances = farthest(original.samples, simplified), farthest(simplified.samples, original)
        yield Level(source.mesh_of(surface.faces), MARGIN * max(distances))


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """A mesh in which no two vertices have the same position, part and texture coordinates.

    Attributes:
        mesh: The mesh.
        points: (p, 3) the distinct positions.
        point: (n,) position index of each vertex.
        part: (n,) part index of each vertex.
        uvs: (n, 2) texture coordinates; 0 in parts with planar texture coordinates.
        faces: (m, 3) vertex indices.
        planar: For each part, whether its texture coordinates are planar, that is, follow from the positions.
    """

    mesh: Mesh
    points: Array
    point: Index
    part: Index
    uvs: Array
    faces: Index
    planar: tuple[bool, ...]

    @classmethod
    def of(cls, mesh: Mesh) -> "_Source":
        """Merges the vertices of a mesh that differ only in their normals, which are recomputed later."""
        planar = tuple(_planar(part) for part in mesh.parts)
        vertices, place = mesh.vertices_m, merged_positions(mesh.vertices_m)
        points = np.zeros((int(place.max()) + 1, 3))
        points[place] = vertices
        part = np.repeat(np.arange(len(planar)), [len(part.vertices_m) for part in mesh.parts])
        uvs = np.concatenate([part.uvs * (not flat) for part, flat in zip(mesh.parts, planar, strict=True)])
        u, v = (np.rint((column - column.min()) / SAME_UV).astype(np.int64) for column in uvs.T)
        first, vertex = distinct([place, part, u, v])
        return cls(mesh, points, place[first], part[first], uvs[first], vertex[mesh.faces], planar)

    def surface(self) -> Surface:
        """Returns the mesh as a `Surface`, which can be simplified."""
        return Surface.of(self.points, self.point, self.faces)

    def searchable(self, faces: Index) -> Searchable:
        """Returns the given faces (k, 3) as a `Searchable`, which computes distances to them."""
        return Searchable.of(self.points, self.point[faces])

    def mesh_of(self, faces: Index) -> Mesh:
        """Returns the mesh of the given faces (k, 3)."""
        parts = self.part[faces[:, 0]]
        return Mesh(tuple(self._part_of(faces[parts == index], index) for index in np.unique(parts).tolist()))

    def _part_of(self, faces: Index, index: int) -> Part:
        corners = self.points[self.point[faces]]
        uvs = corner_uvs(corners) if self.planar[index] else self.uvs[faces]
        rows = np.concatenate([corners, crease_normals(corners), uvs], axis=2)
        return part_of_corners(rows, self.mesh.parts[index].color_rgb, self.mesh.parts[index].texture)


def _planar(part: Part) -> bool:
    """Whether the texture coordinates of a part are those that `corner_uvs` computes from its positions.

    If the part has no texture, it may have been joined from several parts. Its texture coordinates may then
    have a different scale and offset in each face.
    """
    corners, uvs = part.vertices_m[part.faces], part.uvs[part.faces]
    planar = corner_uvs(corners)
    if part.texture is not None:
        return bool(np.abs(planar - uvs).max() <= SAME_PLANAR)
    flat, found = (np.diff(coordinates, axis=1).reshape(-1, 4) for coordinates in (planar, uvs))
    scale = (flat * found).sum(axis=1) / np.maximum((flat**2).sum(axis=1), 1e-300)
    size = np.abs(found).max(axis=1)
    equal = np.abs(found - scale[:, None] * flat).max(axis=1) <= SAME_PLANAR * size + SAME_UV
    return bool((equal & ((size > 0) | ~flat.any(axis=1))).all())
