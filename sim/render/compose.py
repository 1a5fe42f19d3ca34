"""The picture: floor and background by ray and plane, cast shadows on the floor, bodies over them."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.looks import IMAGE, Pictures
from scenes.spec import Camera, Light, Shot, Surface, Texture
from sim.render.rasterise import GBuffer, Renderer, ShadowMap
from sim.render.texture import Mipmap
from sim.settle import Settled

Array = NDArray[np.float64]
Plane = NDArray[np.float32]

SHADOW_MAP_PX = 256


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture and what is where in it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        body: (H, W) int16, index into the scene's bodies; -1 where none is seen.
        depth_m: (H, W) float32, along the camera's z; infinite for the background.
    """

    image: NDArray[np.uint8]
    body: NDArray[np.int16]
    depth_m: NDArray[np.float32]


def floor_depth(camera: Camera) -> Array:
    """Depth (H, W) at which the ray through each pixel's centre meets the plane z = 0; infinite where not."""
    down = _along(camera, 2)
    height_m = camera.pose.position_m[2]
    with np.errstate(divide="ignore"):
        depth_m = -height_m / down
    return np.where((depth_m > 0) & np.isfinite(depth_m), depth_m, np.inf)


def _along(camera: Camera, axis: int) -> Array:
    """World component (H, W) of each pixel's ray, at depth 1."""
    row = camera.pose.rotation()[axis]
    x = (np.arange(camera.width) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(camera.height) + 0.5 - camera.cy) / camera.fy
    return np.asarray(row[0] * x[None, :] + (row[1] * y + row[2])[:, None])


class Composer:
    """Puts pictures together.

    Args:
        pictures: Textures.
    """

    def __init__(self, pictures: Pictures) -> None:
        """Keeps the filtered textures that were used last."""
        self._pictures = pictures
        self._mipmap = lru_cache(16)(self._filtered)

    def compose(self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot) -> Frame:
        """The picture of one shot; which body is where comes from depth and plane alone."""
        spec, camera = settled.spec, shot.camera
        image = self._background(spec.background, shot)
        depth_m, body = gbuffer.depth_m, gbuffer.body
        if spec.floor is not None:
            plane_m = floor_depth(camera)
            is_floor = plane_m < depth_m
            shadow = renderer.shadow_map(settled, shot, SHADOW_MAP_PX)
            self._paint_floor(image, is_floor, plane_m, spec.floor, shot, shadow)
            body = np.where(is_floor, np.int16(-1), body)
            depth_m = np.where(is_floor, plane_m, depth_m).astype(np.float32)
        np.copyto(image, gbuffer.color, where=(body >= 0)[..., None])
        return Frame(image, body, depth_m)

    def _background(self, surface: Surface, shot: Shot) -> NDArray[np.uint8]:
        """What is behind everything, (H, W, 3): a texture over the image that turns with the camera."""
        camera, light = shot.camera, shot.light
        shape = (camera.height, camera.width)
        albedo = None
        if surface.look.texture is not None:
            forward = camera.pose.rotation()[:, 2]
            turn = np.arctan2(forward[1], forward[0]) + surface.turn_rad
            rise = np.arcsin(np.clip(forward[2], -1, 1))
            scale = 1.0 / max(shape)
            u = ((np.arange(camera.width) + 0.5) * scale + turn).astype(np.float32)
            v = ((np.arange(camera.height) + 0.5) * scale + rise).astype(np.float32)
            grid = np.broadcast_to(u, shape), np.broadcast_to(v[:, None], shape)
            albedo = self._texture("background", surface).sample(*grid, np.full(shape, scale, np.float32))
        strength = np.full(shape, light.ambient + 0.5 * light.diffuse, np.float32)
        return _lit(albedo, surface, light, strength)

    def _paint_floor(
        self,
        image: NDArray[np.uint8],
        is_floor: NDArray[np.bool_],
        plane_m: Array,
        surface: Surface,
        shot: Shot,
        shadow: ShadowMap | None,
    ) -> None:
        rows, columns = np.nonzero(is_floor.any(axis=1))[0], np.nonzero(is_floor.any(axis=0))[0]
        if not len(rows):
            return
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        camera, light = shot.camera, shot.light
        # Far floor is nearly of one colour; the limit keeps single precision true to a texel.
        depth = np.minimum(plane_m[part], 1e3 * camera.pose.position_m[2]).astype(np.float32)
        x, y = (
            np.float32(camera.pose.position_m[axis]) + depth * _along(camera, axis)[part].astype(np.float32)
            for axis in (0, 1)
        )
        albedo = None
        if surface.look.texture is not None:
            albedo = self._sample_floor(surface, camera, x, y, depth)
        direct = light.diffuse * max(light.direction[2], 0.0)
        strength = np.float32(light.ambient + direct) - np.float32(direct * light.shadow) * _shade(
            shadow, light, x, y
        )
        np.copyto(image[part], _lit(albedo, surface, light, strength), where=is_floor[part][..., None])

    def _sample_floor(
        self, surface: Surface, camera: Camera, x: Plane, y: Plane, depth: Plane
    ) -> NDArray[np.uint8]:
        cosine = np.float32(np.cos(surface.turn_rad) / surface.tile_m)
        sine = np.float32(np.sin(surface.turn_rad) / surface.tile_m)
        # A pixel's footprint on the floor: depth/f across, and longer by range/height away from the camera.
        eye = np.array(camera.pose.position_m, np.float32)
        height_m = max(eye[2], np.float32(1e-6))
        away = np.sqrt((x - eye[0]) ** 2 + (y - eye[1]) ** 2 + height_m**2) / height_m
        footprint = depth * np.float32(1.0 / min(camera.fx, camera.fy) / surface.tile_m) * np.sqrt(away)
        mipmap = self._texture("floor", surface)
        return mipmap.sample(x * cosine - y * sine, x * sine + y * cosine, footprint)

    def _texture(self, role: str, surface: Surface) -> Mipmap:
        assert surface.look.texture is not None
        return self._mipmap(role, surface.look.texture)

    def _filtered(self, role: str, texture: Texture) -> Mipmap:
        return Mipmap(self._pictures(role, texture), mirrored=texture.kind == IMAGE)


def _lit(
    albedo: NDArray[np.uint8] | None, surface: Surface, light: Light, strength: Plane
) -> NDArray[np.uint8]:
    """Albedo (h, w, 3), or white, under light of a strength (h, w), as 8-bit RGB."""
    tint = np.array(surface.look.color_rgb or (1.0, 1.0, 1.0)) * np.array(light.color_rgb)
    if albedo is None:
        channels = [cv2.convertScaleAbs(strength, alpha=255.0 * gain) for gain in tint]
    else:
        split = cv2.split(albedo)
        channels = [
            cv2.multiply(channel, strength, scale=float(gain), dtype=cv2.CV_8U)
            for channel, gain in zip(split, tint, strict=True)
        ]
    return np.asarray(cv2.merge(channels), np.uint8)


def _shade(shadow: ShadowMap | None, light: Light, x: Plane, y: Plane) -> Plane:
    """How much of the directed light is kept from floor points x, y (h, w): 0..1."""
    if shadow is None:
        return np.zeros(x.shape, np.float32)
    side = len(shadow.blocked)
    blurred: Plane = shadow.blocked.astype(np.float32) / np.float32(255.0)
    sigma = light.softness * side
    if sigma > 0.3:
        blurred = np.asarray(
            cv2.GaussianBlur(blurred, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32
        )
    scale = shadow.px_per_m
    u, v = (
        x * np.float32(axis[0] * scale) + y * np.float32(axis[1] * scale) - np.float32(corner * scale + 0.5)
        for axis, corner in ((shadow.right, shadow.corner_m[0]), (shadow.down, shadow.corner_m[1]))
    )
    return np.asarray(cv2.remap(blurred, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32)
