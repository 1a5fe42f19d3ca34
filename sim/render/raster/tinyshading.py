"""TinyRenderer's shading, for pixels that TinyRenderer does not render."""

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light

Array = NDArray[np.float64]


def texels(texture: NDArray[np.uint8], uvs: Array) -> NDArray[np.uint8]:
    """The texels (k, 3) of a texture (h, w, 3) at texture coordinates (k, 2), v up; the texture repeats."""
    height, width = texture.shape[:2]
    column = np.floor(uvs[:, 0] * width).astype(np.int64) % width
    row = np.floor((1 - uvs[:, 1]) * height).astype(np.int64) % height
    return np.asarray(texture[row, column])


def shaded(color: Array, normals: Array, light: Light) -> Array:
    """Shades colours (k, 3), 0..255, of surfaces with world normals (k, 3)."""
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    facing = np.maximum(normals / length @ np.array(light.direction), 0.0)[:, None]
    strength = light.diffuse * facing * np.array(light.color_rgb)
    return np.asarray(np.minimum(color * (light.ambient + strength), 255.0))
