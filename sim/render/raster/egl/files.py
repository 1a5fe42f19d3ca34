"""Meshes as PyBullet's EGL plug-in reads them: textures in their own materials, and one normal for all."""

from enum import Enum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Part
from scenes.assets.obj import ObjGroup, obj_bytes
from sim.meshfiles import MeshFiles
from sim.render.raster.gbuffer import Array

RAMP_PX = 256
"""Steps of the ramp: as many as a byte has."""
BYTES_PER_FACE = 3 * 9 * 4
"""Three vertices of nine numbers: the plug-in shares none between triangles."""


class TextureMode(Enum):
    """What is on a mesh.

    Attributes:
        PLAIN: One colour.
        OWN: The textures of the mesh.
        PLACES: A ramp whose red and green tell the place on a texture.
    """

    PLAIN = "plain"
    OWN = "own"
    UV = "places"


class EglFiles:
    """Writes each mesh once for each way to dress it and each direction, up or down, that its normals point.

    Args:
        files: Meshes as files.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Nothing is written yet."""
        self._files = files
        self.visual = cache(self._visual)
        self.uv_box = cache(self._uv_box)
        self.size_bytes = cache(self._size_bytes)

    def _visual(self, key: str, level: int, up: bool, dress: TextureMode) -> tuple[Path, ...]:
        """An OBJ file for each part of an asset at a level of detail.

        Args:
            key: The asset.
            level: The level of detail.
            up: Whether all normals point along the mesh's z axis, or against it.
            dress: What is on it.
        """
        drawn = zip(self._files.mesh(key, level).parts, self._files.rendered_faces(key, level), strict=True)
        return tuple(self._written(key, part, faces, up, dress) for part, (faces, _) in drawn)

    def _written(self, key: str, part: Part, faces: NDArray[np.int32], up: bool, dress: TextureMode) -> Path:
        uvs, texture = part.uvs, part.texture if dress is TextureMode.OWN else None
        if dress is TextureMode.UV:
            low, size = self.uv_box(key)
            # The ramp goes up in its first half, and down again in the other: no step where it begins anew.
            uvs, texture = ((uvs - low) / size * (RAMP_PX - 1) + 0.5) / (2 * RAMP_PX), _ramp()
        head: tuple[str, ...] = ()
        if texture is not None:
            picture = self._files.texture(_divisible(texture))
            description = f"newmtl surface\nmap_Kd {picture.name}\n".encode()
            head = f"mtllib {self._files.write(description, '.mtl').name}", "usemtl surface"
        normal = np.array([[0.0, 0.0, 1.0 if up else -1.0]])
        group = ObjGroup(part.vertices_m, faces, uvs, normal, np.zeros_like(faces))
        return self._files.write(obj_bytes([group], head), ".obj")

    def _uv_box(self, key: str) -> tuple[Array, Array]:
        """The least place on its texture that an asset speaks of, and what they span; (2,) each."""
        uvs = np.concatenate([part.uvs for part in self._files.mesh(key, 0).parts])
        low = uvs.min(axis=0)
        return low, np.maximum(uvs.max(axis=0) - low, 1e-6)

    def _size_bytes(self, key: str, level: int) -> tuple[int, ...]:
        """The room that the vertices of each part take."""
        return tuple(BYTES_PER_FACE * len(faces) for faces, _ in self._files.rendered_faces(key, level))


def decode_uvs(color: NDArray[np.uint8], box: tuple[Array, Array]) -> Array:
    """Places (n, 2) on a texture, v up, that pixels (n, 3) of the ramp tell."""
    low, size = box
    return np.asarray(low + color[:, :2] / (RAMP_PX - 1) * size)


def _ramp() -> NDArray[np.uint8]:
    """The ramp (512, 512, 3): red goes up to the right, green upwards."""
    up = np.arange(RAMP_PX, dtype=np.uint8)
    there_and_back = np.concatenate([up, up[::-1]])
    ramp = np.zeros((2 * RAMP_PX, 2 * RAMP_PX, 3), np.uint8)
    ramp[..., 0] = there_and_back
    ramp[..., 1] = there_and_back[::-1, None]
    return ramp


def _divisible(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A texture whose width is a multiple of four: the plug-in shears any other."""
    height, width = pixels.shape[:2]
    if width % 4 == 0:
        return pixels
    return np.asarray(cv2.resize(pixels, (width + -width % 4, height)), np.uint8)
