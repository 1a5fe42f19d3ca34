"""Reads the formats for which there is no reader here, with trimesh."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

from scenes.assets.reading.containers import unreadable
from scenes.assets.reading.polygons import check_faces
from scenes.assets.reading.raw import GREY, WHITE, Color, Floats, Raw, meant, painted, rgb_of, with_colors
from scenes.assets.reading.refusal import Refused
from scenes.assets.reading.resolver import IMAGES, MeshResolver
from scenes.assets.reading.text import plain_head, plain_text


def read(content: bytes, suffix: str, resolver: MeshResolver, notes: list[str]) -> tuple[Raw, ...]:
    """Reads triangles from the content of a mesh file, with the transforms of its scene applied.

    Args:
        content: The bytes of the file.
        suffix: Suffix of the file in lower case, with its dot.
        resolver: Opens the files that the mesh refers to; also collects notes on materials and textures.
        notes: Notes on the triangles are added here.

    Raises:
        Refused: The file is invalid, exceeds a limit, or refers to a file outside its folder.
        Exception: trimesh raises errors of any kind for invalid files.
    """
    if suffix == ".off":
        content = plain_text(content)
    if suffix == ".ply":
        content = plain_head(content, b"end_header")
    files = _Resolver(resolver, suffix)
    with _quiet():
        try:
            scene = trimesh.load_scene(
                io.BytesIO(content), file_type=suffix[1:], resolver=files, process=False
            )
        except Exception:
            if files.lost is not None:
                resolver.get(files.lost)
            raise
        finally:
            if files.refused is not None:
                raise files.refused
        placed = [(geometry, matrix) for geometry, matrix in _placed(scene) if _has_faces(geometry)]
        check_faces(sum(len(geometry.faces) for geometry, _ in placed))
        for geometry, _ in placed:
            _drop_faces(geometry, notes)
        there = [(geometry, matrix) for geometry, matrix in placed if len(geometry.faces)]
        if placed and not there:
            raise unreadable("its faces name vertices that are not there")
        return tuple(raw_of(geometry, resolver.notes).moved(matrix) for geometry, matrix in there)


class _Resolver(trimesh.resolvers.Resolver):
    """Hands a `MeshResolver` to trimesh."""

    def __init__(self, resolver: MeshResolver, suffix: str) -> None:
        self._resolver = resolver
        self._only_images = suffix in (".ply", ".dae")
        self.refused: Refused | None = None
        self.lost: str | None = None

    def get(self, name: str) -> bytes:
        """The content of a file; stores a refusal, because trimesh suppresses some exceptions."""
        name = str(name)
        try:
            if not self._only_images and PurePath(name).suffix.lower() not in IMAGES:
                return self._resolver.get(name)
            content = self._resolver.image_bytes(name)
        except Refused as refused:
            self.refused = self.refused or refused
            raise
        if content is None:
            self.lost = name
            raise FileNotFoundError(name)
        return content

    def keys(self) -> list[str]:
        """An empty list, because the names come from the mesh."""
        return []

    def namespaced(self, namespace: str) -> "_Resolver":
        """Not supported: names in another folder include that folder."""
        raise ValueError(f"no other folder ({namespace})")

    def write(self, name: str, data: object) -> None:
        """Not supported: reading a mesh does not write files."""
        raise PermissionError(f"reading a mesh writes nothing ({name})")


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses log messages of trimesh; what matters to the user is in the notes."""
    log = logging.getLogger("trimesh")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _placed(scene: trimesh.Scene) -> Iterator[tuple[Any, Floats]]:
    """Yields each geometry of a scene with its transform (4, 4), once for each node that uses it."""
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        yield scene.geometry[name], np.asarray(matrix, np.float64)


def _has_faces(geometry: Any) -> bool:
    if not isinstance(geometry, trimesh.Trimesh) or len(geometry.faces) == 0:
        return False
    if np.shape(geometry.vertices)[1:] != (3,) or np.shape(geometry.faces)[1:] != (3,):
        raise unreadable("its corners have no three coordinates")
    return True


def _drop_faces(geometry: Any, notes: list[str]) -> None:
    """Drops the faces whose vertex indices are out of range, and adds a note."""
    faces = np.asarray(geometry.faces)
    there = ((faces >= 0) & (faces < len(geometry.vertices))).all(axis=1)
    if not there.all():
        notes.append(f"{int((~there).sum()):,} faces whose vertices are not there dropped")
        geometry.faces = faces[there]


def raw_of(geometry: Any, notes: list[str]) -> Raw:
    """The triangles of a trimesh geometry. Notes on what could not be used are added to `notes`."""
    faces = np.asarray(geometry.faces, np.int64)
    corners = np.asarray(geometry.vertices, np.float64)[faces]
    given = geometry._cache.cache.get("vertex_normals")
    normals = None if given is None else np.asarray(given, np.float64)[faces]
    raw = Raw(corners, normals)
    material = getattr(geometry.visual, "material", None)
    if material is None:
        return _colored(raw, geometry, faces)
    return _with_material(raw, geometry, material, faces, notes)


def _colored(raw: Raw, geometry: Any, faces: NDArray[np.int64]) -> Raw:
    """Adds the vertex or face colours, if there are any."""
    visual = geometry.visual
    if not visual.defined:
        return raw
    if visual.kind == "face":
        colors = np.asarray(visual.face_colors, np.float64)[:, None, :3].repeat(3, axis=1) / 255
    else:
        colors = np.asarray(visual.vertex_colors, np.float64)[faces][..., :3] / 255
    return with_colors(raw, colors)


def _with_material(raw: Raw, geometry: Any, material: Any, faces: NDArray[np.int64], notes: list[str]) -> Raw:
    uv = getattr(geometry.visual, "uv", None)
    if uv is not None and (len(uv) != len(geometry.vertices) or not np.isfinite(uv).all()):
        uv = None
        notes.append("its texture coordinates are not finite")
    uvs = None if uv is None else np.asarray(uv, np.float64)[faces][..., :2]
    if isinstance(material, trimesh.visual.material.MultiMaterial):
        material = material.materials[0] if material.materials else None
    tint, color, image = _of_material(material)
    done = painted(replace(raw, uvs=uvs), color, tint, image, notes)
    attribute = geometry.vertex_attributes.get("color")
    if done.texture is None and attribute is not None and len(attribute) == len(geometry.vertices):
        colors = np.asarray(attribute, np.float64)[..., :3]
        colors = colors / 255 if np.asarray(attribute).dtype.kind in "iu" else colors
        return with_colors(done, colors[faces] * np.array(color))
    return done


def _of_material(material: Any) -> tuple[Color, Color, Image.Image | None]:
    """Returns the colour factor of the texture, the colour to use without a texture, and the texture."""
    if isinstance(material, trimesh.visual.material.PBRMaterial):
        factor = material.baseColorFactor
        color = WHITE if factor is None else rgb_of(np.asarray(factor))
        return color, color, material.baseColorTexture
    diffuse = getattr(material, "diffuse", None)
    color = GREY if diffuse is None else rgb_of(np.asarray(diffuse))
    # Use Kd only if the file has one, because the default of trimesh is dark.
    given = getattr(material, "kwargs", {}).get("kd")
    tint = WHITE if given is None else meant(rgb_of(np.asarray(given)))
    return tint, color, getattr(material, "image", None)
