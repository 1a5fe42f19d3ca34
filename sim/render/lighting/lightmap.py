"""Shadow maps: orthographic depth maps of a scene, for many directions at once."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

EMPTY = np.float32(-1e6)
"""Depth of an empty pixel."""
MARGIN_PX = 3
"""Width of the empty border around the scene in a shadow map."""


@dataclass(frozen=True, slots=True, eq=False)
class LightMaps:
    """Shadow maps of one scene, one for each direction.

    Attributes:
        axes: (n, 3, 3) three unit vectors per map, in the world: right, down, and towards the light.
        corner_m: (n, 2) position of the top left corner of each map, along the axes right and down.
        texel_m: (n,) side of a texel in metres.
        nearest_m: (n, side, side) position of the surface that is nearest to the light in each texel. It is
            measured in metres along the axis towards the light, and is -1e6 in empty texels.
    """

    axes: Floats
    corner_m: Floats
    texel_m: Floats
    nearest_m: Floats

    def world_to_pixel(self, index: int) -> NDArray[np.float64]:
        """The affine transform (2, 4) from world points to the pixel coordinates of one map."""
        axes, texel = self.axes[index, :2].astype(np.float64), float(self.texel_m[index])
        return np.column_stack([axes / texel, -self.corner_m[index].astype(np.float64) / texel])


def frames_of(directions: NDArray[np.float64]) -> Floats:
    """Computes the axes (n, 3, 3) of shadow maps for unit vectors (n, 3) towards the lights.

    The axes of each map are: right (horizontal), down, and towards the light.
    """
    upright = np.abs(directions[:, 2:]) > 0.999
    reference = np.where(upright, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    across = np.cross(reference, directions)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return np.stack([across, np.cross(across, directions), directions], axis=1).astype(np.float32)


def light_maps(points_m: Floats, directions: NDArray[np.float64], side_px: int) -> LightMaps:
    """Renders a shadow map of a scene for each light.

    Args:
        points_m: (3, n) world points on the surfaces of the scene.
        directions: (k, 3) unit vectors towards the lights.
        side_px: Side of each map in texels.
    """
    axes = frames_of(directions)
    # Directions are processed one by one, so that the data of each stays in the processor's cache.
    seen = [_render_map(frame, points_m, side_px) for frame in axes]
    corner, texel, nearest = (np.stack(values) for values in zip(*seen, strict=True))
    return LightMaps(axes, corner, texel, nearest)


def _render_map(frame: Floats, points_m: Floats, side_px: int) -> tuple[Floats, np.float32, Floats]:
    """Renders the shadow map for one direction.

    Args:
        frame: (3, 3) axes of the map.
        points_m: (3, n) world points of the surfaces.
        side_px: Side of the map in texels.

    Returns:
        The corner (2,), the side of a texel, and the map (side, side), as in `LightMaps`.
    """
    across, down, toward = frame @ points_m
    low, high = np.array([across.min(), down.min()]), np.array([across.max(), down.max()])
    texel = np.maximum((high - low).max(), np.float32(1e-6)) / np.float32(side_px - 2 * MARGIN_PX)
    corner = (low + high) / 2 - texel * np.float32(side_px / 2)
    column, row = (
        ((along - start) / texel).astype(np.int32)
        for along, start in zip((across, down), corner, strict=True)
    )
    nearest = np.full(side_px * side_px, EMPTY, np.float32)
    np.maximum.at(nearest, row * np.int32(side_px) + column, toward)
    # Morphological closing fills the holes between points.
    closed = cv2.morphologyEx(nearest.reshape(side_px, side_px), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return corner, texel, np.asarray(closed, np.float32)


def visible(maps: LightMaps, points_m: Floats, slack: float) -> Floats:
    """Looks up how visible each of k lights is from each of n points.

    Args:
        maps: Shadow maps of the lights.
        points_m: (3, n) world points.
        slack: Shadow bias in texels. A point up to this distance behind the stored depth is fully lit; one
            texel farther behind, it is fully shadowed.

    Returns:
        (k, n) visibility from 0 to 1.
    """
    count, side = len(maps.axes), maps.nearest_m.shape[1]
    scaled = maps.axes / maps.texel_m[:, None, None]
    seen = (scaled.reshape(-1, 3) @ points_m).reshape(count, 3, -1)
    places = (seen[:, :2] - (maps.corner_m / maps.texel_m[:, None])[..., None]).astype(np.int32)
    np.clip(places, 0, side - 1, out=places)
    flat = places[:, 1] * side + places[:, 0]
    flat += (np.arange(count, dtype=np.int32) * side * side)[:, None]
    ahead = maps.nearest_m.reshape(-1).take(flat)
    ahead /= maps.texel_m[:, None]
    ahead -= seen[:, 2]
    return np.asarray(1 - np.clip(ahead - np.float32(slack), 0, 1), np.float32)
