"""Shading of bodies: direct light with shadows, sky visibility, light from the floor, and highlights."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.render.lighting.floor import sun_on_floor
from sim.render.lighting.lightmap import LightMaps
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.metal import METAL_HIGHLIGHT, MetalSurface, reflected_by_metal
from sim.render.lighting.normals import bilinear
from sim.render.lighting.pixels import Material, Pixels, on_furniture
from sim.render.lighting.sky import sky_irradiance, unoccluded_irradiance
from sim.render.lighting.specular import specular_light

Floats = NDArray[np.float32]
Index = NDArray[np.intp]

NORMAL_OFFSET_PX = 1.5
"""Normal offset of shadow lookups in pixels of the shadow map: it prevents self-shadowing."""
FILTER_PX = 3
"""Width of the box filter on shadows of bodies."""
STEP_PX = 3
"""Sky visibility is evaluated at every third row and column, and interpolated."""
FURNITURE_STEP_PX = 4
"""On furniture, which has large, flat sides, sky visibility is evaluated at every fourth row and column."""
FLOOR_VIEW = 0.6
"""Fraction of the hemisphere in front of a downward-facing surface that the lit floor nearby fills."""


def shade_bodies(image: Floats, lit: Lit, pixels: Pixels, material: Material) -> None:
    """Shades the pixels of bodies into a linear image (H, W, 3), in place."""
    sun, *lamps = lit.lamps
    shares = _interpolated(lit, sun, pixels)
    # The order of additions is fixed, because float addition is not associative and pixels must not change.
    total = _radiance(lit, pixels, material, [(sun, _sky_and_floor(lit, pixels, shares))])
    if lamps:
        total += _radiance(
            lit, pixels, material, ((lamp, _floor_bounce(lit, lamp, pixels)) for lamp in lamps)
        )
    if material.metal is not None:
        total[:, material.metal] += _mirrored(lit, pixels, material, material.metal, shares[0])
    x0, y0, x1, y1 = pixels.box
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    part.reshape(-1, 3)[pixels.place] = total.T
    image[y0:y1, x0:x1] = part


def _radiance(
    lit: Lit, pixels: Pixels, material: Material, lamps: Iterable[tuple[LitLamp, Floats]]
) -> Floats:
    """Radiance (3, n) that bodies reflect to the camera.

    Args:
        lit: The lit scene.
        pixels: The pixels of bodies.
        material: Their materials.
        lamps: Pairs of a lamp and the indirect irradiance (3, n) that is added to its direct light.
    """
    total = np.zeros_like(material.albedo)
    for lamp, indirect in lamps:
        light, direct = lamp.light, direct_irradiance(lamp, pixels)
        color = (light.diffuse * np.array(light.color_rgb)).astype(np.float32)
        gleam = specular_light(
            light, material.eye_m, pixels.points_m, pixels.normal, direct, indirect, material.roughness
        )
        matte = material.albedo * (indirect + color[:, None] * direct)
        if material.metal is not None:
            gleam[:, material.metal] *= material.albedo[:, material.metal] * np.float32(METAL_HIGHLIGHT)
            matte[:, material.metal] = 0
        total += matte
        total += gleam
    return total


def _mirrored(lit: Lit, pixels: Pixels, material: Material, metal: Index, seen: Floats) -> Floats:
    """Light (3, m) from surroundings and floor that metal reflects to the camera.

    Args:
        lit: The lit scene.
        pixels: The n pixels of bodies.
        material: Their materials.
        metal: (m,) indices of the metal pixels.
        seen: (n,) fraction of the sky's light that reaches each pixel.
    """
    surface = MetalSurface(
        pixels.points_m[:, metal],
        pixels.normal[:, metal],
        material.albedo[:, metal],
        material.roughness[metal],
        seen[metal],
    )
    return reflected_by_metal(lit, surface, material.eye_m)


def direct_irradiance(lamp: LitLamp, pixels: Pixels) -> Floats:
    """Irradiance (n,) of body pixels by one lamp, relative to an unshadowed surface that faces the lamp."""
    assert lamp.shadow is not None
    reached = _box_filtered(lamp.shadow.on_surface(_offset_points(pixels, lamp.shadow.maps)), pixels)
    facing = np.maximum(np.array(lamp.light.direction, np.float32) @ pixels.normal, 0)
    return np.asarray(facing * (1 - np.float32(lamp.light.shadow) * (1 - reached)), np.float32)


def _box_filtered(values: Floats, pixels: Pixels) -> Floats:
    """Smooths values (n,) of body pixels with a box filter, which hides the texels of the shadow map."""
    image = np.zeros((pixels.box[3] - pixels.box[1], pixels.box[2] - pixels.box[0], 2), np.float32)
    image.reshape(-1, 2)[pixels.place] = np.stack([values, np.ones_like(values)], axis=1)
    total, number = (
        cv2.blur(image, (FILTER_PX, FILTER_PX), borderType=cv2.BORDER_CONSTANT)
        .reshape(-1, 2)
        .take(pixels.place, axis=0)
        .T
    )
    return np.asarray(total / number, np.float32)


def _offset_points(pixels: Pixels, maps: LightMaps, chosen: Index | None = None) -> Floats:
    """World points (3, m) of pixels, moved along the normals so that surfaces do not shadow themselves.

    Args:
        pixels: The pixels of bodies.
        maps: The shadow maps in which the points will be looked up.
        chosen: (m,) indices of the pixels to use; None for all.
    """
    points, normal = pixels.points_m, pixels.normal
    if chosen is not None:
        points, normal = points.take(chosen, axis=1), normal.take(chosen, axis=1)
    return points + normal * np.float32(NORMAL_OFFSET_PX * maps.texel_m.max())


def _sky_and_floor(lit: Lit, pixels: Pixels, shares: tuple[Floats, ...]) -> Floats:
    """Irradiance (3, n) of body pixels by the sky, and by the floor, which reflects the light of sky and sun.

    Args:
        lit: The lit scene.
        pixels: The n pixels of bodies.
        shares: The result of `_interpolated` for these pixels.
    """
    assert lit.sky is not None
    light = lit.light
    sky_fraction, sky_below, sun_below = shares
    found = sky_irradiance(light)[:, None] * (
        unoccluded_irradiance(light, lit.sky.directions, pixels.normal) * sky_fraction
    )
    if lit.spec.floor is not None and lit.floor is not None:
        back = lit.floor_albedo * np.float32(FLOOR_VIEW * light.bounce)
        down = (1 - pixels.normal[2]) * np.float32(0.5)
        found += (back * sky_irradiance(light))[:, None] * (sky_below * down)
        found += (back * sun_on_floor(light))[:, None] * (sun_below * down)
    return np.asarray(found, np.float32)


def _floor_bounce(lit: Lit, lamp: LitLamp, pixels: Pixels) -> Floats:
    """Irradiance (3, n) of body pixels by the light of one lamp that the floor reflects.

    Without a floor, the result is zeros (3, 1).
    """
    if lit.spec.floor is None or lit.floor is None:
        return np.zeros((3, 1), np.float32)
    share = _floor_light_fractions(lit, lamp, pixels.points_m, pixels.normal)[1]
    strength = lit.floor_albedo * sun_on_floor(lamp.light) * np.float32(FLOOR_VIEW * lamp.light.bounce)
    return np.asarray(strength[:, None] * (share * ((1 - pixels.normal[2]) * np.float32(0.5))), np.float32)


def _floor_light_fractions(lit: Lit, lamp: LitLamp, points: Floats, normal: Floats) -> tuple[Floats, ...]:
    """Computes how much light reaches the part of the floor that illuminates each surface point most.

    Args:
        lit: The lit scene.
        lamp: The lamp.
        points: (3, n) surface points in the world.
        normal: (3, n) unit normals.

    Returns:
        The fraction (n,) of the sky's light and the fraction (n,) of the lamp's light that arrive there.
    """
    assert lit.floor is not None
    assert lamp.shadow is not None
    # The part of the floor that contributes most is as far away as the surface is above the floor.
    reach = np.maximum(points[2], 0)
    x, y = points[0] + normal[0] * reach, points[1] + normal[1] * reach
    return tuple(share[:, 0] for share in lit.floor.reflected(lamp.shadow, x[:, None], y[:, None]))


def _interpolated(lit: Lit, sun: LitLamp, pixels: Pixels) -> tuple[Floats, ...]:
    """Computes the slowly varying terms of the lighting on a coarse pixel grid, and interpolates them.

    Furniture and objects are interpolated separately. A table top is dark where an object touches it, but the
    sides of the object are not, so interpolating from one to the other would give objects bright rims.

    Args:
        lit: The lit scene.
        sun: The sun.
        pixels: The n pixels of bodies.

    Returns:
        Three arrays (n,) for the pixels: the fraction of the sky's light that reaches the surface, the
        fraction of the sky's light that reaches the floor near the surface, and the fraction of the sun's
        light that reaches the floor near the surface.
    """
    fixed = on_furniture(lit.spec, pixels.body)
    if fixed.all() or not fixed.any():
        return _interpolated_together(lit, sun, pixels, FURNITURE_STEP_PX if fixed.all() else STEP_PX)
    found = np.empty((3, len(fixed)), np.float32)
    for group, step in ((np.flatnonzero(fixed), FURNITURE_STEP_PX), (np.flatnonzero(~fixed), STEP_PX)):
        found[:, group] = _interpolated_together(lit, sun, pixels.subset(group), step)
    return tuple(found)


def _interpolated_together(lit: Lit, sun: LitLamp, pixels: Pixels, step_px: int) -> tuple[Floats, ...]:
    """Computes the slowly varying terms of the lighting on a coarse pixel grid, and interpolates them.

    Unlike `_interpolated`, it does not separate furniture from objects.

    Args:
        lit: The lit scene.
        sun: The sun.
        pixels: The n pixels of bodies.
        step_px: Spacing of the coarse grid.

    Returns:
        As for `_interpolated`.
    """
    assert lit.sky is not None
    width, height = pixels.box[2] - pixels.box[0], pixels.box[3] - pixels.box[1]
    columns, rows = pixels.columns.astype(np.uint16), pixels.rows.astype(np.uint16)
    chosen = np.flatnonzero((rows % step_px == 0) & (columns % step_px == 0))
    if not len(chosen):
        chosen = np.arange(len(rows))
    values = np.ones((len(chosen), 4), np.float32)
    normal = pixels.normal.take(chosen, axis=1)
    values[:, 0] = lit.sky.sky_fraction(
        lit.light, normal, lit.sky.visibility(_offset_points(pixels, lit.sky.maps, chosen))
    )
    if lit.floor is not None:
        values[:, 1], values[:, 2] = _floor_light_fractions(
            lit, sun, pixels.points_m.take(chosen, axis=1), normal
        )
    coarse = np.zeros((-(-height // step_px), -(-width // step_px), 4), np.float32)
    coarse[rows.take(chosen) // step_px, columns.take(chosen) // step_px] = values
    spread = cv2.blur(coarse, (3, 3), borderType=cv2.BORDER_CONSTANT)
    step = np.float32(1 / step_px)
    full = np.ascontiguousarray(bilinear(spread, pixels.columns * step, pixels.rows * step).T)
    mean = values.mean(axis=0)
    weight = 1 / (full[3] + np.float32(1e-3))
    return tuple((full[k] + np.float32(1e-3) * mean[k]) * weight for k in range(3))
