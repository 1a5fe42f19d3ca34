"""Reads mesh files into checked meshes; nothing else in the project opens a file that people made."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from scenes.assets.mesh import Mesh, MeshError, Part

SUFFIXES = (".obj", ".stl", ".ply", ".off", ".glb", ".gltf")
MAX_FACES = 500_000
MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_TEXTURE_PX = 1024
MAX_PARTS = 16
"""PyBullet keeps that many shapes of a body; more are lost, or end the process."""
IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
MAX_IMAGE_PX = 50_000_000
CREASE_DEG = 40.0
"""Edges sharper than this stay sharp when a file brings no normals."""


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
    import trimesh  # takes longer to import than most files to read, and shapes need none

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


class ImageError(ValueError):
    """An image that cannot be used, with its file and the reason in one line."""


def read_image(path: Path, quick: bool = False) -> NDArray[np.uint8]:
    """An image file as (h, w, 3) RGB, turned upright as its EXIF says.

    Args:
        path: The file.
        quick: Give a JPEG much smaller: enough to know that it can be read to its end.

    Raises:
        ImageError: The file is missing, no image, damaged, or has more than 50 million pixels.
    """
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            if image.width * image.height > MAX_IMAGE_PX:
                raise ImageError(f"{path}: {image.width}x{image.height} is more than {MAX_IMAGE_PX:,} pixels")
            if quick:
                image.draft("RGB", (64, 64))
            return np.asarray(_eight_bit(ImageOps.exif_transpose(image)).convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path}: not an image that can be read ({type(error).__name__})") from error


def _eight_bit(image: Image.Image) -> Image.Image:
    """The image itself, or one with 16 bits of grey scaled down: Pillow would clip it."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(
        np.asarray(np.asarray(image, np.float64) / 257.0 + 0.5).clip(0, 255).astype(np.uint8)
    )


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


def part_of_corners(
    corners: NDArray[np.float64], color_rgb: tuple[float, float, float], texture: NDArray[np.uint8] | None
) -> Part:
    """Triangles as a part with one vertex for each position, normal and texture coordinate.

    Args:
        corners: (m, 3, 8), for each corner those in a row.
        color_rgb: The part's colour.
        texture: Its texture (h, w, 3), or None.
    """
    unique, index = np.unique(corners.reshape(-1, 8), axis=0, return_inverse=True)
    return Part(
        np.ascontiguousarray(unique[:, :3]),
        np.ascontiguousarray(unique[:, 3:6]),
        np.ascontiguousarray(unique[:, 6:]),
        index.reshape(-1, 3).astype(np.int32),
        color_rgb,
        texture,
    )


def unit_vectors(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors (..., 3) at length one; those without a direction point up."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), (0.0, 0.0, 1.0))


def _file_normals(geometry: Any, faces: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The normals (m, 3, 3) that the file gives its corners, or None."""
    given = geometry._cache.cache.get("vertex_normals")
    if given is None or not np.isfinite(given).all():
        return None
    return unit_vectors(np.asarray(given, np.float64)[faces])


def crease_normals(corners: NDArray[np.float64], crease_deg: float = CREASE_DEG) -> NDArray[np.float64]:
    """Smooth normals that keep sharp edges, for corners (m, 3, 3): (m, 3, 3), unit length.

    A corner's normal is the area-weighted mean over the faces that meet there at less than the crease angle.
    """
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face_normals = np.repeat(unit_vectors(areas), 3, axis=0)
    weights = np.repeat(areas, 3, axis=0)
    _, position = np.unique(corners.reshape(-1, 3).round(9), axis=0, return_inverse=True)
    order = np.argsort(position, kind="stable")
    ranked, total = position[order], weights.copy()
    for shift in range(1, min(int(np.bincount(position).max()), 64)):
        first, second = order[:-shift], order[shift:]
        near = np.einsum("ij,ij->i", face_normals[first], face_normals[second]) > np.cos(
            np.radians(crease_deg)
        )
        pairs = near & (ranked[:-shift] == ranked[shift:])
        np.add.at(total, first[pairs], weights[second[pairs]])
        np.add.at(total, second[pairs], weights[first[pairs]])
    return unit_vectors(total).reshape(-1, 3, 3)


def planar_uvs(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Texture coordinates (m, 3, 2) for a mesh without any: each face seen along its main axis."""
    axis = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).argmax(axis=1)
    kept = np.array([[1, 2], [0, 2], [0, 1]])[axis]
    flat = np.take_along_axis(corners, kept[:, None, :].repeat(3, axis=1), axis=2)
    low, extent = corners.reshape(-1, 3).min(axis=0), np.ptp(corners.reshape(-1, 3), axis=0).max()
    return np.asarray((flat - low[kept][:, None, :]) / (extent or 1.0))


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
