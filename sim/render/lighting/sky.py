"""Light from all around: a sky of many directions, and what of each reaches a scene."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.geometry import fibonacci_sphere
from scenes.shot import Light
from sim.render.lighting.environment import EnvironmentLight
from sim.render.lighting.lightmap import NOTHING, LightMaps, light_maps, visible

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

FLOOR_PX = 160
REACH = 2.5
"""How far beside the bodies the floor still loses light, in heights of the tallest."""


def sky_directions(count: int, below: bool) -> Array:
    """Unit vectors (n, 3), evenly spread: `count` of them over the sky, and as many below it if asked for."""
    return fibonacci_sphere(2 * count if below else count, upper_half=not below)


def color_of(light: Light) -> Floats:
    """The sky's light (3,) on a free, level floor."""
    return (light.ambient * np.array(light.sky_rgb)).astype(np.float32)


def shape_of(light: Light, directions: Array) -> Floats:
    """How bright the sky is in directions (n, 3), over what it gives a free, level floor: (n,).

    What is below the horizon is as bright as that.
    """
    if isinstance(light, EnvironmentLight):
        return light.shape
    up = np.clip(directions[:, 2], 0, 1)
    side = directions[:, :2] @ (np.cos(light.sky_azimuth_rad), np.sin(light.sky_azimuth_rad))
    # A floor's mean of h + (1 - h)·up is weighted by 2·up: (h + 2) / 3.
    level = (light.horizon + (1 - light.horizon) * up) / ((light.horizon + 2) / 3)
    return np.asarray(level * (1 + light.sky_tilt * side), np.float32)


def free_light(light: Light, directions: Array, normals: Floats) -> Floats:
    """The light (m,) of the whole sky on surfaces with normals (3, m), over that on the floor.

    A surface sees half of all directions, so its light is smooth: seven numbers tell it. That of a picture of
    all around has a colour of its own: (3, m).
    """
    if isinstance(light, EnvironmentLight):
        return light.free(normals)
    places = sky_directions(60, below=True)
    exact = np.maximum(places @ directions.T, 0) @ shape_of(light, directions)
    exact *= _weight(directions)
    factors, *_ = np.linalg.lstsq(_smooth(places.T), exact, rcond=None)
    return np.asarray(np.maximum(_smooth(normals) @ factors.astype(np.float32), 0.01), np.float32)


def _smooth(normals: NDArray[np.floating]) -> NDArray[np.floating]:
    x, y, z = normals
    return np.stack([np.ones_like(x), x, y, z, z * z, x * z, y * z], axis=1)


def _weight(directions: Array) -> float:
    """What each of some directions adds: they are evenly spread, and the floor sees those above it."""
    return 2.0 / int(np.count_nonzero(directions[:, 2] > 0))


@dataclass(frozen=True, slots=True, eq=False)
class FloorGrid:
    """Where on the floor light is missing, and how a floor point is found on the grid.

    Attributes:
        corner_m: (2,) x, y of the first pixel edge.
        px_per_m: Scale.
        blocked: (n, px * px) share of each direction's light that bodies keep away.
        window: (px, px) 1 in the middle, 0 at the border.
    """

    corner_m: Array
    px_per_m: float
    blocked: Floats
    window: Floats

    def places(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Pixel coordinates for `cv2.remap` of floor points."""
        scale = np.float32(self.px_per_m)
        u, v = (np.float32(corner * self.px_per_m + 0.5) for corner in self.corner_m)
        return x * scale - u, y * scale - v

    def centres(self) -> tuple[Floats, Floats]:
        """Floor points (px, px) of the grid."""
        steps = (np.arange(FLOOR_PX, dtype=np.float32) + np.float32(0.5)) / np.float32(self.px_per_m)
        x, y = np.meshgrid(steps + np.float32(self.corner_m[0]), steps + np.float32(self.corner_m[1]))
        return x, y


def floor_grid(points_m: Floats, maps: LightMaps) -> FloorGrid:
    """What bodies keep from the floor of each light that comes from above."""
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
    """The shadow (px, px) on the floor in one light."""
    into = maps.into(index)
    # A grid pixel's centre in metres is corner + (pixel + ½) / scale; OpenCV's centres are at integers.
    linear = into[:, :2] / scale
    shift = into[:, :2] @ (corner_m + 0.5 / scale) + into[:, 3] - 0.5
    taken = (maps.nearest_m[index] > NOTHING / 2).astype(np.float32)
    # A point takes its whole pixel, so things are half a pixel too large on each side: this takes it off.
    soft = np.clip(1.5 * cv2.blur(taken, (3, 3), borderType=cv2.BORDER_CONSTANT) - 0.5, 0, 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shadow = cv2.warpAffine(soft, np.column_stack([linear, shift]), (FLOOR_PX, FLOOR_PX), flags=flags)
    return np.asarray(shadow, np.float32)


class Sky:
    """What bodies of one scene leave of the sky.

    Args:
        points_m: World points (3, n) on the bodies.
        directions: How many, above the horizon.
        side_px: Of the map of each.
        floor: Whether there is one; without, light comes from below as well.
    """

    def __init__(self, points_m: Floats, directions: int, side_px: int, floor: bool) -> None:
        """Looks at the scene from each direction."""
        self.directions = sky_directions(directions, below=not floor)
        self.maps = light_maps(points_m, self.directions, side_px)
        self.floor = floor_grid(points_m, self.maps) if floor else None

    def on_floor(self, light: Light) -> Floats:
        """The share of the sky's light (px, px) that arrives on the grid over the floor."""
        assert self.floor is not None
        weights = shape_of(light, self.directions) * self.directions[:, 2].astype(np.float32)
        weights *= np.float32(_weight(self.directions))
        missing = (weights @ self.floor.blocked).reshape(FLOOR_PX, FLOOR_PX)
        return np.asarray(1 - missing * self.floor.window, np.float32)

    def seen(self, points_m: Floats) -> Floats:
        """How much of each direction (n, m) points (3, m) see."""
        return visible(self.maps, points_m, slack=1.0)

    def left(self, light: Light, normals: Floats, seen: Floats) -> Floats:
        """The share (m,) of the sky's light that reaches surfaces with normals (3, m).

        Args:
            light: The sky.
            normals: Unit length.
            seen: (n, m) how much each surface sees of each direction.
        """
        facing = np.maximum(self.directions.astype(np.float32) @ normals, 0)
        weights = shape_of(light, self.directions)
        free = weights @ facing
        facing *= seen
        return np.asarray((weights @ facing) / np.maximum(free, np.float32(1e-3)), np.float32)
