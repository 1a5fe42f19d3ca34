"""Reflections of bodies, walls and surroundings in a glossy floor."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Shot
from scenes.spec import Surface, Wall
from sim.render.lighting.albedo import albedo_of
from sim.render.lighting.bodies import shade_bodies
from sim.render.lighting.floor import FloorColors
from sim.render.lighting.lit import Lit, LitLamp
from sim.render.lighting.metal import METAL_HIGHLIGHT
from sim.render.lighting.mirror import (
    STEP_PX,
    Finish,
    finish_of,
    fresnel,
    mirrored_camera,
    scattered,
    surroundings,
)
from sim.render.lighting.pixels import body_pixels, material_of
from sim.render.lighting.specular import specular_light
from sim.render.lighting.surfaces import Surfaces, base_albedo
from sim.render.lighting.walls import shade_walls
from sim.render.raster.gbuffer import GBuffer, RejectedView, Renderer
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.settled import Settled

Floats = NDArray[np.float32]

FAR = 1e3
"""Maximum depth of the floor, in multiples of the height of the camera."""
METAL_DIFFUSE = 0.1
"""Fraction of diffuse light that a metal floor keeps, because of dirt and scratches."""


@dataclass(frozen=True, slots=True, eq=False)
class MirrorView:
    """The mirror image in the floor, before shading.

    Attributes:
        camera: The camera below the floor.
        gbuffer: The rendered bodies.
        visibility: The visible surfaces of bodies and walls.
    """

    camera: Camera
    gbuffer: GBuffer
    visibility: Visibility


def with_reflections(
    image: Floats,
    colors: FloorColors,
    lit: Lit,
    surfaces: Surfaces,
    renderer: Renderer,
    settled: Settled,
    shot: Shot,
    visibility: Visibility,
) -> Floats:
    """Adds reflections to the linear image (H, W, 3) of the floor; unchanged if the floor is matte.

    Args:
        image: The linear image of the floor.
        colors: Positions and texture of the floor.
        lit: The lit scene.
        surfaces: Textures of the walls.
        renderer: Renders the bodies.
        settled: The scene at rest.
        shot: A shot with the camera of the image.
        visibility: Visible surfaces of the image.
    """
    assert lit.spec.floor is not None
    finish = finish_of(lit.spec.floor, colors.relief, lit.light)
    if finish is None or visibility.plane_m is None or not np.any(visibility.is_floor):
        return image
    view = _mirror_view(renderer, settled, shot, visibility.walls)
    if view is None:
        return image
    coarse = np.s_[::STEP_PX, ::STEP_PX]
    seen = np.isfinite(visibility.plane_m[coarse])
    if not seen.any():  # the floor is a line or two at the edge of the image
        return image
    places_m = np.stack([plane[coarse] for plane in (colors.x, colors.y)])
    cosine, floor_m = (
        _cosine(places_m, shot.camera),
        np.minimum(visibility.plane_m[coarse], FAR * shot.camera.pose.position_m[2]),
    )
    mirror, behind_m = _shaded(view, lit, surfaces)
    mean = float(cosine[seen].mean())
    mirror = scattered(mirror, floor_m.astype(np.float32), behind_m, view.camera.fy, finish.roughness, mean)
    light = _highlights(places_m, shot.camera, lit, finish)
    if finish.metallic:
        return _on_metal(image, mirror + light * np.float32(METAL_HIGHLIGHT), colors, lit.spec.floor)
    share = fresnel(cosine) * np.float32(finish.strength)
    light = light * np.float32(min(finish.strength, 1)) + mirror * share[..., None]
    return _over(image, light, share, colors)


def _shaded(view: MirrorView, lit: Lit, surfaces: Surfaces) -> tuple[Floats, Floats]:
    """The mirror image (h, w, 3) in a smooth floor, and its depth (h, w)."""
    image = surroundings(view.camera, lit.light)
    if lit.scene is not None:
        shade_walls(image, surfaces, view.camera, view.visibility, lit)
        pixels = body_pixels(view.camera, view.visibility, lit.scene.normal_cloud, lit.spec)
        if pixels is not None:
            shade_bodies(image, lit, pixels, material_of(view.gbuffer, lit.spec, view.camera, pixels))
    return np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(view.visibility.depth_m[:, ::-1])


def _mirror_view(
    renderer: Renderer, settled: Settled, shot: Shot, walls: tuple[Wall, ...]
) -> MirrorView | None:
    """The mirror image in the floor, before shading; None if it cannot be rendered."""
    below = mirrored_camera(shot.camera)
    try:
        gbuffer = renderer.rasterise(settled, replace(shot, camera=below))
    except RejectedView:
        return None
    return MirrorView(below, gbuffer, resolve_visibility(gbuffer, below, False, walls))


def _cosine(places_m: Floats, camera: Camera) -> Floats:
    """Cosine (h, w) of the angle between the rays to floor points (2, h, w) and the vertical."""
    x, y, height = camera.pose.position_m
    across, along = places_m[0] - np.float32(x), places_m[1] - np.float32(y)
    return np.asarray(height / np.sqrt(across * across + along * along + np.float32(height**2)), np.float32)


def _highlights(places_m: Floats, camera: Camera, lit: Lit, finish: Finish) -> Floats:
    """Computes highlights (h, w, 3) of sun and lamps at floor points `places_m` (2, h, w)."""
    shape = places_m.shape[1:]
    points = np.concatenate([places_m.reshape(2, -1), np.zeros((1, shape[0] * shape[1]), np.float32)])
    eye, normal = np.array(camera.pose.position_m, np.float32), np.zeros_like(points)
    normal[2] = 1
    rough = np.full(points.shape[1], finish.roughness, np.float32)
    total = np.zeros_like(points)
    for lamp in lit.lamps:
        direct = _direct(lamp, places_m).ravel()
        total += specular_light(lamp.light, eye, points, normal, direct, np.zeros((3, 1), np.float32), rough)
    return np.ascontiguousarray(total.T.reshape(*shape, 3))


def _direct(lamp: LitLamp, places_m: Floats) -> Floats:
    """Irradiance (h, w) of floor points (2, h, w) from a lamp, relative to a surface that faces it."""
    x, y = (np.ascontiguousarray(plane) for plane in places_m)
    blocked = np.zeros_like(x) if lamp.shadow is None else lamp.shadow.on_floor(x, y)
    return np.asarray(lamp.light.direction[2] * (1 - np.float32(lamp.light.shadow) * blocked), np.float32)


def _over(image: Floats, light: Floats, share: Floats, colors: FloorColors) -> Floats:
    """Adds reflected light (h, w, 3) to the image (H, W, 3) of a floor with reflectance `share` (h, w)."""
    both = _enlarged(cv2.merge([*cv2.split(light), share]), image)
    gloss = _gloss(colors, image)
    kept = 1 - both[..., 3] * gloss
    return np.asarray(image * kept[..., None] + both[..., :3] * gloss[..., None], np.float32)


def _on_metal(image: Floats, light: Floats, colors: FloorColors, surface: Surface) -> Floats:
    """Adds reflected light (h, w, 3), tinted by the metal, to the image (H, W, 3) of a metal floor."""
    gloss = _gloss(colors, image)[..., None]
    tint = base_albedo(surface) if colors.color is None else albedo_of(colors.color, surface.look.color_rgb)
    kept = 1 - gloss * np.float32(1 - METAL_DIFFUSE)
    return np.asarray(image * kept + _enlarged(light, image) * tint * gloss, np.float32)


def _gloss(colors: FloorColors, image: Floats) -> Floats:
    """Gloss (H, W) of the floor: 0 is matte, 1 reflects fully."""
    if colors.relief is None:
        return np.ones(image.shape[:2], np.float32)
    return cv2.extractChannel(colors.relief.pixels, 2).astype(np.float32) * np.float32(1 / 255)


def _enlarged(coarse: cv2.typing.MatLike, image: Floats) -> Floats:
    """Enlarges `coarse` to the height and width of `image` (H, W, 3), by interpolation."""
    height, width = image.shape[:2]
    wide = cv2.resize(coarse, (coarse.shape[1] * STEP_PX, coarse.shape[0] * STEP_PX))
    return np.asarray(wide[:height, :width], np.float32)
