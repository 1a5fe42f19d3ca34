"""Walls under a sun and a sky, where they are seen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import SceneSpec, Wall
from sim.boxes import Box, bounding, slices
from sim.render.lighting.albedo import paint
from sim.render.lighting.floor import FloorLight, sun_on_floor
from sim.render.lighting.lamps import LitLamp
from sim.render.lighting.sky import Sky, color_of, free_light
from sim.render.lighting.sun import Sun
from sim.render.lighting.surfaces import Surfaces, tint
from sim.render.raster.planes import ray, upright_depth
from sim.render.raster.visibility import Visibility

Floats = NDArray[np.float32]

SKY_STEP, SUN_STEP = 8, 2
"""Light from the sky and the floor is found in every so manieth row and column, the sun's in more of them."""
LEAST_SIGMA, MOST_SIGMA = 0.3, 12.0
WIDE = 7
"""Steps of the first kind over which the floor's light is mixed."""
FAR = 1e3
"""Far parts of a wall are nearly of one colour; the limit, over its distance, keeps numbers small."""


def paint_walls(
    picture: Floats,
    surfaces: Surfaces,
    spec: SceneSpec,
    camera: Camera,
    light: Light,
    seen: Visibility,
    sky: Sky,
    sun: Sun,
    floor_light: FloorLight | None,
    lamps: tuple[LitLamp, ...],
) -> None:
    """Puts lit walls into a picture (H, W, 3) of what is behind them."""
    for index, wall in enumerate(seen.walls):
        assert seen.wall is not None
        box = bounding(seen.wall == index)
        if box is None:
            continue
        part = slices(box)
        points, depth_m = on_wall(wall, camera, box)
        strength = _sky_and_floor(spec, light, wall, points, sky, sun, floor_light)
        px_per_m = camera.fx / float(np.median(depth_m))
        strength += _sunlight(light, wall, points, sun, px_per_m)
        for lamp in lamps:
            assert lamp.sun is not None
            strength += _sunlight(lamp.light, wall, points, lamp.sun, px_per_m)
        color = surfaces.wall(wall, camera, points, depth_m)
        if color is None:
            strength *= tint(wall.surface)
        else:
            strength *= paint(color, wall.surface.look.color_rgb)
        np.copyto(picture[part], strength, where=(seen.wall[part] == index)[..., None])


def on_wall(wall: Wall, camera: Camera, box: Box) -> tuple[Floats, Floats]:
    """World points (3, h, w) of a wall in a box of the picture, and their depth (h, w).

    Where it is not seen they lie at its rim, so that what is found in few pixels can be spread over all.
    """
    part = slices(box)
    depth_m = np.minimum(upright_depth(wall, camera)[part], FAR * wall.distance_m)
    eye, side, up = np.array(camera.pose.position_m), wall.sideways(), np.array([0.0, 0.0, 1.0])
    across_m = np.clip(side @ eye + depth_m * ray(camera, side)[part], wall.low_m, wall.high_m)
    height_m = np.clip(eye[2] + depth_m * ray(camera, up)[part], 0, wall.height_m)
    foot = wall.outward() * wall.distance_m
    points = [foot[axis] + side[axis] * across_m + up[axis] * height_m for axis in range(3)]
    return np.stack(points).astype(np.float32), depth_m.astype(np.float32)


def _sky_and_floor(
    spec: SceneSpec,
    light: Light,
    wall: Wall,
    points: Floats,
    sky: Sky,
    sun: Sun,
    floor_light: FloorLight | None,
) -> Floats:
    """Light (h, w, 3) from the sky and from the floor before the wall."""
    few = np.ascontiguousarray(points[:, ::SKY_STEP, ::SKY_STEP])
    shape, inward = few.shape[1:], -wall.outward().astype(np.float32)
    flat = few.reshape(3, -1)
    normal = np.repeat(inward[:, None], flat.shape[1], axis=1)
    left = sky.left(light, normal, sky.seen(flat + normal * sky.maps.texel_m.max()))
    found = left.reshape(*shape, 1) * (
        free_light(light, sky.directions, inward[:, None]).ravel() * color_of(light)
    )
    if floor_light is not None and spec.floor is not None:
        # The floor that a wall sees lies about as far before it as the place on it is high.
        x, y = (few[axis] + inward[axis] * few[2] for axis in (0, 1))
        back = tint(spec.floor) * np.float32(0.5 * light.bounce)
        below = floor_light.around(x, y)[..., None] * (back * color_of(light))
        below += (1 - np.float32(light.shadow) * sun.on_floor(x, y))[..., None] * (back * sun_on_floor(light))
        # A wall sees much of the floor: no edge of a shadow there is one on the wall.
        found += cv2.blur(below, (WIDE, WIDE), borderType=cv2.BORDER_REPLICATE)
    return _spread(found.astype(np.float32), SKY_STEP, points.shape[1:])


def _sunlight(light: Light, wall: Wall, points: Floats, sun: Sun, px_per_m: float) -> Floats:
    """Light (h, w, 3) from the sun, which bodies and other walls keep away; no finer than the sun's map."""
    facing = -float(wall.outward() @ light.direction)
    if facing <= 0:
        return np.zeros((1, 1, 3), np.float32)
    few = np.ascontiguousarray(points[:, ::SUN_STEP, ::SUN_STEP])
    lifted = few.reshape(3, -1) - wall.outward().astype(np.float32)[:, None] * sun.maps.texel_m.max()
    kept = 1 - sun.on_surface(lifted).reshape(few.shape[1:])
    sigma = min(float(sun.maps.texel_m[0]) * px_per_m / SUN_STEP, MOST_SIGMA)
    soft = (
        kept
        if sigma < LEAST_SIGMA
        else cv2.GaussianBlur(kept, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    )
    shadow = _spread(np.asarray(soft, np.float32), SUN_STEP, points.shape[1:])
    color = (light.diffuse * facing * np.array(light.color_rgb)).astype(np.float32)
    return np.asarray((1 - np.float32(light.shadow) * shadow)[..., None] * color, np.float32)


def _spread(few: Floats, step: int, shape: tuple[int, ...]) -> Floats:
    """What was found in every so manieth row and column, over all of them: (h, w) or (h, w, 3)."""
    # `resize` puts samples into the middles of their blocks; these lie at their corners.
    back = np.array([[1 / step, 0.0, 0.0], [0.0, 1 / step, 0.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    wide = cv2.warpAffine(few, back, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.float32)
