"""Textures and albedo of floors, walls and backgrounds, before lighting."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures, Texture
from scenes.assets.materials.material import Material
from scenes.shot import Camera
from scenes.spec import Surface, Wall
from sim.render.lighting.albedo import albedo_of
from sim.render.lighting.relief import Relief, relief_pixels
from sim.render.raster.texture import Mipmap, filtered, footprint

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]

MEAN_PX = 64
"""Side of the reduced texture whose mean albedo is computed."""


def base_albedo(surface: Surface) -> NDArray[np.float32]:
    """Albedo (3,) of a surface without its texture."""
    color = np.array([[surface.look.color_rgb or (1.0, 1.0, 1.0)]])
    return np.asarray(albedo_of(np.rint(255 * color).astype(np.uint8))[0, 0], np.float32)


def mean_albedo(pictures: Pictures, surface: Surface | None) -> NDArray[np.float32]:
    """Mean albedo (3,) of a surface with its texture; zeros without a surface."""
    if surface is None:
        return np.zeros(3, np.float32)
    texture = surface.look.texture
    if texture is None:
        return base_albedo(surface)
    material = pictures.material(texture)
    pixels = pictures(texture) if material is None else material.color
    small = cv2.resize(pixels, (MEAN_PX, MEAN_PX), interpolation=cv2.INTER_AREA)
    albedo = albedo_of(np.asarray(small, np.uint8), surface.look.color_rgb)
    return np.asarray(albedo.mean(axis=(0, 1)), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """A textured surface, sampled at the pixels of a view.

    Attributes:
        color: (h, w, 3) sRGB.
        relief: Slopes and gloss at these pixels; None for image files and patterns, which have neither.
    """

    color: Pixels
    relief: Relief | None


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """Mipmaps of a texture.

    Attributes:
        color: Mipmap of the colours.
        relief: Mipmap of the slopes and gloss; None for image files and patterns, which have neither.
        material: The material that the texture shows; None if `relief` is None.
    """

    color: Mipmap
    relief: Mipmap | None = None
    material: Material | None = None

    def sample(self, u: Plane, v: Plane, footprint: Plane) -> Sampled:
        """Samples colours, slopes and gloss for pixels (h, w); see `Mipmap.sample`."""
        lookup = self.color.lookup(u, v, footprint)
        color = self.color.at(lookup)
        if self.relief is None or self.material is None:
            return Sampled(color, None)
        step = self.material.max_slope / 127
        return Sampled(color, Relief(self.relief.at(lookup), step, self.material))


class Surfaces:
    """Filtered textures of floors, walls and backgrounds.

    Args:
        pictures: Loads the textures.
    """

    def __init__(self, pictures: Pictures) -> None:
        """Starts with an empty cache of filtered textures."""
        self._pictures = pictures
        self._mipmap = lru_cache(16)(self._filtered)

    def background(self, surface: Surface, camera: Camera) -> Pixels | None:
        """Texture (H, W, 3) of the background, shifted as the camera turns; None without a texture."""
        if surface.look.texture is None:
            return None
        shape = (camera.height, camera.width)
        forward = camera.pose.rotation()[:, 2]
        turn = np.arctan2(forward[1], forward[0]) + surface.turn_rad
        rise = np.arcsin(np.clip(forward[2], -1, 1))
        scale = 1.0 / max(shape)
        u = ((np.arange(camera.width) + 0.5) * scale + turn).astype(np.float32)
        v = ((np.arange(camera.height) + 0.5) * scale + rise).astype(np.float32)
        grid = np.broadcast_to(u, shape), np.broadcast_to(v[:, None], shape)
        return self._sampled(surface, *grid, np.full((1, 1), scale, np.float32)).color

    def floor(self, surface: Surface, camera: Camera, x: Plane, y: Plane, depth: Plane) -> Sampled | None:
        """Samples the texture of the floor; returns None if the floor has no texture.

        Args:
            surface: The floor.
            camera: The camera.
            x: (h, w) world x of the floor points that the pixels show.
            y: (h, w) world y of these points.
            depth: (h, w) depths of these points.
        """
        if surface.look.texture is None:
            return None
        cosine = float(np.cos(surface.turn_rad) / surface.tile_m)
        sine = float(np.sin(surface.turn_rad) / surface.tile_m)
        eye = np.array(camera.pose.position_m, np.float32)
        covered = footprint(camera, surface.tile_m, (x, y), eye, depth)
        u, v = cv2.addWeighted(x, cosine, y, -sine, 0), cv2.addWeighted(x, sine, y, cosine, 0)
        return self._sampled(surface, np.asarray(u, np.float32), np.asarray(v, np.float32), covered)

    def wall(self, wall: Wall, camera: Camera, points: Plane, depth: Plane) -> Sampled | None:
        """Samples the upright texture of a wall; returns None if the wall has no texture.

        Args:
            wall: The wall.
            camera: The camera.
            points: (3, h, w) world coordinates of the wall points that the pixels show.
            depth: (h, w) depths of these points.
        """
        surface = wall.surface
        if surface.look.texture is None:
            return None
        side, out = wall.sideways().astype(np.float32), wall.outward().astype(np.float32)
        eye = np.array(camera.pose.position_m, np.float32)
        across = side[0] * points[0] + side[1] * points[1]
        before_m = np.float32(wall.distance_m) - out @ eye
        seen_from = np.array([side @ eye, eye[2], before_m], np.float32)
        covered = footprint(camera, surface.tile_m, (across, points[2]), seen_from, depth)
        scale = np.float32(1 / surface.tile_m)
        return self._sampled(surface, across * scale, points[2] * -scale, covered)

    def _sampled(self, surface: Surface, u: Plane, v: Plane, footprint: Plane) -> Sampled:
        """Samples the texture of a surface.

        Args:
            surface: The surface.
            u: (h, w) distances from the surface's origin along the first axis of the texture, in tiles.
            v: (h, w) distances along the second axis, in tiles.
            footprint: Side of each pixel on the surface, in tiles.
        """
        assert surface.look.texture is not None
        if surface.look.offset_tiles != (0.0, 0.0):
            right, down = np.array(surface.look.offset_tiles, np.float32)
            u, v = u + right, v + down
        return self._mipmap(surface.look.texture).sample(u, v, footprint)

    def _filtered(self, texture: Texture) -> Filtered:
        material = self._pictures.material(texture)
        if material is not None:
            return Filtered(Mipmap(material.color), Mipmap(relief_pixels(material)), material)
        return Filtered(filtered(self._pictures, texture))
