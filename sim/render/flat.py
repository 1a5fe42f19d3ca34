"""Images in which bodies have PyBullet's own shading, and cast shadows onto the floor."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Light, Shot
from scenes.spec import Surface
from sim.boxes import bounding_box, slices
from sim.render.compose import Array, Composer, Mask
from sim.render.lighting.walls import wall_points
from sim.render.raster.gbuffer import GBuffer, Renderer, ShadowMap
from sim.render.raster.planes import axis_component
from sim.render.raster.visibility import Visibility, visible_walls
from sim.settled import Settled

Plane = NDArray[np.float32]

SHADOW_MAP_PX = 256
"""Side of the floor's shadow map in pixels."""


class FlatComposer(Composer):
    """Composer that keeps the renderer's shading of bodies, and adds floor, walls and background."""

    def shade(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, visibility: Visibility
    ) -> NDArray[np.uint8]:
        """The image (H, W, 3) of a shot."""
        wide = gbuffer.wide
        if wide is None:
            return self._shade(renderer, gbuffer, settled, shot, visibility)
        seen, remapping = self.wide(wide, shot.camera, settled.spec.floor is not None, visibility.walls)
        plain = replace(shot, camera=wide.camera)
        image = remapping(self._shade(renderer, wide.gbuffer, settled, plain, seen).astype(np.float32))
        return np.rint(np.minimum(image, 255)).astype(np.uint8)

    def _shade(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, visibility: Visibility
    ) -> NDArray[np.uint8]:
        """The image (H, W, 3) of a pinhole camera."""
        spec = settled.spec
        image = self._background(spec.background, shot)
        if spec.floor is not None and visibility.is_floor is not None and visibility.plane_m is not None:
            shadow = renderer.shadow_map(settled, shot, SHADOW_MAP_PX)
            self._shade_floor(image, visibility.is_floor, visibility.plane_m, spec.floor, shot, shadow)
        self._shade_walls(image, shot, visibility)
        np.copyto(image, gbuffer.color, where=(visibility.body >= 0)[..., None])
        return image

    def _background(self, surface: Surface, shot: Shot) -> NDArray[np.uint8]:
        """Image (H, W, 3) of the background."""
        light = shot.light
        shape = (shot.camera.height, shot.camera.width)
        strength = np.full(shape, light.ambient + 0.5 * light.diffuse, np.float32)
        return _lit(self.surfaces.background(surface, shot.camera), surface, light, strength)

    def _shade_walls(self, image: NDArray[np.uint8], shot: Shot, visibility: Visibility) -> None:
        for wall, box, shown in visible_walls(visibility):
            points, depth_m = wall_points(wall, shot.camera, box)
            sampled = self.surfaces.wall(wall, shot.camera, points, depth_m)
            direct = max(-float(wall.outward() @ shot.light.direction), 0.0)
            strength = np.full(depth_m.shape, shot.light.ambient + shot.light.diffuse * direct, np.float32)
            lit = _lit(None if sampled is None else sampled.color, wall.surface, shot.light, strength)
            np.copyto(image[slices(box)], lit, where=shown[..., None])

    def _shade_floor(
        self,
        image: NDArray[np.uint8],
        is_floor: Mask,
        plane_m: Array,
        surface: Surface,
        shot: Shot,
        shadow: ShadowMap | None,
    ) -> None:
        box = bounding_box(is_floor)
        if box is None:
            return
        part = slices(box)
        camera, light = shot.camera, shot.light
        # Depth is limited to keep texture coordinates exact in float32; distant floor has its mean colour.
        depth = np.minimum(plane_m[part], 1e3 * camera.pose.position_m[2]).astype(np.float32)
        x, y = (
            np.float32(camera.pose.position_m[axis])
            + depth * axis_component(camera, axis)[part].astype(np.float32)
            for axis in (0, 1)
        )
        sampled = self.surfaces.floor(surface, camera, x, y, depth)
        albedo = None if sampled is None else sampled.color
        direct = light.diffuse * max(light.direction[2], 0.0)
        strength = np.float32(light.ambient + direct) - np.float32(direct * light.shadow) * _shade(
            shadow, light, x, y
        )
        np.copyto(image[part], _lit(albedo, surface, light, strength), where=is_floor[part][..., None])


def _lit(
    albedo: NDArray[np.uint8] | None, surface: Surface, light: Light, strength: Plane
) -> NDArray[np.uint8]:
    """Product of albedo (h, w, 3), or None for white, and irradiance (h, w), as 8-bit RGB."""
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
    """Fraction (0..1) of the sun's light that is blocked at floor points x, y (h, w)."""
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
