"""Reads mesh files for use in scenes.

The command `assets import` reads files with the same code, but also repairs the meshes.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.reading.limits import MAX_MATERIALS, MAX_PARTS, SUFFIXES
from scenes.assets.reading.parts import crease_normals, part_of_corners, sized, uvs_of, with_texture
from scenes.assets.reading.raw import Floats, Raw
from scenes.assets.reading.refusal import Refused

MAX_COORDINATE = 1e30
"""Largest absolute coordinate of a vertex; the volume of a larger mesh overflows."""


@dataclass(frozen=True, slots=True, eq=False)
class MeshFile:
    """The mesh in a file, with notes on reading it.

    Attributes:
        mesh: The mesh, in metres if the file states its unit, otherwise in the unit of the file; with z up if
            the file states its up axis, otherwise in the frame of the file.
        from_file: (4, 4) transform from the coordinates in the file to those of the mesh.
        states_unit: Whether the file states its unit, or its format prescribes one.
        sha256: Hash of the file content, excluding files that it refers to.
        notes: Short notes on changes to the triangles.
        looks: Short notes on materials and textures, including ignored data.
    """

    mesh: Mesh
    from_file: Floats
    states_unit: bool
    sha256: str
    notes: tuple[str, ...]
    looks: tuple[str, ...]


def read_mesh(path: Path) -> Mesh:
    """Reads the mesh in a file.

    Raises:
        MeshError: As for `read_mesh_file`.
    """
    return read_mesh_file(path).mesh


def read_mesh_file(path: Path, within: Path | None = None) -> MeshFile:
    """Reads the mesh in a file, with notes on reading it.

    The file may be a symbolic link to any place.

    Args:
        path: The mesh file.
        within: Additional folder that may contain files that the mesh refers to, such as textures, or None.
            Always allowed are the folder of `path` and, if `path` is a symbolic link, its target's folder.

    Raises:
        MeshError: The file is missing, exceeds a limit, cannot be read, or contains no usable surface.
    """
    if not path.is_file():
        raise MeshError("no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise MeshError(f"{path.suffix or 'a file without a suffix'} is not one of {', '.join(SUFFIXES)}")
    from scenes.assets.reading.read import read_source  # takes 0.1 s to import; shapes do not need it

    try:
        source = read_source(path, (within or path.parent, path.parent, path.resolve().parent))
    except Refused as refused:
        raise MeshError(f"{refused.sentence}; {refused.remedy}") from refused
    from_file = source.to_metres_z_up
    mesh = _mesh([raw.moved(from_file) for raw in source.raws])
    sha256, states_unit = source.inputs[path.name], source.unit_m is not None
    return MeshFile(mesh, from_file, states_unit, sha256, source.notes, source.looks)


def with_computed_normals(mesh: Mesh) -> Mesh:
    """Returns the mesh with normals computed as for mesh files, so that all meshes are shaded alike."""
    raws = []
    for part in mesh.parts:
        corners, uvs = part.vertices_m[part.faces], part.uvs[part.faces]
        raws.append(Raw(corners, uvs=uvs, color_rgb=part.color_rgb, texture=part.texture))
    return _mesh(raws)


def _mesh(raws: list[Raw]) -> Mesh:
    if len(raws) > MAX_MATERIALS:
        raise MeshError(f"has {len(raws):,} materials; the maximum is {MAX_MATERIALS:,}; join some")
    if not all(np.isfinite(raw.corners).all() for raw in raws):
        raise MeshError("a vertex is not finite")
    if any(np.abs(raw.corners).max(initial=0) > MAX_COORDINATE for raw in raws):
        raise MeshError(f"a vertex is more than {MAX_COORDINATE:g} away from the origin")
    mesh = Mesh(_joined([_part(with_texture(raw)) for raw in raws]))
    if len(mesh.parts) > MAX_PARTS:
        raise MeshError(
            f"has {len(mesh.parts)} materials, but at most {MAX_PARTS} can be rendered; join some"
        )
    corners = mesh.vertices_m[mesh.faces]
    if not np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).any():
        raise MeshError("its faces have no area")
    return mesh


def _part(raw: Raw) -> Part:
    """Creates the part for the triangles of one material.

    Normals are always computed, never taken from the file, so that all meshes are shaded alike.
    """
    corners = np.concatenate([raw.corners, crease_normals(raw.corners), uvs_of(raw)], axis=2)
    return part_of_corners(corners, raw.color_rgb, None if raw.texture is None else sized(raw.texture))


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Merges untextured parts of the same colour, because the renderer supports few parts per body."""
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
