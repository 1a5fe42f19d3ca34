"""Immutable triangle meshes, checked when they are created and hashed by content."""

from dataclasses import dataclass, replace
from hashlib import sha256
from math import isfinite
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenes.assets.centroid import center_of_mass, shells, signed_volume
from scenes.assets.edges import edges_of, merged_positions
from scenes.assets.surface import doubled
from scenes.geometry import Scale, per_axis

Scalar = TypeVar("Scalar", bound=np.generic)


class MeshError(ValueError):
    """A mesh cannot be used. The message gives the reason in one line."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The triangles of one material.

    Arrays are copied where needed, and stored C-contiguous and read-only.

    Attributes:
        vertices_m: (n, 3) positions.
        normals: (n, 3) unit normals, pointing outward.
        uvs: (n, 2) texture coordinates, v up (the OBJ convention).
        faces: (m, 3) vertex indices, counter-clockwise seen from outside.
        color_rgb: Colour, 0..1, which multiplies the texture.
        texture: (h, w, 3) RGB, top row first; None without a texture.

    Raises:
        MeshError: There are no faces, an array has the wrong shape or dtype, a value is not finite or out
            of range, or a face refers to a vertex that does not exist.
    """

    vertices_m: NDArray[np.float64]
    normals: NDArray[np.float64]
    uvs: NDArray[np.float64]
    faces: NDArray[np.int32]
    color_rgb: tuple[float, float, float] = (0.7, 0.7, 0.7)
    texture: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        """Checks every array and makes it read-only."""
        _check_faces(self.faces, len(self.vertices_m))
        object.__setattr__(self, "faces", _frozen(self.faces, np.int32))
        for name, columns in (("vertices_m", 3), ("normals", 3), ("uvs", 2)):
            array = _frozen(getattr(self, name), np.float64)
            _check_rows(name, array, (len(self.vertices_m), columns))
            object.__setattr__(self, name, array)
        object.__setattr__(self, "color_rgb", _checked_color(self.color_rgb))
        if self.texture is not None:
            _check_texture(self.texture)
            object.__setattr__(self, "texture", _frozen(self.texture, np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """The surface of a body: one part per material, all in the same frame.

    Raises:
        MeshError: There are no parts.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        """Checks that there is at least one part."""
        if not self.parts:
            raise MeshError("the mesh has no faces")

    @property
    def vertices_m(self) -> NDArray[np.float64]:
        """The vertices of all parts, concatenated in order, (n, 3)."""
        return np.concatenate([part.vertices_m for part in self.parts])

    @property
    def faces(self) -> NDArray[np.int32]:
        """The faces of all parts, (m, 3), as indices into `vertices_m` of the mesh."""
        counts = [len(part.vertices_m) for part in self.parts]
        offsets = np.cumsum([0, *counts[:-1]], dtype=np.int32)
        return np.concatenate([part.faces + offset for part, offset in zip(self.parts, offsets, strict=True)])

    @property
    def part_of_face(self) -> NDArray[np.int64]:
        """The part index of each face, (m,)."""
        return np.repeat(np.arange(len(self.parts)), [len(part.faces) for part in self.parts])

    @property
    def extents_m(self) -> NDArray[np.float64]:
        """The side lengths of the axis-aligned bounding box, (3,)."""
        vertices = self.vertices_m
        return np.asarray(vertices.max(axis=0) - vertices.min(axis=0), np.float64)

    @property
    def volume_m3(self) -> float:
        """The enclosed volume in m³.

        For a surface with holes, this is the absolute value of the summed signed volumes of the tetrahedra
        between its triangles and the centre of the bounding box.
        """
        corners, _ = _centred_corners(self)
        return abs(signed_volume(corners))

    @property
    def is_watertight(self) -> bool:
        """Whether the surface has no open edge after vertices at the same position are merged.

        An edge is closed if the triangles traverse it equally often in both directions. The signed volume is
        independent of the origin only if all edges are closed. Seams, where vertices are duplicated for
        normals or UVs, do not count as open edges.
        """
        _, is_open = edges_of(merged_positions(self.vertices_m)[self.faces])
        return not is_open.any()

    @property
    def is_plain_solid(self) -> bool:
        """Whether the surface is closed, all its shells face outward, and it has no duplicate triangles."""
        edge_of, is_open = edges_of(self.merged_faces)
        if is_open.any() or not (shells(_centred_corners(self)[0], edge_of)[1] > 0).all():
            return False
        # In a shell with a volume, the edges of a duplicate triangle belong to more than two triangles.
        return not (np.bincount(edge_of.ravel()) != 2).any() or not doubled(self.merged_faces).any()

    @property
    def merged_faces(self) -> NDArray[np.int64]:
        """The faces of all parts, (m, 3), in which vertices at the same position have the same index."""
        return merged_positions(self.vertices_m)[self.faces]

    @property
    def seen_from_behind(self) -> NDArray[np.bool_]:
        """For each face, whether its back can be visible: bool (m,).

        The back of a face can be visible if its shell (connected component of faces sharing edges) has an
        open edge or faces inward, that is, has a signed volume that is not positive.
        """
        edge_of, is_open = edges_of(merged_positions(self.vertices_m)[self.faces])
        shell, volume_m3 = shells(_centred_corners(self)[0], edge_of)
        open_edges = np.bincount(shell, weights=is_open[edge_of].sum(axis=1))
        return np.asarray(((open_edges > 0) | (volume_m3 <= 0))[shell])

    @property
    def center_of_mass_m(self) -> NDArray[np.float64]:
        """The centre of mass of the solid, (3,), or an approximation.

        The result is the centroid of the volume if the mesh is watertight, its volume is not negligible and
        the centroid lies inside the bounding box. Otherwise it is the centroid of the convex hull or, if the
        hull is flat, the centroid of the surface.
        """
        corners, centre = _centred_corners(self)
        return centre + center_of_mass(corners, self.extents_m, self.is_watertight)

    @property
    def content_hash(self) -> str:
        """Hexadecimal SHA-256 digest of the dtypes, shapes and bytes of all arrays, colours and textures."""
        digest = sha256(f"parts {len(self.parts)}".encode())
        for part in self.parts:
            color = np.array(part.color_rgb, np.float64)
            for array in (part.vertices_m, part.normals, part.uvs, part.faces, color, part.texture):
                digest.update(b"none" if array is None else f"{array.dtype.str} {array.shape} ".encode())
                digest.update(b"" if array is None else array.tobytes())
        return digest.hexdigest()

    def moved(self, offset_m: NDArray[np.float64]) -> "Mesh":
        """Returns the mesh translated by `offset_m` (3,)."""
        return Mesh(tuple(replace(part, vertices_m=part.vertices_m + offset_m) for part in self.parts))

    def scaled(self, factor: Scale) -> "Mesh":
        """Returns the mesh scaled about the origin; normals stay perpendicular to the surface.

        Args:
            factor: One factor, or one per axis.

        Raises:
            MeshError: A factor is not finite or not positive.
        """
        if not all(isfinite(along) and along > 0 for along in per_axis(factor)):
            raise MeshError(f"a mesh can be scaled by a positive number only, not by {factor}")
        return Mesh(tuple(_scaled(part, factor) for part in self.parts))


def _scaled(part: Part, factor: Scale) -> Part:
    vertices_m = part.vertices_m * np.array(per_axis(factor))
    if not isinstance(factor, tuple):
        return replace(part, vertices_m=vertices_m)
    normals = part.normals / np.array(factor)  # normals transform by the inverse transpose
    lengths = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    return replace(part, vertices_m=vertices_m, normals=normals / lengths)


def _frozen(array: ArrayLike, dtype: type[Scalar]) -> NDArray[Scalar]:
    """Returns a read-only C-contiguous array; a copy if the memory of `array` could be modified."""
    out = np.asarray(array, dtype, order="C")
    if out.base is not None or (out is array and out.flags.writeable):
        out = out.copy()
    out.flags.writeable = False
    return out


def _check_faces(faces: ArrayLike, num_vertices: int) -> None:
    given = np.asarray(faces)
    if given.size == 0:
        raise MeshError("the mesh has no faces")
    if given.ndim != 2 or given.shape[1] != 3 or given.dtype.kind not in "iu":
        raise MeshError(f"faces must be (m, 3) integers, not {given.shape} {given.dtype}")
    for index in (int(given.min()), int(given.max())):
        if not 0 <= index < num_vertices:
            raise MeshError(
                f"a face refers to vertex {index}, but there are {num_vertices} vertices, counted from 0"
            )


def _check_rows(name: str, array: NDArray[np.float64], shape: tuple[int, int]) -> None:
    if array.shape != shape:
        raise MeshError(f"{name} must have shape {shape}, one row per vertex, not {array.shape}")
    finite = np.isfinite(array)
    if not finite.all():
        bad = ~finite.all(axis=1)
        raise MeshError(
            f"{name} has {int(bad.sum())} rows that are not finite, the first is row {int(bad.argmax())}"
        )


def _checked_color(color_rgb: tuple[float, ...]) -> tuple[float, float, float]:
    if len(color_rgb) != 3 or not all(0 <= channel <= 1 for channel in color_rgb):
        raise MeshError(f"color_rgb must be three numbers from 0 to 1, not {color_rgb}")
    red, green, blue = color_rgb
    return float(red), float(green), float(blue)


def _check_texture(texture: NDArray[np.uint8]) -> None:
    if texture.ndim != 3 or texture.shape[2] != 3 or texture.size == 0 or texture.dtype != np.uint8:
        raise MeshError(f"a texture must be (h, w, 3) uint8, not {texture.shape} {texture.dtype}")


def _centred_corners(mesh: Mesh) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Triangles (m, 3, 3) relative to the centre of the mesh's bounding box, and this centre, (3,)."""
    vertices = mesh.vertices_m
    centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    return (vertices - centre)[mesh.faces], centre
