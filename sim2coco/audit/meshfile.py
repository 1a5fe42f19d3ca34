"""Reads the user's mesh files with libraries that the generator does not use.

assimp is tried first. trimesh reads the files that assimp cannot read, and files whose coordinates are so far
from the origin that assimp's single precision would lose the shape.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim2coco.audit.geometry import Array
from sim2coco.audit.polygons import triangles_of_obj

FAR = 1e3
"""A mesh is read in double precision if its distance from the origin exceeds this multiple of its size."""
UNITS_M = {
    "micron": 1e-6, "millimeter": 1e-3, "centimeter": 1e-2, "inch": 0.0254, "foot": 0.3048, "meter": 1.0
}  # fmt: skip
"""The units of 3MF."""


CUT_OUT = "has cut-out materials, which the audit does not support"


class Unreadable(Exception):
    """A mesh file cannot be read by any of the readers. The message gives the reason in a few words."""


@dataclass(frozen=True, slots=True, eq=False)
class MeshFile:
    """The triangles of a file, with the unit and up axis that the file states.

    Attributes:
        triangles: (m, 3, 3) float64, in the file's scene coordinates, with node transforms applied.
        unit_m: The unit of the coordinates in metres; None if the file does not state it.
        up: The up axis; None if the file does not state it.
    """

    triangles: Array
    unit_m: float | None
    up: str | None


def read(path: Path) -> MeshFile:
    """Reads a mesh file.

    Raises:
        Unreadable: No reader finds a triangle in the file, or the file has features that the readers ignore.
    """
    suffix = path.suffix.lower()
    if suffix in (".glb", ".gltf") and re.search(rb'"alphaMode"\s*:\s*"MASK"', path.read_bytes()):
        raise Unreadable(CUT_OUT)
    if suffix == ".obj" and _has_cutouts(path):
        raise Unreadable(CUT_OUT)
    unit_m, up = _stated(path)
    triangles = _solid(_whole(path, _by_assimp(path)))
    points = triangles.reshape(-1, 3)
    if not len(points) or np.abs(points).max() > FAR * np.ptp(points, axis=0).max():
        triangles = _solid(_by_trimesh(path))
    if not len(triangles):
        raise Unreadable("contains no triangles, according to assimp and trimesh")
    return MeshFile(triangles, unit_m, up)


def _has_cutouts(path: Path) -> bool:
    """Whether a material of an OBJ file has an opacity map (`map_d`)."""
    names = re.findall(rb"^\s*mtllib\s+(\S[^\r\n]*)", path.read_bytes(), re.MULTILINE)
    words = dict.fromkeys(word for name in names for word in (name.strip(b' \t"'), *name.split()))
    files = (path.parent / word.decode("utf-8", "replace").replace("\\", "/") for word in words)
    return any(
        re.search(rb"^\s*map_d\s+\S", file.read_bytes(), re.MULTILINE | re.IGNORECASE)
        for file in files
        if file.is_file()
    )


def _whole(path: Path, triangles: Array) -> Array:
    """Returns assimp's triangles, or those of our own reader if assimp has lost some.

    This happens with some polygons of OBJ files. Files of other formats are not checked.

    Args:
        path: The mesh file.
        triangles: (m, 3, 3) triangles read by assimp.
    """
    if path.suffix.lower() != ".obj" or not len(triangles):
        return triangles
    try:
        instead = triangles_of_obj(path, len(triangles))
    except (ValueError, IndexError):
        instead = None
    return triangles if instead is None else instead


def _solid(triangles: Array) -> Array:
    """Drops triangles that are not finite or have no area; returns (m, 3, 3)."""
    triangles = triangles[np.isfinite(triangles).all(axis=(1, 2))]
    edges = triangles[:, 1:] - triangles[:, :1]
    with np.errstate(all="ignore"):
        return np.asarray(triangles[np.cross(edges[:, 0], edges[:, 1]).any(axis=1)])


def _by_assimp(path: Path) -> Array:
    """Reads triangles (m, 3, 3) with assimp; an empty array if assimp cannot read the file."""
    import assimp_py

    try:
        scene = assimp_py.import_file(str(path), assimp_py.Process_Triangulate)
    except (RuntimeError, ValueError, OSError, MemoryError):
        return np.zeros((0, 3, 3))
    meshes = [_triangles_of(mesh) for mesh in scene.meshes]
    # For COLLADA, the root transform converts to metres and y up; ignore it to keep file coordinates.
    root = np.eye(4) if path.suffix.lower() == ".dae" else np.array(scene.root_node.transformation)
    placed = [matrix_applied(matrix, meshes[index]) for matrix, index in _instances(scene.root_node, root)]
    return np.concatenate([np.zeros((0, 3, 3)), *placed])


def _triangles_of(mesh: Any) -> Array:
    """The triangles (m, 3, 3) of an assimp mesh; none if it consists of points or lines."""
    indices = np.array(mesh.indices, np.int64)
    if len(indices) != 3 * mesh.num_faces:
        return np.zeros((0, 3, 3))
    return np.array(mesh.vertices, np.float64).reshape(-1, 3)[indices].reshape(-1, 3, 3)


def _instances(node: Any, matrix: Array) -> Iterator[tuple[Array, int]]:
    """Yields (transform (4, 4), mesh index) for each mesh of a node and its descendants."""
    for index in node.mesh_indices:
        yield matrix, index
    for child in node.children:
        yield from _instances(child, matrix @ np.array(child.transformation))


def matrix_applied(matrix: Array, triangles: Array) -> Array:
    """Applies an affine transform (4, 4) to triangles (m, 3, 3)."""
    return np.asarray(triangles @ matrix[:3, :3].T + matrix[:3, 3])


def _by_trimesh(path: Path) -> Array:
    """Reads triangles (m, 3, 3) with trimesh; an empty array if trimesh cannot read the file."""
    import trimesh

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mesh: Any = trimesh.load_scene(str(path), process=False).to_mesh()
    except Exception:  # trimesh's readers may raise any exception
        return np.zeros((0, 3, 3))
    return np.asarray(mesh.triangles, np.float64).reshape(-1, 3, 3)


def _stated(path: Path) -> tuple[float | None, str | None]:
    """The unit in metres and the up axis, as stated by a file or prescribed by its format."""
    suffix = path.suffix.lower()
    if suffix in (".glb", ".gltf"):
        return 1.0, "y"
    if suffix == ".dae":
        return _stated_by_collada(path.read_bytes())
    if suffix == ".3mf":
        return _unit_of_3mf(path), "z"
    return (1.0, "z") if suffix == ".urdf" else (None, None)


def _stated_by_collada(content: bytes) -> tuple[float, str]:
    """The unit in metres and up axis of a COLLADA file; the defaults are metres and y up."""
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    unit = re.search(r"<unit\b[^>]*\bmeter\s*=\s*[\"']\s*([^\"']+)", text)
    up = re.search(r"<up_axis>\s*([XYZ])_UP", text)
    try:
        unit_m = float(unit[1]) if unit else 1.0
    except ValueError:
        unit_m = 1.0
    return unit_m, up[1].lower() if up else "y"


def _unit_of_3mf(path: Path) -> float:
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.lower().endswith(".model"))
            head = archive.open(name).read(65536).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise Unreadable("is not a 3MF archive") from error
    unit = re.search(r"<model\b[^>]*\bunit\s*=\s*[\"'](\w+)", head)
    return UNITS_M.get(unit[1], 1e-3) if unit else 1e-3
