"""Bodies in the light of a sun, a sky and the floor."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import SceneSpec, Surface
from sim.boxes import bounding, size, slices
from sim.render.lighting.albedo import paint
from sim.render.lighting.floor import FloorLight, sun_on_floor
from sim.render.lighting.lightmap import LightMaps
from sim.render.lighting.normals import blended, normals, sampled, smooth_normals
from sim.render.lighting.points import Cloud
from sim.render.lighting.sky import Sky, color_of, free_light
from sim.render.lighting.specular import specular_light
from sim.render.lighting.sun import Sun
from sim.render.lighting.surfaces import tint
from sim.render.raster.gbuffer import GBuffer
from sim.render.raster.visibility import Visibility

Floats = NDArray[np.float32]
Index = NDArray[np.intp]

LIFT_PX = 1.5
"""How far off its surface, in map pixels, a point is looked up: it casts no shadow on itself."""
EVEN_PX = 3
"""Pixels over which the sun's shadows on bodies are mixed."""
STEP_PX = 3
"""What bodies take from each other of the sky is found in every so manieth row and column."""
FLOOR_VIEW = 0.6
"""Share of what a surface that faces down sees which is floor close by."""


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """The pixels of bodies, as columns.

    Attributes:
        box: Pixel edges of all of them.
        place: (n,) index into the flattened box.
        columns: (n,) of the box, whole numbers.
        rows: (n,).
        points_m: (3, n) in the world.
        normal: (3, n) unit length.
        body: (n,) index into the scene's bodies.
        edge: (h, w) where, in the box, a body has an edge.
    """

    box: tuple[int, int, int, int]
    place: Index
    columns: Floats
    rows: Floats
    points_m: Floats
    normal: Floats
    body: NDArray[np.int16]
    edge: NDArray[np.bool_]


def body_pixels(camera: Camera, seen: Visibility, cloud: Cloud) -> Pixels | None:
    """The pixels that show bodies; None where none does.

    Args:
        camera: Where the picture is taken.
        seen: What is where.
        cloud: Points on the bodies.
    """
    box = bounding(seen.body >= 0)
    if box is None:
        return None
    part = slices(box)
    body = np.ascontiguousarray(seen.body[part])
    depth_m = np.ascontiguousarray(seen.depth_m[part])
    place = np.flatnonzero(body >= 0)
    rows, columns = (
        index.astype(np.float32) for index in np.divmod(place.astype(np.int32), np.int32(box[2] - box[0]))
    )
    known, edge = normals(camera, depth_m, body, box)
    facets, smooth = (
        np.ascontiguousarray(found.T)
        for found in (
            known.reshape(-1, 3).take(place, axis=0),
            smooth_normals(camera, depth_m, box, cloud, columns, rows),
        )
    )
    points = _world(camera, depth_m.ravel().take(place), columns, rows, box)
    world = camera.pose.rotation().astype(np.float32) @ blended(facets, smooth)
    return Pixels(box, place, columns, rows, points, world, body.ravel().take(place), edge & (body >= 0))


def _world(
    camera: Camera, depth_m: Floats, columns: Floats, rows: Floats, box: tuple[int, int, int, int]
) -> Floats:
    """World points (3, n) seen in some pixels of a box, at some depths."""
    x = (columns + np.float32(box[0] + 0.5 - camera.cx)) * depth_m * np.float32(1 / camera.fx)
    y = (rows + np.float32(box[1] + 0.5 - camera.cy)) * depth_m * np.float32(1 / camera.fy)
    local = np.stack([x, y, depth_m])
    eye = np.array(camera.pose.position_m, np.float32)[:, None]
    return np.asarray(camera.pose.rotation().astype(np.float32) @ local + eye, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What the pixels of bodies are like, whatever light falls on them.

    Attributes:
        albedo: (3, n) share of the light that is sent back.
        roughness: (n,) 0 mirrors, 1 is dull.
        eye_m: (3,) where they are seen from.
    """

    albedo: Floats
    roughness: Floats
    eye_m: Floats


def material_of(gbuffer: GBuffer, spec: SceneSpec, camera: Camera, pixels: Pixels) -> Material:
    """The coat of the pixels of bodies."""
    colors = np.ascontiguousarray(gbuffer.color[slices(pixels.box)]).reshape(-1, 3).take(pixels.place, axis=0)
    roughness = np.array([body.roughness for body in spec.bodies], np.float32).take(pixels.body)
    albedo = paint(np.ascontiguousarray(colors.T))
    return Material(albedo, roughness, np.array(camera.pose.position_m, np.float32))


def paint_bodies(
    picture: Floats,
    material: Material,
    floor: Surface | None,
    light: Light,
    pixels: Pixels,
    sky: Sky,
    sun: Sun,
    floor_light: FloorLight | None,
) -> None:
    """Puts lit bodies into a picture (H, W, 3) of what is behind them."""
    direct = sunlight(light, pixels, sun)
    around = _around(light, pixels, sky, floor_light, floor)
    sun_rgb = (light.diffuse * np.array(light.color_rgb)).astype(np.float32)
    result = material.albedo * (around + sun_rgb[:, None] * direct)
    result += specular_light(
        light, material.eye_m, pixels.points_m, pixels.normal, direct, around, material.roughness
    )
    part = np.ascontiguousarray(picture[slices(pixels.box)])
    part.reshape(-1, 3)[pixels.place] = result.T
    picture[slices(pixels.box)] = part


def sunlight(light: Light, pixels: Pixels, sun: Sun) -> Floats:
    """How much of the sun's light, over its strength, falls on each pixel (n,)."""
    reached = _evened(sun.on_surface(_lifted(pixels, sun.maps)), pixels)
    facing = np.maximum(np.array(light.direction, np.float32) @ pixels.normal, 0)
    return np.asarray(facing * (1 - np.float32(light.shadow) * (1 - reached)), np.float32)


def _evened(values: Floats, pixels: Pixels) -> Floats:
    """Values (n,) mixed with those of the pixels around: the map's own pixels would show as teeth."""
    width, height = size(pixels.box)
    image = np.zeros((height, width, 2), np.float32)
    image.reshape(-1, 2)[pixels.place] = np.stack([values, np.ones_like(values)], axis=1)
    total, number = (
        cv2.blur(image, (EVEN_PX, EVEN_PX), borderType=cv2.BORDER_CONSTANT)
        .reshape(-1, 2)
        .take(pixels.place, axis=0)
        .T
    )
    return np.asarray(total / number, np.float32)


def _lifted(pixels: Pixels, maps: LightMaps, chosen: Index | None = None) -> Floats:
    points, normal = pixels.points_m, pixels.normal
    if chosen is not None:
        points, normal = points.take(chosen, axis=1), normal.take(chosen, axis=1)
    return points + normal * np.float32(LIFT_PX * maps.texel_m.max())


def _around(
    light: Light, pixels: Pixels, sky: Sky, floor_light: FloorLight | None, floor: Surface | None
) -> Floats:
    """Light (3, n) from sky and floor."""
    left, sky_below, sun_below = _shares(light, pixels, sky, floor_light)
    found = color_of(light)[:, None] * (free_light(light, sky.directions, pixels.normal) * left)
    if floor is not None and floor_light is not None:
        back = tint(floor) * np.float32(FLOOR_VIEW * light.bounce)
        down = (1 - pixels.normal[2]) * np.float32(0.5)
        found += (back * color_of(light))[:, None] * (sky_below * down)
        found += (back * sun_on_floor(light))[:, None] * (sun_below * down)
    return np.asarray(found, np.float32)


def _shares(light: Light, pixels: Pixels, sky: Sky, floor_light: FloorLight | None) -> tuple[Floats, ...]:
    """What is left of the sky at each pixel, and of the sky's and sun's light on the floor below: (n,) each.

    Found in a few pixels and spread from there: it is smooth, but for the normal, which comes in later.
    """
    width, height = size(pixels.box)
    columns, rows = pixels.columns.astype(np.uint16), pixels.rows.astype(np.uint16)
    chosen = np.flatnonzero((rows % STEP_PX == 0) & (columns % STEP_PX == 0))
    if not len(chosen):
        chosen = np.arange(len(rows))
    values = np.ones((len(chosen), 4), np.float32)
    normal = pixels.normal.take(chosen, axis=1)
    values[:, 0] = sky.left(light, normal, sky.seen(_lifted(pixels, sky.maps, chosen)))
    if floor_light is not None:
        points = pixels.points_m.take(chosen, axis=1)
        # The floor that a surface sees lies about as far beside it as it is high.
        reach = np.maximum(points[2], 0)
        x, y = points[0] + normal[0] * reach, points[1] + normal[1] * reach
        values[:, 1], values[:, 2] = (
            share[:, 0] for share in floor_light.thrown_back(x[:, None], y[:, None])
        )
    coarse = np.zeros((-(-height // STEP_PX), -(-width // STEP_PX), 4), np.float32)
    coarse[rows.take(chosen) // STEP_PX, columns.take(chosen) // STEP_PX] = values
    spread = cv2.blur(coarse, (3, 3), borderType=cv2.BORDER_CONSTANT)
    step = np.float32(1 / STEP_PX)
    full = np.ascontiguousarray(sampled(spread, pixels.columns * step, pixels.rows * step).T)
    mean = values.mean(axis=0)
    weight = 1 / (full[3] + np.float32(1e-3))
    return tuple((full[k] + np.float32(1e-3) * mean[k]) * weight for k in range(3))
