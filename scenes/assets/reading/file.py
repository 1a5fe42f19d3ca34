"""Reads mesh files into checked meshes; nothing else in the project opens a file that people made."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.mesh import Mesh, MeshError, Part
from scenes.assets.reading.limits import MAX_FACES, MAX_FILE_BYTES, MAX_PARTS, MAX_TEXTURE_PX
from scenes.assets.reading.parts import crease_normals, part_of_corners, planar_uvs, unit_vectors

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf")


def read_mesh(path: Path) -> Mesh:
    """The mesh in a file, in the file's own units and frame.

    Raises:
        MeshError: The file is missing, too large, cannot be read, or holds no usable surface.
    """
    if not path.is_file():
        raise MeshError("no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise MeshError(f"{path.suffix or 'a file without a suffix'} is not one of {', '.join(SUFFIXES)}")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise MeshError(f"larger than {MAX_FILE_BYTES // 2**20} MiB")
    try:
        scene = trimesh.load_scene(path, process=False)
        geometries = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces)]
    except IndexError as error:
        reason = "a face names a vertex that is not there, or numbers are missing"
        raise MeshError(f"cannot be read: {reason}") from error
    except Exception as error:  # whatever a parser of foreign files raises is one thing to the caller
        raise MeshError(
            f"cannot be read: {str(error).splitlines()[0] if str(error) else repr(error)}"
        ) from error
    if sum(len(geometry.faces) for geometry in geometries) > MAX_FACES:
        raise MeshError(f"has more than {MAX_FACES:,} faces; decimate it first")
    mesh = Mesh(_joined([_part(geometry) for geometry in geometries]))
    if len(mesh.parts) > MAX_PARTS:
        raise MeshError(f"has {len(mesh.parts)} materials, and at most {MAX_PARTS} can be drawn; join some")
    corners = mesh.vertices_m[mesh.faces]
    if not np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).any():
        raise MeshError("its faces have no area")
    return mesh


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


def _part(geometry: Any) -> Part:
    """One trimesh geometry as a part: corners split where the shading or the texture has an edge."""
    vertices = np.asarray(geometry.vertices, np.float64)
    faces = np.asarray(geometry.faces, np.int64)
    if not np.isfinite(vertices).all():
        raise MeshError("a vertex is not finite")
    corners = vertices[faces]
    normals = _file_normals(geometry, faces)
    if normals is None:
        normals = crease_normals(corners)
    uvs, color_rgb, texture = _material(geometry, faces)
    if uvs is None:
        uvs = planar_uvs(corners)
    return part_of_corners(np.concatenate([corners, normals, uvs], axis=2), color_rgb, texture)


def _file_normals(geometry: Any, faces: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The normals (m, 3, 3) that the file gives its corners, or None."""
    given = geometry._cache.cache.get("vertex_normals")
    if given is None or not np.isfinite(given).all():
        return None
    return unit_vectors(np.asarray(given, np.float64)[faces])


def _material(
    geometry: Any, faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64] | None, tuple[float, float, float], NDArray[np.uint8] | None]:
    """Texture coordinates (m, 3, 2) or None, colour, and texture or None."""
    visual = geometry.visual
    uv = getattr(visual, "uv", None)
    material = getattr(visual, "material", None)
    if material is None:
        color = np.asarray(visual.main_color if visual.defined else (178, 178, 178, 255))
        return None, _rgb(color), None
    simple = material.to_simple() if hasattr(material, "to_simple") else material
    texture = None if simple.image is None or uv is None else _texture(simple.image)
    uvs = None if uv is None or not np.isfinite(uv).all() else np.asarray(uv, np.float64)[faces]
    color_rgb = (1.0, 1.0, 1.0) if texture is not None else _rgb(np.asarray(simple.diffuse))
    return uvs, color_rgb, texture


def _rgb(color: NDArray[Any]) -> tuple[float, float, float]:
    red, green, blue = (float(channel) / 255.0 for channel in color[:3])
    return red, green, blue


def _texture(image: Image.Image) -> NDArray[np.uint8]:
    """A texture as RGB, at most 1024 px a side and a multiple of 4 wide."""
    pixels = np.asarray(image.convert("RGB"))
    height, width = (min(side, MAX_TEXTURE_PX) for side in pixels.shape[:2])
    size = (max(4, width // 4 * 4), max(4, height))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
