"""Mesh files as meshes, read by the same code as an import reads them, but nothing is repaired."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.reading.limits import MAX_PARTS, SUFFIXES
from scenes.assets.reading.parts import crease_normals, part_of_corners, sized, uvs_of, with_texture
from scenes.assets.reading.raw import Raw
from scenes.assets.reading.refusal import Refused


@dataclass(frozen=True, slots=True, eq=False)
class MeshFile:
    """What is in a mesh file.

    Attributes:
        mesh: In the file's numbers and frame; in metres and z up where the file states its unit and axis.
        states_unit: Whether the file states its unit, or its format prescribes one.
        notes: What was done to read its triangles, each in a few words.
        looks: The same of its materials and textures, and what of them is not used.
    """

    mesh: Mesh
    states_unit: bool
    notes: tuple[str, ...]
    looks: tuple[str, ...]


def read_mesh(path: Path) -> Mesh:
    """The mesh in a file.

    Raises:
        MeshError: The file is missing, too large, cannot be read, or holds no usable surface.
    """
    return read_mesh_file(path).mesh


def read_mesh_file(path: Path) -> MeshFile:
    """The mesh in a file, and what is to be said of it.

    The file may be a link that leads anywhere. What it names lies in its own folder, or in that of the file
    that it links to.

    Raises:
        MeshError: The file is missing, too large, cannot be read, or holds no usable surface.
    """
    if not path.is_file():
        raise MeshError("no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise MeshError(f"{path.suffix or 'a file without a suffix'} is not one of {', '.join(SUFFIXES)}")
    from scenes.assets.reading.read import (
        read_source,  # trimesh takes a while to import, and shapes need none
    )

    try:
        source = read_source(path, (path.parent, path.resolve().parent))
    except Refused as refused:
        raise MeshError(f"{refused.sentence}; {refused.remedy}") from refused
    mesh = _mesh([raw.moved(source.to_metres_z_up) for raw in source.raws])
    return MeshFile(mesh, source.unit_m is not None, source.notes, source.looks)


def _mesh(raws: list[Raw]) -> Mesh:
    if not all(np.isfinite(raw.corners).all() for raw in raws):
        raise MeshError("a vertex is not finite")
    mesh = Mesh(_joined([_part(with_texture(raw)) for raw in raws]))
    if len(mesh.parts) > MAX_PARTS:
        raise MeshError(f"has {len(mesh.parts)} materials, and at most {MAX_PARTS} can be drawn; join some")
    corners = mesh.vertices_m[mesh.faces]
    if not np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).any():
        raise MeshError("its faces have no area")
    return mesh


def _part(raw: Raw) -> Part:
    """The part of some triangles; normals are made, so that all meshes are shaded alike."""
    corners = np.concatenate([raw.corners, crease_normals(raw.corners), uvs_of(raw)], axis=2)
    return part_of_corners(corners, raw.color_rgb, None if raw.texture is None else sized(raw.texture))


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Parts of one colour without a texture as one: the renderer takes few."""
    plain: dict[tuple[float, float, float], list[Part]] = {}
    for part in parts:
        if part.texture is None:
            plain.setdefault(part.color_rgb, []).append(part)
    rest = [part for part in parts if part.texture is not None]
    return (*(_one(same) for same in plain.values()), *rest)


def _one(parts: list[Part]) -> Part:
    mesh = Mesh(tuple(parts))
    normals, uvs = (np.concatenate([getattr(part, name) for part in parts]) for name in ("normals", "uvs"))
    return replace(parts[0], vertices_m=mesh.vertices_m, normals=normals, uvs=uvs, faces=mesh.faces)
