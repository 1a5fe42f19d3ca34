"""Light from the sky: radiance by direction, and visibility of the sky from bodies and floor."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.geometry import fibonacci_sphere
from scenes.shot import Light
from sim.render.lighting.environment import EnvironmentLight
from sim.render.lighting.lightmap import EMPTY, LightMaps, light_maps, visible

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

FLOOR_PX = 160
"""Side of the grid on which the sky visibility of the floor is stored."""
REACH = 2.5
"""Distance up to which bodies occlude the floor, as a multiple of the height of the tallest body."""


def sky_directions(count: int, below: bool) -> Array:
    """Evenly distributed unit vectors (n, 3): `count` above the horizon and, if `below`, as many below it."""
    return fibonacci_sphere(2 * count if below else count, upper_half=not below)


def sky_irradiance(light: Light) -> Floats:
    """Irradiance (3,) that the sky causes on a level, unoccluded floor."""
    return (light.ambient * np.array(light.sky_rgb)).astype(np.float32)


def sky_radiance(light: Light, directions: Array) -> Floats:
    """Radiance (n,) of the sky in directions (n, 3).

    The radiance is divided by the radiance of a uniform sky with the same irradiance on a level floor.
    Directions below the horizon have the radiance of the horizon. With an environment map, `directions` must
    be the directions at which the map was sampled.
    """
    if isinstance(light, EnvironmentLight):
        return light.relative_radiance
    up = np.clip(directions[:, 2], 0, 1)
    side = directions[:, :2] @ (np.cos(light.sky_azimuth_rad), np.sin(light.sky_azimuth_rad))
    # The cosine-weighted mean of h + (1 - h)·up over the sky is (h + 2) / 3.
    level = (light.horizon + (1 - light.horizon) * up) / ((light.horizon + 2) / 3)
    return np.asarray(level * (1 + light.sky_tilt * side), np.float32)


def unoccluded_irradiance(light: Light, directions: Array, normals: Floats) -> Floats:
    """Irradiance of unoccluded surfaces with normals (3, m), relative to a level floor.

    The irradiance varies slowly with the normal, so it is fitted with seven basis functions.

    Returns:
        (m,), or (3, m) for R, G and B with an environment map.
    """
    if isinstance(light, EnvironmentLight):
        return light.unoccluded_irradiance(normals)
    places = sky_directions(60, below=True)
    exact = np.maximum(places @ directions.T, 0) @ sky_radiance(light, directions)
    exact *= _weight(directions)
    coefficients, *_ = np.linalg.lstsq(_smooth(places.T), exact, rcond=None)
    return np.asarray(np.maximum(_smooth(normals) @ coefficients.astype(np.float32), 0.01), np.float32)


def _smooth(normals: NDArray[np.floating]) -> NDArray[np.floating]:
    x, y, z = normals
    return np.stack([np.ones_like(x), x, y, z, z * z, x * z, y * z], axis=1)


def _weight(directions: Array) -> float:
    """Weight of each direction in sums over the sky.

    With this weight, a uniform sky causes irradiance 1 on a level floor.
    """
    return 2.0 / int(np.count_nonzero(directions[:, 2] > 0))


@dataclass(frozen=True, slots=True, eq=False)
class FloorGrid:
    """The shadows of the bodies on the floor, on a pixel grid, for each of the n directions of the sky.

    Attributes:
        corner_m: (2,) world x and y where the grid begins, at the outer corner of the first pixel.
        px_per_m: Pixels per metre.
        blocked: (n, px * px) fraction of each direction's light that bodies block in each pixel.
        window: (px, px) weight of the shadows: 1 in the middle, falling to 0 at the border.
    """

    corner_m: Array
    px_per_m: float
    blocked: Floats
    window: Floats

    def pixel_coordinates(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Converts world x and y of floor points to pixel coordinates of the grid, for `cv2.remap`."""
        scale = np.float32(self.px_per_m)
        u, v = (np.float32(corner * self.px_per_m + 0.5) for corner in self.corner_m)
        return x * scale - u, y * scale - v

    def centres(self) -> tuple[Floats, Floats]:
        """World x and y (px, px) of the centres of the grid's pixels."""
        steps = (np.arange(FLOOR_PX, dtype=np.float32) + np.float32(0.5)) / np.float32(self.px_per_m)
        x, y = np.meshgrid(steps + np.float32(self.corner_m[0]), steps + np.float32(self.corner_m[1]))
        return x, y


def floor_grid(points_m: Floats, maps: LightMaps) -> FloorGrid:
    """Computes the shadows that the bodies cast on the floor, for each direction of `maps`.

    Args:
        points_m: (3, n) world points on the bodies, which determine the extent of the grid.
        maps: Shadow maps of the bodies, from each direction of the sky.
    """
    low, high = points_m.min(axis=1).astype(np.float64), points_m.max(axis=1).astype(np.float64)
    reach_m = REACH * max(high[2], 1e-3)
    side_m = float((high - low)[:2].max()) + 2 * reach_m
    corner_m, scale = (low + high)[:2] / 2 - side_m / 2, FLOOR_PX / side_m
    blocked = np.stack([_cast(maps, index, corner_m, scale) for index in range(len(maps.axes))])
    edge = np.minimum(np.arange(FLOOR_PX) + 0.5, FLOOR_PX - np.arange(FLOOR_PX) - 0.5)
    ramp = np.clip(edge / (0.15 * reach_m * scale), 0, 1).astype(np.float32)
    window = np.minimum(ramp[:, None], ramp)
    return FloorGrid(corner_m, scale, blocked.reshape(len(blocked), -1), window)


def _cast(maps: LightMaps, index: int, corner_m: Array, scale: float) -> Floats:
    """Computes the shadow (px, px), 0 to 1, that the bodies cast on the floor in light from one direction.

    Args:
        maps: Shadow maps of the bodies.
        index: Index of the direction in `maps`.
        corner_m: (2,) world x and y where the floor grid begins.
        scale: Pixels of the floor grid per metre.
    """
    transform = maps.world_to_pixel(index)
    # A grid pixel's centre in metres is corner + (pixel + ½) / scale. In OpenCV, pixel
    # centres have integer coordinates.
    linear = transform[:, :2] / scale
    shift = transform[:, :2] @ (corner_m + 0.5 / scale) + transform[:, 3] - 0.5
    taken = (maps.nearest_m[index] > EMPTY / 2).astype(np.float32)
    # A point fills its whole pixel, so shadows are half a pixel too wide on each side. The next
    # line corrects this.
    soft = np.clip(1.5 * cv2.blur(taken, (3, 3), borderType=cv2.BORDER_CONSTANT) - 0.5, 0, 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shadow = cv2.warpAffine(soft, np.column_stack([linear, shift]), (FLOOR_PX, FLOOR_PX), flags=flags)
    return np.asarray(shadow, np.float32)


class Sky:
    """Sky visibility in one scene: a shadow map from each of many directions of the sky.

    Args:
        points_m: World points (3, n) on the bodies.
        directions: Number of directions above the horizon.
        side_px: Side of the shadow map from each direction.
        floor: Whether there is a floor; without one, light comes from below as well.
    """

    def __init__(self, points_m: Floats, directions: int, side_px: int, floor: bool) -> None:
        """Renders the shadow maps."""
        self.directions = sky_directions(directions, below=not floor)
        self.maps = light_maps(points_m, self.directions, side_px)
        self.floor = floor_grid(points_m, self.maps) if floor else None

    def on_floor(self, light: Light) -> Floats:
        """Fraction (px, px) of the sky's light that reaches each pixel of the floor grid."""
        assert self.floor is not None
        weights = sky_radiance(light, self.directions) * self.directions[:, 2].astype(np.float32)
        weights *= np.float32(_weight(self.directions))
        missing = (weights @ self.floor.blocked).reshape(FLOOR_PX, FLOOR_PX)
        return np.asarray(1 - missing * self.floor.window, np.float32)

    def visibility(self, points_m: Floats) -> Floats:
        """Visibility (n, m), from 0 to 1, of each of the n directions from each of m points (3, m)."""
        return visible(self.maps, points_m, slack=1.0)

    def sky_fraction(self, light: Light, normals: Floats, visibility: Floats) -> Floats:
        """Fraction (m,) of the sky's light that reaches each surface in spite of the bodies around it.

        Args:
            light: The light whose sky is used.
            normals: (3, m) unit normals.
            visibility: (n, m) visibility of each direction from each surface.
        """
        facing = np.maximum(self.directions.astype(np.float32) @ normals, 0)
        weights = sky_radiance(light, self.directions)
        free = weights @ facing
        facing *= visibility
        return np.asarray((weights @ facing) / np.maximum(free, np.float32(1e-3)), np.float32)
