"""The floor under a sun and a sky, wherever it is seen or hidden."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light
from scenes.spec import Surface
from sim.render.lighting.albedo import paint
from sim.render.lighting.sky import FLOOR_PX, Sky, color_of
from sim.render.lighting.sun import Sun
from sim.render.lighting.surfaces import Surfaces, tint

Floats = NDArray[np.float32]

COARSE = 2
"""The sky's light on the floor is looked up in every so manieth row and column."""
BLUR_PX = 5
MOST_ROWS = 32_766
"""`cv2.remap` takes no more at once."""


@dataclass(frozen=True, slots=True, eq=False)
class FloorLight:
    """What reaches the floor, over what would reach it without bodies.

    Attributes:
        sky: (px, px) on the sky's grid.
        sun: Of a scene with bodies.
        scene: What they leave of the sky.
    """

    sky: Floats
    sun: Sun
    scene: Sky

    def around(self, x: Floats, y: Floats) -> Floats:
        """The share of the sky's light at floor points x, y (h, w)."""
        return self._on_grid(self.sky, x, y)

    def thrown_back(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The shares of the sky's and of the sun's light that arrive near floor points x, y (h, w)."""
        assert self.scene.floor is not None
        step = slice(None, None, 2)
        sun = 1 - self.sun.on_floor(*(plane[step, step] for plane in self.scene.floor.centres()))
        coarse = cv2.resize(self.sky, (FLOOR_PX // 2, FLOOR_PX // 2), interpolation=cv2.INTER_AREA)
        both = cv2.blur(cv2.merge([coarse, sun]), (BLUR_PX, BLUR_PX), borderType=cv2.BORDER_REPLICATE)
        wide = cv2.resize(both, (FLOOR_PX, FLOOR_PX))
        return self._on_grid(wide[..., 0], x, y), self._on_grid(wide[..., 1], x, y)

    def _on_grid(self, values: cv2.typing.MatLike, x: Floats, y: Floats) -> Floats:
        assert self.scene.floor is not None
        u, v = self.scene.floor.places(x, y)
        parts = [
            cv2.remap(
                values, u[part], v[part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0
            )
            for part in (np.s_[start : start + MOST_ROWS] for start in range(0, len(u), MOST_ROWS))
        ]
        return np.asarray(np.concatenate(parts) if len(parts) > 1 else parts[0], np.float32)


def light_on_floor(light: Light, sky: Sky, sun: Sun) -> FloorLight | None:
    """What reaches the floor of a scene; None without a floor."""
    return None if sky.floor is None else FloorLight(sky.on_floor(light), sun, sky)


def sun_on_floor(light: Light) -> Floats:
    """The sun's light (3,) on a free, level floor."""
    return (light.diffuse * light.direction[2] * np.array(light.color_rgb)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FloorColors:
    """The floor as one camera sees it, before any light falls on it.

    Attributes:
        x: (H, W) in the world.
        y: (H, W) in the world.
        color: (H, W, 3) uint8; None without a texture.
    """

    x: Floats
    y: Floats
    color: NDArray[np.uint8] | None


def floor_colors(
    surfaces: Surfaces, surface: Surface, camera: Camera, plane_m: NDArray[np.float64]
) -> FloorColors:
    """What the floor is like, wherever it is seen or hidden.

    Args:
        surfaces: Textures.
        surface: The floor.
        camera: Where it is seen from.
        plane_m: (H, W) its depth; infinite above the horizon.
    """
    # Far floor is nearly of one colour; the limit keeps single precision true to a texel.
    depth = np.minimum(plane_m, 1e3 * camera.pose.position_m[2]).astype(np.float32)
    x, y = on_plane(camera, depth)
    return FloorColors(x, y, surfaces.floor(surface, camera, x, y, depth))


def floor_picture(
    colors: FloorColors, surface: Surface, light: Light, floor_light: FloorLight | None
) -> Floats:
    """The light (H, W, 3) that comes from the floor.

    Args:
        colors: What is seen of it.
        surface: What it is like.
        light: Sun and sky.
        floor_light: What bodies leave of the light; None where there are none.
    """
    x, y, color = colors.x, colors.y, colors.color
    own = tint(surface) if color is None else np.ones(3, np.float32)
    sky_rgb, sun_rgb = own * color_of(light), own * sun_on_floor(light)
    if floor_light is None:
        strength = np.full((*x.shape, 3), sky_rgb + sun_rgb, np.float32)
    else:
        around, shadow = _coarsely(floor_light, x, y), floor_light.sun.on_floor(x, y)
        channels = [
            cv2.addWeighted(around, float(sky), shadow, -light.shadow * float(sun), float(sun))
            for sky, sun in zip(sky_rgb, sun_rgb, strict=True)
        ]
        strength = np.asarray(cv2.merge(channels), np.float32)
    if color is None:
        return strength
    return np.asarray(cv2.multiply(paint(color, surface.look.color_rgb), strength), np.float32)


def _coarsely(floor_light: FloorLight, x: Floats, y: Floats) -> Floats:
    """The sky's share (h, w), looked up in every second row and column: it is smooth."""
    height, width = x.shape
    few = floor_light.around(*(np.ascontiguousarray(plane[::COARSE, ::COARSE]) for plane in (x, y)))
    # `resize` puts samples into the middles of their blocks; these lie half a pixel before.
    shift = np.array([[1 / COARSE, 0.0, 0.0], [0.0, 1 / COARSE, 0.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(few, shift, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def on_plane(camera: Camera, depth_m: Floats) -> tuple[Floats, Floats]:
    """World x and y (H, W) of what is seen at a depth (H, W)."""
    rotation = camera.pose.rotation()
    right = ((np.arange(camera.width) + 0.5 - camera.cx) / camera.fx).astype(np.float32)
    down = ((np.arange(camera.height) + 0.5 - camera.cy) / camera.fy).astype(np.float32)[:, None]
    x, y = (
        (right * np.float32(row[0]) + (down * np.float32(row[1]) + np.float32(row[2]))) * depth_m
        + np.float32(start)
        for row, start in zip(rotation[:2], camera.pose.position_m, strict=False)
    )
    return x, y
