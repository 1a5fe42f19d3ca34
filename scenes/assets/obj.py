"""Writes Wavefront OBJ files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.integer]
FAR = 100.0
"""Distance from the origin, in multiples of the size, above which positions get more digits."""
MAX_DIGITS = 17
"""Number of digits that represents a double-precision number exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjGroup:
    """A group of triangles in an OBJ file with its own vertices. Indices start at 0 in each group.

    Attributes:
        vertices: (n, 3) positions.
        faces: (m, 3) vertex indices, which are also the indices into `uvs`.
        uvs: (n, 2) texture coordinates with v up, or None for positions only.
        normals: (k, 3) normals; they require `uvs`.
        normal_faces: (m, 3) indices of normals; None if they equal `faces`.
        name: Name of a new object that begins with this group; "" continues the current object.
        material: Name of the material; "" keeps the current material.
    """

    vertices: Array
    faces: Indices
    uvs: Array | None = None
    normals: Array | None = None
    normal_faces: Indices | None = None
    name: str = ""
    material: str = ""


def obj_bytes(groups: Iterable[ObjGroup], head: Sequence[str] = (), digits: int = 9) -> bytes:
    """Serializes groups of triangles as an OBJ file.

    Args:
        groups: Groups of triangles, in order.
        head: Lines at the start of the file.
        digits: Significant digits of positions; texture coordinates have 9 and normals 6. If the groups lie
            far from the origin, positions get more digits, so that the shape keeps its resolution.

    Example:
        >>> triangle = ObjGroup(np.eye(3), np.array([[0, 1, 2]]), name="one")
        >>> obj_bytes([triangle, triangle]).decode().splitlines()[4:]
        ['f 1 2 3', 'o one', 'v 1 0 0', 'v 0 1 0', 'v 0 0 1', 'f 4 5 6']
    """
    groups, lines, vertices, normals = list(groups), list(head), 1, 1
    digits = _sufficient(digits, [group.vertices for group in groups])
    for group in groups:
        lines += _vertex_lines(group, digits)
        lines += _face_lines(group, vertices, normals)
        vertices += len(group.vertices)
        normals += 0 if group.normals is None else len(group.normals)
    return "\n".join(lines).encode() + b"\n"


def _sufficient(digits: int, vertices: Sequence[Array]) -> int:
    """Number of digits to write for positions: `digits`, or more if the shape is far from the origin."""
    points = np.concatenate(vertices)
    reach, size = float(np.abs(points).max()), float(np.ptp(points, axis=0).max())
    if reach <= FAR * size or not size:
        return digits
    return min(digits + int(np.ceil(np.log10(reach / size))), MAX_DIGITS)


def _vertex_lines(group: ObjGroup, digits: int) -> list[str]:
    lines = [f"o {group.name}"] if group.name else []
    lines += [f"v {x:.{digits}g} {y:.{digits}g} {z:.{digits}g}" for x, y, z in group.vertices.tolist()]
    if group.uvs is not None:
        lines += [f"vt {u:.9g} {v:.9g}" for u, v in group.uvs.tolist()]
    if group.normals is not None:
        lines += [f"vn {x:.6g} {y:.6g} {z:.6g}" for x, y, z in group.normals.tolist()]
    return lines


def _face_lines(group: ObjGroup, first_vertex: int, first_normal: int) -> list[str]:
    lines = [f"usemtl {group.material}"] if group.material else []
    corners = (group.faces + first_vertex).tolist()
    if group.uvs is None:
        return lines + [f"f {a} {b} {c}" for a, b, c in corners]
    of_normals = group.faces if group.normal_faces is None else group.normal_faces
    pairs = zip(corners, (of_normals + first_normal).tolist(), strict=True)
    return lines + [f"f {a}/{a}/{i} {b}/{b}/{j} {c}/{c}/{k}" for (a, b, c), (i, j, k) in pairs]
