"""What walls keep from a scene of the sun and the sky, and what they throw back."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from scenes.spec import SceneSpec, Wall
from sim.render.lighting.floor import FloorLight
from sim.render.lighting.lamps import LitLamp, alone
from sim.render.lighting.sky import Sky, free_light, shape_of
from sim.render.lighting.sun import Sun
from sim.render.lighting.surfaces import tint

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

LEAST = 1e-3
OVERLAP = 1e-4
"""By so much, over their distance, walls reach past each other: nothing comes through by rounding."""
BRIGHTEST = 20.0
"""A wall is no brighter than this, over the sky."""


@dataclass(frozen=True, slots=True, eq=False)
class Walled:
    """Walls in a light.

    Attributes:
        walls: Those that are there.
        light: Sun and sky.
        glow: How bright each is, over a floor in the light of the whole sky.
    """

    walls: tuple[Wall, ...]
    light: Light
    glow: tuple[float, ...]

    def sun_kept(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """How much of the sun walls keep from points x, y, z: of the shape of x."""
        kept = np.zeros(x.shape, np.float32)
        for wall in self.walls:
            np.maximum(kept, _sun_behind(wall, self.light, x, y, z), out=kept)
        return kept

    def sky_left(self, x: Floats, y: Floats) -> Floats:
        """The share of the sky's light, and of what walls throw back, that floor points x, y (h, w) get."""
        left = np.ones(x.shape, np.float32)
        for wall, glow in zip(self.walls, self.glow, strict=True):
            left -= np.float32(1 - glow) * _taken(wall, x, y)
        return left

    def sky_seen(self, points_m: Floats, directions: Array) -> Floats:
        """How bright each direction (n, 3) is from points (3, m) between the walls, over the sky: (n, m)."""
        bright = np.maximum(shape_of(self.light, directions), 0.1)[:, None]
        seen = np.ones((len(directions), points_m.shape[1]), np.float32)
        nearest = np.full(seen.shape, np.inf, np.float32)
        wide = np.float32((np.pi / 2 / np.count_nonzero(directions[:, 2] > 0)) ** 0.5)
        for wall, glow in zip(self.walls, self.glow, strict=True):
            toward = (directions @ wall.outward()).astype(np.float32)[:, None]
            room_m = np.float32(wall.distance_m) - wall.outward().astype(np.float32) @ points_m
            away_m = np.maximum(room_m, 0) / np.maximum(toward, np.float32(LEAST))
            height_m = points_m[2] + away_m * directions[:, 2:].astype(np.float32)
            # A direction stands for all around it, so the top of a wall hides it bit by bit.
            half_m = np.maximum(away_m * wide, np.float32(1e-6))
            share = np.clip(0.5 + (wall.height_m - height_m) / (2 * half_m), 0, 1)
            within = room_m > -LEAST * wall.distance_m  # in a corner by rounding
            # Between walls of one height the first plane is the wall that is met: ends need no look.
            met = (toward > LEAST) & within & (share > 0) & (away_m < nearest)
            seen = np.where(met, share * np.float32(glow) / bright + (1 - share) * seen, seen)
            nearest = np.where(met & (share > 0.5), away_m, nearest)
        return seen


@dataclass(frozen=True, slots=True, eq=False)
class WalledSun(Sun):
    """A sun that walls keep away as well."""

    walled: Walled

    def on_floor(self, x: Floats, y: Floats) -> Floats:
        """How much of the sun is kept from floor points x, y (h, w)."""
        kept = Sun.on_floor(self, x, y)
        return np.maximum(kept, self.walled.sun_kept(x, y, np.zeros_like(x)))

    def on_surface(self, points_m: Floats) -> Floats:
        """How much of the sun reaches points (3, m)."""
        reached = Sun.on_surface(self, points_m)
        return np.minimum(reached, 1 - self.walled.sun_kept(*points_m))


class WalledSky(Sky):
    """A sky with walls before it.

    Args:
        sky: What bodies leave of it.
        walled: The walls.
    """

    def __init__(self, sky: Sky, walled: Walled) -> None:
        """Looks at nothing anew."""
        self.directions, self.maps, self.floor = sky.directions, sky.maps, sky.floor
        self.walled = walled

    def seen(self, points_m: Floats) -> Floats:
        """How much of each direction (n, m) points (3, m) see; a wall counts by how bright it is."""
        return Sky.seen(self, points_m) * self.walled.sky_seen(points_m, self.directions)


@dataclass(frozen=True, slots=True, eq=False)
class WalledFloorLight(FloorLight):
    """What bodies and walls leave of the light that falls on the floor."""

    walled: Walled

    def around(self, x: Floats, y: Floats) -> Floats:
        """The share of the sky's light at floor points x, y (h, w)."""
        return FloorLight.around(self, x, y) * self.walled.sky_left(x, y)

    def thrown_back(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The shares of the sky's and of the sun's light that arrive near floor points x, y (h, w)."""
        sky, sun = FloorLight.thrown_back(self, x, y)
        return sky * self.walled.sky_left(x, y), sun


def inside_walls(
    walls: tuple[Wall, ...], spec: SceneSpec, light: Light, sun: Sun, sky: Sky
) -> tuple[Sun, Sky, FloorLight | None]:
    """What of a sun and a sky arrives between walls, each as bright as in the middle of it."""
    dark = Walled(walls, light, (0.0,) * len(walls))
    walled = Walled(walls, light, tuple(_glow(wall, dark, spec, sky) for wall in walls))
    sun = _behind_walls(sun, walled)
    sky = WalledSky(sky, walled)
    return sun, sky, None if sky.floor is None else WalledFloorLight(sky.on_floor(light), sun, sky, walled)


def lamps_inside_walls(walls: tuple[Wall, ...], lamps: tuple[LitLamp, ...]) -> tuple[LitLamp, ...]:
    """What of some lamps arrives between walls."""
    return tuple(_lamp_inside_walls(walls, lamp) for lamp in lamps)


def _lamp_inside_walls(walls: tuple[Wall, ...], lamp: LitLamp) -> LitLamp:
    assert lamp.sun is not None
    sun = _behind_walls(lamp.sun, Walled(walls, lamp.light, (0.0,) * len(walls)))
    return replace(
        lamp, sun=sun, floor_light=None if lamp.floor_light is None else replace(lamp.floor_light, sun=sun)
    )


def _behind_walls(sun: Sun, walled: Walled) -> Sun:
    return WalledSun(sun.maps, sun.shade, sun.softness, walled)


def _glow(wall: Wall, dark: Walled, spec: SceneSpec, sky: Sky) -> float:
    light, inward = dark.light, -wall.outward()
    middle = wall.outward() * wall.distance_m + [0.0, 0.0, wall.height_m / 2]
    middle += wall.sideways() * np.clip(0.0, wall.low_m, wall.high_m)
    x, y, z = middle.astype(np.float32)[:, None]
    free = float(free_light(light, sky.directions, inward.astype(np.float32)[:, None]).mean())
    arrives, level = light.ambient * free, light.ambient
    for sun in (light, *(alone(light, lamp) for lamp in light.lamps)):
        reaches = 1 - float(replace(dark, light=sun).sun_kept(x, y, z)[0])
        arrives += sun.diffuse * max(float(inward @ sun.direction), 0.0) * reaches
        level += sun.diffuse * sun.direction[2]
    if spec.floor is not None:
        arrives += 0.5 * light.bounce * float(tint(spec.floor).mean()) * level
    back = light.bounce * float(tint(wall.surface).mean()) * arrives
    return min(back / max(light.ambient, LEAST), BRIGHTEST)


def _sun_behind(wall: Wall, light: Light, x: Floats, y: Floats, z: Floats) -> Floats:
    """How much of the sun one wall keeps from points: 1 in its shadow, less at the soft edge of its top.

    Its ends have no soft edge: where two walls meet, light would come through between them.
    """
    toward = np.array(light.direction)
    speed = float(wall.outward() @ toward)
    if abs(speed) < LEAST:
        return np.zeros(x.shape, np.float32)
    out, side = (direction.astype(np.float32) for direction in (wall.outward(), wall.sideways()))
    away_m = (np.float32(wall.distance_m) - out[0] * x - out[1] * y) * np.float32(1 / speed)
    height_m = z + away_m * np.float32(toward[2])
    across_m = side[0] * x + side[1] * y + away_m * np.float32(side @ toward)
    far = wall.distance_m
    reach_m = (wall.high_m - wall.low_m) / 2 + OVERLAP * far
    half_m = np.maximum(np.float32(light.softness) * away_m, np.float32(1e-4 * wall.height_m))
    kept = np.clip(0.5 - (height_m - np.float32(wall.height_m)) / (2 * half_m), 0, 1)
    beside = np.abs(across_m - (wall.low_m + wall.high_m) / 2) > reach_m
    # A place on the wall itself, in a corner maybe, gets nothing from behind it, and all from before it.
    kept[(away_m <= np.copysign(OVERLAP * far, -speed)) | beside] = 0
    return np.asarray(kept, np.float32)


def _taken(wall: Wall, x: Floats, y: Floats) -> Floats:
    """The share of a white sky's light that a wall takes from floor points x, y.

    It is ½(1 − d/√(d² + h²)) before a long wall of height h; each end at a distance b beside a point has
    (atan(b/d) − d/√(d² + h²)·atan(b/√(d² + h²))) / 2π of it.
    """
    out, side = (direction.astype(np.float32) for direction in (wall.outward(), wall.sideways()))
    away_m = np.maximum(np.abs(np.float32(wall.distance_m) - out[0] * x - out[1] * y), np.float32(1e-6))
    across_m = side[0] * x + side[1] * y
    slant_m = np.sqrt(away_m**2 + np.float32(wall.height_m**2))
    taken = np.zeros(x.shape, np.float32)
    for beside_m in (np.float32(wall.high_m) - across_m, across_m - np.float32(wall.low_m)):
        taken += np.arctan(beside_m / away_m) - away_m / slant_m * np.arctan(beside_m / slant_m)
    return np.asarray(taken * np.float32(0.5 / np.pi), np.float32)
