"""Shading of the floor in the light of sky, sun and lamps."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import Surface
from sim.render.lighting.albedo import albedo_of
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.relief import Relief
from sim.render.lighting.sky import sky_irradiance
from sim.render.lighting.surfaces import Surfaces, base_albedo

Floats = NDArray[np.float32]

STEP_PX = 2
"""Sky visibility of the floor is evaluated at every second row and column, and interpolated."""


def sun_on_floor(light: Light) -> Floats:
    """Irradiance (3,) of a level, unoccluded floor from the sun."""
    return (light.diffuse * light.direction[2] * np.array(light.color_rgb)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FloorColors:
    """Position and texture of the floor plane in each pixel of one view, before shading.

    Attributes:
        x: (H, W) world x in metres.
        y: (H, W) world y in metres.
        color: (H, W, 3) uint8 texture; None without a texture.
        relief: Slopes and gloss; None if the texture is not a material.
    """

    x: Floats
    y: Floats
    color: NDArray[np.uint8] | None
    relief: Relief | None = None


def floor_colors(
    surfaces: Surfaces, surface: Surface, camera: Camera, plane_m: NDArray[np.float64]
) -> FloorColors:
    """Computes position and texture of the floor plane in each pixel, including pixels where bodies hide it.

    Args:
        surfaces: Textures.
        surface: Surface of the floor.
        camera: Camera of the view.
        plane_m: (H, W) depth of the floor plane; infinite above the horizon.
    """
    # The depth is limited to keep texture coordinates exact in float32; beyond the limit, the floor shows
    # only its mean colour.
    depth = np.minimum(plane_m, 1e3 * camera.pose.position_m[2]).astype(np.float32)
    x, y = floor_points(camera, depth)
    sampled = surfaces.floor(surface, camera, x, y, depth)
    return FloorColors(x, y, None) if sampled is None else FloorColors(x, y, sampled.color, sampled.relief)


def floor_image(colors: FloorColors, floor: Surface, lit: Lit) -> Floats:
    """Linear image (H, W, 3) of the floor in the light of sky, sun and lamps."""
    image, *others = (_lit_by_lamp(colors, floor, lamp, lit.floor) for lamp in lit.lamps)
    for other in others:
        image += other
    return image


def _lit_by_lamp(
    colors: FloorColors, surface: Surface, lamp: LitLamp, floor_light: FloorLight | None
) -> Floats:
    """Linear image (H, W, 3) of the floor in the light of one lamp.

    If the lamp is the sun, the light of the sky is added.
    """
    light, x, y, color = lamp.light, colors.x, colors.y, colors.color
    own = base_albedo(surface) if color is None else np.ones(3, np.float32)
    sky_rgb, sun_rgb = own * sky_irradiance(light), own * sun_on_floor(light)
    facing = None if colors.relief is None else _facing(colors.relief, surface, light)
    if facing is None and (floor_light is None or lamp.shadow is None):
        strength = np.full((*x.shape, 3), sky_rgb + sun_rgb, np.float32)
    else:
        ones = np.ones_like(x)
        if floor_light is None or lamp.shadow is None:
            sky_fraction, blocked = ones, 1 - ones
        else:
            sky_fraction = _interpolated_sky_light(floor_light, x, y) if light.ambient else 0 * ones
            blocked = lamp.shadow.on_floor(x, y)
        strength = _strength(sky_fraction, blocked, facing, light.shadow, (sky_rgb, sun_rgb))
    if color is None:
        return strength
    return np.asarray(cv2.multiply(albedo_of(color, surface.look.color_rgb), strength), np.float32)


def _facing(relief: Relief, surface: Surface, light: Light) -> Floats:
    """Irradiance (h, w) of the floor's slopes by a lamp or the sun, relative to that of a level floor."""
    x, y, z = light.direction
    cosine, sine = np.cos(surface.turn_rad), np.sin(surface.turn_rad)
    return relief.facing(float(cosine * x - sine * y) / z, float(sine * x + cosine * y) / z)


def _strength(
    sky_fraction: Floats, blocked: Floats, facing: Floats | None, shadow: float, colors: tuple[Floats, Floats]
) -> Floats:
    """Irradiance (h, w, 3) of the floor.

    Args:
        sky_fraction: (h, w) fraction of the sky's light that arrives.
        blocked: (h, w) fraction of the sun's light that bodies block.
        facing: (h, w) sunlight on slopes, relative to sunlight on a level floor; None without slopes.
        shadow: Fraction of the sunlight that a full shadow removes.
        colors: Irradiance (3,) of a level, unoccluded floor by the sky, and the same by the sun.
    """
    pairs = [(float(sky), float(sun)) for sky, sun in zip(*colors, strict=True)]
    if facing is None:
        channels = [cv2.addWeighted(sky_fraction, sky, blocked, -shadow * sun, sun) for sky, sun in pairs]
    else:
        direct = cv2.multiply(cv2.addWeighted(blocked, -shadow, blocked, 0.0, 1.0), facing)
        channels = [cv2.addWeighted(sky_fraction, sky, direct, sun, 0.0) for sky, sun in pairs]
    return np.asarray(cv2.merge(channels), np.float32)


def _interpolated_sky_light(floor_light: FloorLight, x: Floats, y: Floats) -> Floats:
    """Fraction (h, w) of the sky's light that reaches the floor, interpolated from a coarse grid.

    Args:
        floor_light: The light on the floor.
        x: (h, w) world x of the floor point in each pixel.
        y: (h, w) world y.
    """
    height, width = x.shape
    coarse = floor_light.sky_fraction(
        *(np.ascontiguousarray(plane[::STEP_PX, ::STEP_PX]) for plane in (x, y))
    )
    # `cv2.resize` would assume samples at the centres of blocks; these are half a pixel before the centres.
    shift = np.array([[1 / STEP_PX, 0.0, 0.0], [0.0, 1 / STEP_PX, 0.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(coarse, shift, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def floor_points(camera: Camera, depth_m: Floats) -> tuple[Floats, Floats]:
    """World x and y (H, W) in metres of the points that the pixels show, from their depths (H, W)."""
    rotation = camera.pose.rotation()
    right = ((np.arange(camera.width) + 0.5 - camera.cx) / camera.fx).astype(np.float32)
    down = ((np.arange(camera.height) + 0.5 - camera.cy) / camera.fy).astype(np.float32)[:, None]
    x, y = (
        (right * np.float32(row[0]) + (down * np.float32(row[1]) + np.float32(row[2]))) * depth_m
        + np.float32(start)
        for row, start in zip(rotation[:2], camera.pose.position_m, strict=False)
    )
    return x, y
