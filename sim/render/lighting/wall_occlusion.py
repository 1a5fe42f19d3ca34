"""Occlusion of sun, lamps and sky by walls, and the light that walls reflect."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from scenes.spec import Wall
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.sky import Sky, sky_radiance, unoccluded_irradiance
from sim.render.lighting.sun import SoftShadow
from sim.render.lighting.surfaces import base_albedo

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

EPSILON = 1e-3
OVERLAP = 1e-4
"""Walls are extended by this fraction of their distance, so that rounding opens no gap at a corner."""
MAX_GLOW = 20.0
"""Upper limit of a wall's radiance, relative to the sky."""


@dataclass(frozen=True, slots=True, eq=False)
class WallOcclusion:
    """Occlusion and reflection by walls in a given light.

    Attributes:
        walls: The walls.
        light: Sun and sky.
        glow: Radiance of each wall, relative to a white floor lit by the unoccluded sky.
    """

    walls: tuple[Wall, ...]
    light: Light
    glow: tuple[float, ...]

    def sun_blocked(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Fraction of the sun's light that walls block at points x, y, z; an array shaped like x."""
        blocked = np.zeros(x.shape, np.float32)
        for wall in self.walls:
            np.maximum(blocked, _occlusion_by_wall(wall, self.light, x, y, z), out=blocked)
        return blocked

    def floor_irradiance(self, x: Floats, y: Floats) -> Floats:
        """Irradiance (h, w) of floor points x, y (h, w), relative to that by an unoccluded sky.

        Walls occlude the sky and reflect light. Bodies are ignored.
        """
        left = np.ones(x.shape, np.float32)
        for wall, glow in zip(self.walls, self.glow, strict=True):
            left -= np.float32(1 - glow) * _form_factor(wall, x, y)
        return left

    def visible_radiance(self, points_m: Floats, directions: Array) -> Floats:
        """Radiance (n, m) at points (3, m) from directions (n, 3), with walls but without bodies.

        It is relative to the radiance of the sky in the same direction.
        """
        bright = np.maximum(sky_radiance(self.light, directions), 0.1)[:, None]
        seen = np.ones((len(directions), points_m.shape[1]), np.float32)
        nearest = np.full(seen.shape, np.inf, np.float32)
        wide = np.float32((np.pi / 2 / np.count_nonzero(directions[:, 2] > 0)) ** 0.5)
        for wall, glow in zip(self.walls, self.glow, strict=True):
            toward = (directions @ wall.outward()).astype(np.float32)[:, None]
            free_m = np.float32(wall.distance_m) - wall.outward().astype(np.float32) @ points_m
            away_m = np.maximum(free_m, 0) / np.maximum(toward, np.float32(EPSILON))
            height_m = points_m[2] + away_m * directions[:, 2:].astype(np.float32)
            # A direction represents a solid angle, so the top of a wall occludes it gradually.
            half_m = np.maximum(away_m * wide, np.float32(1e-6))
            share = np.clip(0.5 + (wall.height_m - height_m) / (2 * half_m), 0, 1)
            within = free_m > -EPSILON * wall.distance_m  # rounding may put corner points outside
            # All walls have the same height, so the wall that is hit is the one whose plane is nearest;
            # there is no need to test where walls end.
            met = (toward > EPSILON) & within & (share > 0) & (away_m < nearest)
            seen = np.where(met, share * np.float32(glow) / bright + (1 - share) * seen, seen)
            nearest = np.where(met & (share > 0.5), away_m, nearest)
        return seen


@dataclass(frozen=True, slots=True, eq=False)
class WalledShadow(SoftShadow):
    """The soft shadows that bodies and walls cast in one directional light."""

    occlusion: WallOcclusion

    def on_floor(self, x: Floats, y: Floats) -> Floats:
        """Fraction (h, w) of the light that bodies and walls block at floor points x, y (h, w)."""
        blocked = SoftShadow.on_floor(self, x, y)
        return np.maximum(blocked, self.occlusion.sun_blocked(x, y, np.zeros_like(x)))

    def on_surface(self, points_m: Floats) -> Floats:
        """Fraction (m,) of the light that reaches points (3, m) in spite of bodies and walls."""
        reached = SoftShadow.on_surface(self, points_m)
        return np.minimum(reached, 1 - self.occlusion.sun_blocked(*points_m))


class WalledSky(Sky):
    """Visibility of the sky between bodies and walls.

    Args:
        sky: Visibility between the bodies.
        occlusion: Occlusion and reflection by the walls.
    """

    def __init__(self, sky: Sky, occlusion: WallOcclusion) -> None:
        """Uses the shadow maps of `sky`, without copying them."""
        self.directions, self.maps, self.floor = sky.directions, sky.maps, sky.floor
        self.occlusion = occlusion

    def visibility(self, points_m: Floats) -> Floats:
        """Radiance (n, m) at points (3, m) from each of the n directions in `directions`.

        It is relative to the unoccluded sky in the same direction. Bodies and walls occlude the sky, and
        walls reflect light.
        """
        return Sky.visibility(self, points_m) * self.occlusion.visible_radiance(points_m, self.directions)


@dataclass(frozen=True, slots=True, eq=False)
class WalledFloorLight(FloorLight):
    """The fraction of the sky's light that reaches the floor, including the light that walls reflect."""

    occlusion: WallOcclusion

    def sky_fraction(self, x: Floats, y: Floats) -> Floats:
        """Irradiance (h, w) of floor points x, y (h, w), relative to that by an unoccluded sky.

        Bodies and walls occlude the sky, and walls reflect light.
        """
        return FloorLight.sky_fraction(self, x, y) * self.occlusion.floor_irradiance(x, y)

    def reflected(self, shadow: SoftShadow, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Fractions of the sky light and of a lamp's light that reach the floor around points x, y (h, w).

        Returns two arrays (h, w). Walls occlude both lights and reflect the sky light.
        """
        sky, lamp = FloorLight.reflected(self, shadow, x, y)
        return sky * self.occlusion.floor_irradiance(x, y), lamp


def between_walls(walls: tuple[Wall, ...], lit: Lit) -> Lit:
    """Returns the lit scene with added walls, which occlude and reflect light.

    The radiance of each wall is uniform: it is computed at the centre of the wall.
    """
    assert lit.sky is not None
    occlusion = WallOcclusion(walls, lit.light, tuple(wall_glow(wall, walls, lit) for wall in walls))
    sky = WalledSky(lit.sky, occlusion)
    floor = None if lit.floor is None else WalledFloorLight(lit.floor.sky, sky, occlusion)
    return replace(
        lit, sky=sky, floor=floor, lamps=tuple(_lamp_between_walls(lamp, occlusion) for lamp in lit.lamps)
    )


def _lamp_between_walls(lamp: LitLamp, occlusion: WallOcclusion) -> LitLamp:
    """A lamp whose shadows include the shadows of walls."""
    assert lamp.shadow is not None
    maps, shade, softness = lamp.shadow.maps, lamp.shadow.shade, lamp.shadow.softness
    return replace(lamp, shadow=WalledShadow(maps, shade, softness, replace(occlusion, light=lamp.light)))


def wall_glow(wall: Wall, walls: tuple[Wall, ...], lit: Lit) -> float:
    """Radiance of the centre of a wall, relative to a white floor lit by the unoccluded sky."""
    assert lit.sky is not None
    light, inward = lit.light, -wall.outward()
    middle = wall.outward() * wall.distance_m + [0.0, 0.0, wall.height_m / 2]
    middle += wall.sideways() * np.clip(0.0, wall.low_m, wall.high_m)
    x, y, z = middle.astype(np.float32)[:, None]
    free = float(unoccluded_irradiance(light, lit.sky.directions, inward.astype(np.float32)[:, None]).mean())
    arrives, level = light.ambient * free, light.ambient
    for sun in light.suns:
        reaches = 1 - float(WallOcclusion(walls, sun, ()).sun_blocked(x, y, z)[0])
        arrives += sun.diffuse * max(float(inward @ sun.direction), 0.0) * reaches
        level += sun.diffuse * sun.direction[2]
    if lit.spec.floor is not None:
        arrives += 0.5 * light.bounce * float(lit.floor_albedo.mean()) * level
    back = light.bounce * float(base_albedo(wall.surface).mean()) * arrives
    return min(back / max(light.ambient, EPSILON), MAX_GLOW)


def _occlusion_by_wall(wall: Wall, light: Light, x: Floats, y: Floats, z: Floats) -> Floats:
    """Fraction of the sun's light that one wall blocks at points x, y, z; less than 1 in the penumbra.

    Only the top edge has a penumbra. The ends of a wall have none, because light would otherwise leak
    through the corner of two walls.
    """
    toward = np.array(light.direction)
    speed = float(wall.outward() @ toward)
    if abs(speed) < EPSILON:
        return np.zeros(x.shape, np.float32)
    out, side = (direction.astype(np.float32) for direction in (wall.outward(), wall.sideways()))
    away_m = (np.float32(wall.distance_m) - out[0] * x - out[1] * y) * np.float32(1 / speed)
    height_m = z + away_m * np.float32(toward[2])
    across_m = side[0] * x + side[1] * y + away_m * np.float32(side @ toward)
    far = wall.distance_m
    reach_m = (wall.high_m - wall.low_m) / 2 + OVERLAP * far
    half_m = np.maximum(np.float32(light.softness) * away_m, np.float32(1e-4 * wall.height_m))
    blocked = np.clip(0.5 - (height_m - np.float32(wall.height_m)) / (2 * half_m), 0, 1)
    beside = np.abs(across_m - (wall.low_m + wall.high_m) / 2) > reach_m
    # For a point on the wall itself, such as a corner, the wall blocks all light if the sun is behind the
    # wall, and none if the sun is in front.
    blocked[(away_m <= np.copysign(OVERLAP * far, -speed)) | beside] = 0
    return np.asarray(blocked, np.float32)


def _form_factor(wall: Wall, x: Floats, y: Floats) -> Floats:
    """Fraction of a uniform sky's light that a wall occludes at floor points x, y (view factor).

    At the distance d from an infinitely long wall of height h, the fraction is ½(1 − d/√(d² + h²)). A finite
    wall is divided in two at the foot of the perpendicular from the point. A part of length b, which may be
    negative, occludes (atan(b/d) − d/√(d² + h²)·atan(b/√(d² + h²))) / 2π.
    """
    out, side = (direction.astype(np.float32) for direction in (wall.outward(), wall.sideways()))
    away_m = np.maximum(np.abs(np.float32(wall.distance_m) - out[0] * x - out[1] * y), np.float32(1e-6))
    across_m = side[0] * x + side[1] * y
    slant_m = np.sqrt(away_m**2 + np.float32(wall.height_m**2))
    taken = np.zeros(x.shape, np.float32)
    for beside_m in (np.float32(wall.high_m) - across_m, across_m - np.float32(wall.low_m)):
        taken += np.arctan(beside_m / away_m) - away_m / slant_m * np.arctan(beside_m / slant_m)
    return np.asarray(taken * np.float32(0.5 / np.pi), np.float32)
