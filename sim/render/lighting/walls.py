"""Shading of visible walls."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import Wall
from sim.boxes import Box, slices
from sim.render.lighting.albedo import albedo_of
from sim.render.lighting.floor import sun_on_floor
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.relief import Relief
from sim.render.lighting.sky import sky_irradiance, unoccluded_irradiance
from sim.render.lighting.surfaces import Surfaces, base_albedo
from sim.render.raster.planes import ray_component, wall_plane_depth
from sim.render.raster.visibility import Visibility, visible_walls

Floats = NDArray[np.float32]

SKY_STEP, SUN_STEP = 8, 2
"""Light from sky and floor is evaluated at every eighth row and column, and lamp light at every
second row and column."""
MIN_SIGMA, MAX_SIGMA = 0.3, 12.0
"""Limits of the standard deviation, in samples (`SUN_STEP` pixels), of the blur of shadows on walls."""
FLOOR_FILTER = 7
"""Width of the box filter on the light from the floor, in samples (`SKY_STEP` pixels)."""
MAX_DEPTH_RATIO = 1e3
"""Maximum depth of a wall relative to its distance; farther parts show its mean colour."""


def shade_walls(image: Floats, surfaces: Surfaces, camera: Camera, visibility: Visibility, lit: Lit) -> None:
    """Shades visible walls into a linear image (H, W, 3), in place."""
    for wall, box, shown in visible_walls(visibility):
        points, depth_m = wall_points(wall, camera, box)
        px_per_m = camera.fx / float(np.median(depth_m))
        strength = _sky_and_floor(lit, wall, points)
        sampled = surfaces.wall(wall, camera, points, depth_m)
        for lamp in lit.lamps:
            direct = _lamp_irradiance(lamp, wall, points, px_per_m)
            if sampled is not None and sampled.relief is not None and direct.any():
                direct = direct * _facing(sampled.relief, wall, lamp.light)[..., None]
            strength += direct
        if sampled is None:
            strength *= base_albedo(wall.surface)
        else:
            strength *= albedo_of(sampled.color, wall.surface.look.color_rgb)
        np.copyto(image[slices(box)], strength, where=shown[..., None])


def wall_points(wall: Wall, camera: Camera, box: Box) -> tuple[Floats, Floats]:
    """World points (3, h, w) on a wall at the pixels in a box of the image, and their depths (h, w).

    Pixels beside the wall get the nearest point of its boundary, so that sparse samples can be interpolated.
    """
    part = slices(box)
    depth_m = np.minimum(wall_plane_depth(wall, camera)[part], MAX_DEPTH_RATIO * wall.distance_m)
    eye, side, up = np.array(camera.pose.position_m), wall.sideways(), np.array([0.0, 0.0, 1.0])
    across_m = np.clip(side @ eye + depth_m * ray_component(camera, side)[part], wall.low_m, wall.high_m)
    height_m = np.clip(eye[2] + depth_m * ray_component(camera, up)[part], 0, wall.height_m)
    foot = wall.outward() * wall.distance_m
    points = [foot[axis] + side[axis] * across_m + up[axis] * height_m for axis in range(3)]
    return np.stack(points).astype(np.float32), depth_m.astype(np.float32)


def _facing(relief: Relief, wall: Wall, light: Light) -> Floats:
    """Factor (h, w) by which the relief of a wall changes the light of a lamp, which the wall must face.

    It is 1 where the surface is parallel to the wall.
    """
    direction = np.array(light.direction)
    ahead = -float(wall.outward() @ direction)
    return relief.facing(float(wall.sideways() @ direction) / ahead, -float(direction[2]) / ahead)


def _sky_and_floor(lit: Lit, wall: Wall, points: Floats) -> Floats:
    """Irradiance (h, w, 3) of wall points (3, h, w) from the sky and from the floor in front of the wall."""
    assert lit.sky is not None
    light, sky = lit.light, lit.sky
    coarse = np.ascontiguousarray(points[:, ::SKY_STEP, ::SKY_STEP])
    shape, inward = coarse.shape[1:], -wall.outward().astype(np.float32)
    flat = coarse.reshape(3, -1)
    normal = np.repeat(inward[:, None], flat.shape[1], axis=1)
    left = sky.sky_fraction(light, normal, sky.visibility(flat + normal * sky.maps.texel_m.max()))
    found = left.reshape(*shape, 1) * (
        unoccluded_irradiance(light, sky.directions, inward[:, None]).ravel() * sky_irradiance(light)
    )
    if lit.floor is not None:
        # Each point of a wall receives light from a large part of the floor, so shadows on the floor are
        # blurred here.
        below = _floor_irradiance(lit, coarse[:2] + inward[:2, None, None] * coarse[2])
        found += cv2.blur(below, (FLOOR_FILTER, FLOOR_FILTER), borderType=cv2.BORDER_REPLICATE)
    return _upsample(found.astype(np.float32), SKY_STEP, points.shape[1:])


def _floor_irradiance(lit: Lit, points_xy: Floats) -> Floats:
    """Irradiance (h, w, 3) of a wall by light that the floor reflects.

    Args:
        lit: The lit scene.
        points_xy: (2, h, w) x and y of the floor point from which each wall point gets the light.
    """
    sun, light, (x, y) = lit.lamps[0].shadow, lit.light, points_xy
    assert lit.floor is not None
    assert lit.spec.floor is not None
    assert sun is not None
    back = lit.floor_albedo * np.float32(0.5 * light.bounce)
    below = lit.floor.sky_fraction(x, y)[..., None] * (back * sky_irradiance(light))
    below += (1 - np.float32(light.shadow) * sun.on_floor(x, y))[..., None] * (back * sun_on_floor(light))
    return np.asarray(below, np.float32)


def _lamp_irradiance(lamp: LitLamp, wall: Wall, points: Floats, px_per_m: float) -> Floats:
    """Irradiance (h, w, 3) of a wall from one lamp, with shadows as sharp as the shadow map allows."""
    light, shadow = lamp.light, lamp.shadow
    assert shadow is not None
    facing = -float(wall.outward() @ light.direction)
    if facing <= 0:
        return np.zeros((1, 1, 3), np.float32)
    coarse = np.ascontiguousarray(points[:, ::SUN_STEP, ::SUN_STEP])
    lifted = coarse.reshape(3, -1) - wall.outward().astype(np.float32)[:, None] * shadow.maps.texel_m.max()
    blocked = 1 - shadow.on_surface(lifted).reshape(coarse.shape[1:])
    sigma = min(float(shadow.maps.texel_m[0]) * px_per_m / SUN_STEP, MAX_SIGMA)
    soft = (
        blocked
        if sigma < MIN_SIGMA
        else cv2.GaussianBlur(blocked, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    )
    spread = _upsample(np.asarray(soft, np.float32), SUN_STEP, points.shape[1:])
    color = (light.diffuse * facing * np.array(light.color_rgb)).astype(np.float32)
    return np.asarray((1 - np.float32(light.shadow) * spread)[..., None] * color, np.float32)


def _upsample(coarse: Floats, step: int, shape: tuple[int, ...]) -> Floats:
    """Interpolates values at every `step`-th row and column to all pixels.

    Args:
        coarse: The values, with two axes or with three if they are colours.
        step: Distance of the values in pixels.
        shape: Height and width of the result.
    """
    # `cv2.resize` would assume samples at the centres of blocks; these are at the first pixels of blocks.
    back = np.array([[1 / step, 0.0, 0.0], [0.0, 1 / step, 0.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    wide = cv2.warpAffine(coarse, back, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.float32)
