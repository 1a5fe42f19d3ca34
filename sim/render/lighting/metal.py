"""Shades bodies of bare metal; they reflect the sky, an environment map and the floor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light
from sim.render.lighting.environment import EnvironmentLight
from sim.render.lighting.floor import sun_on_floor
from sim.render.lighting.lit import Lit
from sim.render.lighting.normals import unit
from sim.render.lighting.sky import sky_irradiance, sky_radiance

Floats = NDArray[np.float32]

METAL_HIGHLIGHT = 6.0
"""Strength of highlights on white metal, relative to highlights on other surfaces."""
ROW = 1024
"""Directions are looked up in rows of this length, because `cv2.remap` limits the length of a row."""
MIN_WIDTH_PX = 12
"""Minimum width to which an environment map is downsampled for rough metal."""


@dataclass(frozen=True, slots=True, eq=False)
class MetalSurface:
    """Pixels of metal.

    Attributes:
        points_m: (3, n) world points.
        normal: (3, n) unit normals.
        albedo: (3, n) colour of the metal.
        roughness: (n,) 0 is a mirror, 1 is matte.
        open_sky: (n,) fraction of the sky that other bodies do not occlude.
    """

    points_m: Floats
    normal: Floats
    albedo: Floats
    roughness: Floats
    open_sky: Floats


def reflected_by_metal(lit: Lit, surface: MetalSurface, eye_m: Floats) -> Floats:
    """Light (3, n) that metal reflects towards the camera, from its surroundings and the floor.

    Args:
        lit: The lit scene.
        surface: The pixels that show metal.
        eye_m: (3,) position of the camera.
    """
    view = unit(eye_m[:, None] - surface.points_m)
    facing = (surface.normal * view).sum(axis=0)
    ray = np.asarray(2 * np.maximum(facing, 0) * surface.normal - view, np.float32)
    grazing = (1 - np.clip(facing, 0, 1)) ** 5
    tint = surface.albedo + (1 - surface.albedo) * grazing * (1 - surface.roughness)
    above = _from_surroundings(lit.light, ray, surface.roughness) * surface.open_sky
    if lit.spec.floor is None:
        return np.asarray(tint * above, np.float32)
    # Rough metal mixes light from above and from below the horizon.
    width = np.float32(0.04) + np.float32(0.6) * surface.roughness
    up = np.clip(0.5 + ray[2] / (2 * width), 0, 1)
    return np.asarray(tint * (above * up + _from_floor(lit, surface, ray) * (1 - up)), np.float32)


def _from_surroundings(light: Light, ray: Floats, roughness: Floats) -> Floats:
    """Radiance (3, n) of the sky or environment map in directions `ray` (3, n), blurred by roughness (n,)."""
    if not isinstance(light, EnvironmentLight):
        level = np.maximum(sky_radiance(light, ray.T.astype(np.float64)), 0)
        return np.asarray(sky_irradiance(light)[:, None] * level, np.float32)
    found = np.empty_like(ray)
    for rough in np.unique(roughness):  # one for each body
        chosen = np.flatnonzero(roughness == rough)
        width = max(int(2 * np.pi / max(float(rough) ** 2, 1e-3)), MIN_WIDTH_PX)
        rows = -(-len(chosen) // ROW)
        padded = np.zeros((3, rows * ROW), np.float32)
        padded[:, : len(chosen)] = ray[:, chosen]
        x, y, z = padded.reshape(3, rows, ROW)
        found[:, chosen] = light.radiance(x, y, z, width).reshape(-1, 3).T[:, : len(chosen)]
    return found


def _from_floor(lit: Lit, surface: MetalSurface, ray: Floats) -> Floats:
    """Radiance (3, n) of the floor where rays (3, n) meet it; for upward rays, at a distant floor point."""
    light = lit.light
    bright = lit.floor_albedo * (sky_irradiance(light) + sum(sun_on_floor(one) for one in light.suns))
    reach = np.maximum(surface.points_m[2], 0) / np.maximum(-ray[2], np.float32(0.05))
    x, y = (np.ascontiguousarray((surface.points_m[k] + ray[k] * reach)[:, None]) for k in (0, 1))
    shade = np.float32(1) if lit.floor is None else lit.floor.sky_fraction(x, y)[:, 0]
    return np.asarray(bright[:, None] * shade, np.float32)
