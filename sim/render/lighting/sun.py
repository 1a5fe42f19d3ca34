"""Soft shadows of directional lights with contact hardening: penumbrae widen away from the occluder."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from sim.render.lighting.lightmap import EMPTY, LightMaps, light_maps

Floats = NDArray[np.float32]

BLURS_PX = (0.7, 2.0, 6.0, 16.0)
"""Standard deviations of the blurred shadow maps between which penumbrae are interpolated."""
SEARCH_PX = 4.0
"""Standard deviation of the window for the occluder search."""
DISC = np.array([(0, 0), (0.7, 0.7), (-0.7, 0.7), (-0.7, -0.7), (0.7, -0.7)], np.float32)
"""Offsets of the samples of percentage-closer filtering, relative to the filter radius."""


@dataclass(frozen=True, slots=True, eq=False)
class SoftShadow:
    """The shadows of one directional light in one scene.

    Attributes:
        maps: A single shadow map, for the direction of the light.
        shade: (side, side) fraction of the light that is blocked where the ray through each texel hits the
            floor.
        softness: Half width of the penumbra, divided by the distance to the occluder.
    """

    maps: LightMaps
    shade: Floats
    softness: float

    def on_floor(self, x: Floats, y: Floats) -> Floats:
        """Returns the fraction (h, w) of the light that is blocked at points of the floor.

        Args:
            x: (h, w) x coordinates of the points in metres.
            y: (h, w) y coordinates of the points in metres.
        """
        u, v = (cv2.addWeighted(x, a, y, b, c - 0.5) for a, b, _, c in self.maps.world_to_pixel(0).tolist())
        return np.asarray(
            cv2.remap(self.shade, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32
        )

    def on_surface(self, points_m: Floats) -> Floats:
        """Fraction (m,) of the light that reaches points (3, m), by percentage-closer filtering on a disc."""
        side, texel = len(self.shade), np.float32(self.maps.texel_m[0])
        transform = self.maps.world_to_pixel(0).astype(np.float32)
        u, v = (transform[row, :3] @ points_m + transform[row, 3] for row in (0, 1))
        toward = self.maps.axes[0, 2] @ points_m
        radius = max(0.75, self.softness * 0.1 * side)
        behind = toward + texel * np.float32(1 + radius)
        total = np.zeros(len(u), np.float32)
        nearest = self.maps.nearest_m.ravel()
        for right, down in DISC * np.float32(radius):
            column, row = (
                np.clip(value + step, 0, side - 1).astype(np.int32) for value, step in ((u, right), (v, down))
            )
            ahead = nearest.take(row * np.int32(side) + column)
            ahead -= behind
            ahead *= 1 / texel
            total += np.clip(ahead, 0, 1, out=ahead)
        return 1 - total * np.float32(1 / len(DISC))


def soft_shadow(points_m: Floats, light: Light, side_px: int) -> SoftShadow:
    """Computes the shadows that bodies cast in directional light.

    Args:
        points_m: (3, n) points on the surfaces of the bodies, in the world.
        light: The light.
        side_px: Width and height of the shadow map.
    """
    maps = light_maps(points_m, np.array([light.direction]), side_px)
    return SoftShadow(maps, _floor_shade(maps, light), light.softness)


def _floor_shade(maps: LightMaps, light: Light) -> Floats:
    """Returns which fraction of the light is blocked on the floor, as an image (side, side).

    A pixel of this image belongs to the point where the ray through a texel of the shadow map hits the floor.
    Distant occluders cast wide penumbrae.
    """
    nearest, texel = maps.nearest_m[0], float(maps.texel_m[0])
    side = len(nearest)
    # Position where the ray of a texel meets z = 0. The right axis is horizontal, so only `down` matters.
    down = (maps.corner_m[0, 1] + (np.arange(side) + 0.5) * texel) * maps.axes[0, 1, 2]
    floor = (-down / max(light.direction[2], 1e-3)).astype(np.float32)
    taken = (nearest > EMPTY / 2).astype(np.float32)
    drop = np.maximum(nearest - floor[:, None], 0) * taken
    count = _blurred(taken, SEARCH_PX)
    width = _blurred(drop, SEARCH_PX) / np.maximum(count, 1e-6) * np.float32(light.softness / texel)
    layers = [_blurred(taken, blur) for blur in BLURS_PX]
    shade = layers[0]
    for thin, wide, layer in zip(BLURS_PX, BLURS_PX[1:], layers[1:], strict=False):
        share = np.clip((width - np.float32(thin)) / np.float32(wide - thin), 0, 1)
        shade = shade + share * (layer - shade)
    return np.asarray(shade, np.float32)


def _blurred(values: Floats, sigma: float) -> Floats:
    """A map after a Gaussian blur; wide blurs are computed on a downsampled map."""
    factor = 1 << max(int(np.log2(sigma / 1.5)), 0)
    side = len(values)
    reduced = (
        values if factor == 1 else cv2.resize(values, (side // factor,) * 2, interpolation=cv2.INTER_AREA)
    )
    soft = cv2.GaussianBlur(reduced, (0, 0), sigma / factor, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(soft if factor == 1 else cv2.resize(soft, (side, side)), np.float32)
