"""Mesh files for PyBullet's EGL plug-in, with textures in material files and one normal for all vertices."""

from enum import Enum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Part
from sim.meshfiles import MeshFiles
from sim.objfile import obj_file
from sim.render.raster.gbuffer import Array

RAMP_PX = 256
"""Number of steps of the colour ramp that encodes texture coordinates: one for each value of a byte."""
BYTES_PER_FACE = 3 * 9 * 4
"""Bytes of a triangle: three vertices of nine 4-byte floats, as the plug-in does not share vertices."""


class TextureMode(Enum):
    """How a mesh is textured.

    Attributes:
        PLAIN: One colour without a texture.
        OWN: The textures of the mesh itself.
        UV: A colour ramp whose red and green encode texture coordinates.
    """

    PLAIN = "plain"
    OWN = "own"
    UV = "uv"


class EglFiles:
    """Writes each mesh once for each texture mode and each direction (up or down) of its normals.

    Args:
        files: Provides the meshes, and the folder to write to.
    """

    def __init__(self, files: MeshFiles) -> None:
        """Writes nothing; files are written on first use."""
        self._files = files
        self.visual = cache(self._visual)
        self.uv_box = cache(self._uv_box)
        self.size_bytes = cache(self._size_bytes)

    def _visual(self, key: str, level: int, up: bool, mode: TextureMode) -> tuple[Path, ...]:
        """An OBJ file for each part of an asset at a level of detail.

        Args:
            key: Key of the asset.
            level: Level of detail.
            up: The normals in the file replace those of the mesh: +z everywhere if True, -z if False.
            mode: How the mesh is textured.
        """
        drawn = zip(self._files.mesh(key, level).parts, self._files.rendered_faces(key, level), strict=True)
        return tuple(self._written(key, part, faces, up, mode) for part, (faces, _) in drawn)

    def _written(self, key: str, part: Part, faces: NDArray[np.int32], up: bool, mode: TextureMode) -> Path:
        uvs, texture = part.uvs, part.texture if mode is TextureMode.OWN else None
        if mode is TextureMode.UV:
            low, size = self.uv_box(key)
            # The ramp rises in its first half and falls in the second, so it is continuous where it repeats.
            uvs, texture = ((uvs - low) / size * (RAMP_PX - 1) + 0.5) / (2 * RAMP_PX), _ramp()
        head = b""
        if texture is not None:
            picture = self._files.texture(_divisible(texture))
            description = f"newmtl surface\nmap_Kd {picture.name}\n".encode()
            head = f"mtllib {self._files.write(description, '.mtl').name}\nusemtl surface\n".encode()
        normal = np.array([[0.0, 0.0, 1.0 if up else -1.0]])
        content = obj_file(part.vertices_m, normal, uvs, faces, np.zeros_like(faces))
        return self._files.write(head + content, ".obj")

    def _uv_box(self, key: str) -> tuple[Array, Array]:
        """Minimum and extent, (2,) each, of the texture coordinates of an asset."""
        uvs = np.concatenate([part.uvs for part in self._files.mesh(key, 0).parts])
        low = uvs.min(axis=0)
        return low, np.maximum(uvs.max(axis=0) - low, 1e-6)

    def _size_bytes(self, key: str, level: int) -> tuple[int, ...]:
        """Memory in bytes that the plug-in needs for the vertices of each part of an asset."""
        return tuple(BYTES_PER_FACE * len(faces) for faces, _ in self._files.rendered_faces(key, level))


def decode_uvs(color: NDArray[np.uint8], box: tuple[Array, Array]) -> Array:
    """Decodes texture coordinates from the colours of pixels that were rendered with `TextureMode.UV`.

    Args:
        color: (n, 3) colours of the pixels.
        box: Minimum and extent, (2,) each, of the texture coordinates of the asset.

    Returns:
        (n, 2) texture coordinates u and v, with v upward.
    """
    low, size = box
    return np.asarray(low + color[:, :2] / (RAMP_PX - 1) * size)


def _ramp() -> NDArray[np.uint8]:
    """A texture (512, 512, 3) whose red encodes u and whose green encodes v; each rises, then falls again."""
    up = np.arange(RAMP_PX, dtype=np.uint8)
    there_and_back = np.concatenate([up, up[::-1]])
    ramp = np.zeros((2 * RAMP_PX, 2 * RAMP_PX, 3), np.uint8)
    ramp[..., 0] = there_and_back
    ramp[..., 1] = there_and_back[::-1, None]
    return ramp


def _divisible(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resizes a texture to a width divisible by four; the plug-in shears textures of other widths."""
    height, width = pixels.shape[:2]
    if width % 4 == 0:
        return pixels
    return np.asarray(cv2.resize(pixels, (width + -width % 4, height)), np.uint8)
