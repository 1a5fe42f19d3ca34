"""Shading of walls where they are visible."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from scenes.spec import Wall
from sim.boxes import Box, bounding, slices
from sim.render.lighting.albedo import paint
from sim.render.lighting.floor import sun_on_floor
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.sky import color_of, free_light
from sim.render.lighting.surfaces import Surfaces, tint
from sim.render.raster.planes import ray, upright_depth
from sim.render.raster.visibility import Visibility

Floats = NDArray[np.float32]

SKY_STEP, SUN_STEP = 8, 2
"""Light of sky and floor is evaluated in every eighth row and column, that of lamps in every second."""
LEAST_SIGMA, MOST_SIGMA = 0.3, 12.0
"""Limits of the standard deviation, in samples, by which shadows on walls are blurred."""
WIDE = 7
"""Width of the box filter on the light from the floor, in samples."""
FAR = 1e3
"""Largest depth of a wall, relative to its distance: farther parts have its mean colour."""


def paint_walls(picture: Floats, surfaces: Surfaces, camera: Camera, seen: Visibility, lit: Lit) -> None:
    """Shades visible walls into a picture (H, W, 3) of what is behind them."""
    for index, wall in enumerate(seen.walls):
        assert seen.wall is not None
        box = bounding(seen.wall == index)
        if box is None:
            continue
        part = slices(box)
        points, depth_m = on_wall(wall, camera, box)
        px_per_m = camera.fx / float(np.median(depth_m))
        strength = _sky_and_floor(lit, wall, points)
        for lamp in lit.lamps:
            strength += _sunlight(lamp, wall, points, px_per_m)
        color = surfaces.wall(wall, camera, points, depth_m)
        if color is None:
            strength *= tint(wall.surface)
        else:
            strength *= paint(color, wall.surface.look.color_rgb)
        np.copyto(picture[part], strength, where=(seen.wall[part] == index)[..., None])


def on_wall(wall: Wall, camera: Camera, box: Box) -> tuple[Floats, Floats]:
    """World points (3, h, w) of a wall in a box of the picture, and their depth (h, w).

    Pixels beside the wall get the nearest point of its rim, so that sparse samples can be interpolated.
    """
    part = slices(box)
    depth_m = np.minimum(upright_depth(wall, camera)[part], FAR * wall.distance_m)
    eye, side, up = np.array(camera.pose.position_m), wall.sideways(), np.array([0.0, 0.0, 1.0])
    across_m = np.clip(side @ eye + depth_m * ray(camera, side)[part], wall.low_m, wall.high_m)
    height_m = np.clip(eye[2] + depth_m * ray(camera, up)[part], 0, wall.height_m)
    foot = wall.outward() * wall.distance_m
    points = [foot[axis] + side[axis] * across_m + up[axis] * height_m for axis in range(3)]
    return np.stack(points).astype(np.float32), depth_m.astype(np.float32)


def _sky_and_floor(lit: Lit, wall: Wall, points: Floats) -> Floats:
    """Irradiance (h, w, 3) of a wall at points (3, h, w) from the sky and from the floor before it."""
    assert lit.sky is not None
    light, sky = lit.light, lit.sky
    few = np.ascontiguousarray(points[:, ::SKY_STEP, ::SKY_STEP])
    shape, inward = few.shape[1:], -wall.outward().astype(np.float32)
    flat = few.reshape(3, -1)
    normal = np.repeat(inward[:, None], flat.shape[1], axis=1)
    left = sky.left(light, normal, sky.seen(flat + normal * sky.maps.texel_m.max()))
    found = left.reshape(*shape, 1) * (
        free_light(light, sky.directions, inward[:, None]).ravel() * color_of(light)
    )
    if lit.floor is not None:
        # A wall sees much of the floor, so no shadow there has a sharp edge here.
        below = _from_floor(lit, few[:2] + inward[:2, None, None] * few[2])
        found += cv2.blur(below, (WIDE, WIDE), borderType=cv2.BORDER_REPLICATE)
    return _spread(found.astype(np.float32), SKY_STEP, points.shape[1:])


def _from_floor(lit: Lit, places: Floats) -> Floats:
    """Irradiance (h, w, 3) of a wall from the floor at places (2, h, w), as sky and sun light it."""
    sun, light, (x, y) = lit.lamps[0].shadow, lit.light, places
    assert lit.floor is not None
    assert lit.spec.floor is not None
    assert sun is not None
    back = tint(lit.spec.floor) * np.float32(0.5 * light.bounce)
    below = lit.floor.around(x, y)[..., None] * (back * color_of(light))
    below += (1 - np.float32(light.shadow) * sun.on_floor(x, y))[..., None] * (back * sun_on_floor(light))
    return np.asarray(below, np.float32)


def _sunlight(lamp: LitLamp, wall: Wall, points: Floats, px_per_m: float) -> Floats:
    """Irradiance (h, w, 3) of a wall from one lamp; shadows are no sharper than the lamp's shadow map."""
    light, shadow = lamp.light, lamp.shadow
    assert shadow is not None
    facing = -float(wall.outward() @ light.direction)
    if facing <= 0:
        return np.zeros((1, 1, 3), np.float32)
    few = np.ascontiguousarray(points[:, ::SUN_STEP, ::SUN_STEP])
    lifted = few.reshape(3, -1) - wall.outward().astype(np.float32)[:, None] * shadow.maps.texel_m.max()
    blocked = 1 - shadow.on_surface(lifted).reshape(few.shape[1:])
    sigma = min(float(shadow.maps.texel_m[0]) * px_per_m / SUN_STEP, MOST_SIGMA)
    soft = (
        blocked
        if sigma < LEAST_SIGMA
        else cv2.GaussianBlur(blocked, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    )
    spread = _spread(np.asarray(soft, np.float32), SUN_STEP, points.shape[1:])
    color = (light.diffuse * facing * np.array(light.color_rgb)).astype(np.float32)
    return np.asarray((1 - np.float32(light.shadow) * spread)[..., None] * color, np.float32)


def _spread(few: Floats, step: int, shape: tuple[int, ...]) -> Floats:
    """Samples of every `step`-th row and column, interpolated to all of them: (h, w) or (h, w, 3)."""
    # `resize` takes samples as centres of blocks; these lie at the corners.
    back = np.array([[1 / step, 0.0, 0.0], [0.0, 1 / step, 0.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    wide = cv2.warpAffine(few, back, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.float32)
