"""Colours of furniture that consists of cuboids: its texture in metres on each visible face."""

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import bounding_box, slices
from sim.meshfiles import MeshFiles
from sim.render.raster.cuboids import Cuboid, Cuboids, along_rays
from sim.render.raster.decals.painting import Shading
from sim.render.raster.gbuffer import Array
from sim.render.raster.texture import filtered, footprint

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

LEVEL = 1e-6
"""Smallest share of a direction along the vertical with which it is not level."""
CACHED_TEXTURES = 16
"""Number of textures that are kept."""
SHIFTS = 0.618, 0.382
"""By how much the texture of a face is shifted for each metre of its distance from the world's origin, so
that boards that lie one above the other do not look alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face of a cuboid in a box of the image.

    Attributes:
        axis: The axis of the cuboid that it is square to.
        cuboid: The cuboid.
        places: Coordinates (h, w) of the pixels along each axis of the cuboid.
        depth_m: (h, w) depths in metres.
    """

    axis: int
    cuboid: Cuboid
    places: list[Floats]
    depth_m: Floats

    @property
    def side(self) -> float:
        """1 if it is at the upper end of its axis, -1 at the lower one."""
        return float(np.copysign(1.0, self.cuboid.eye_m[self.axis]))

    @property
    def eye_above_m(self) -> float:
        """Distance of the camera from its plane."""
        return float(abs(self.cuboid.eye_m[self.axis]) - self.cuboid.half_m[self.axis])

    def texture_axes(self, turn: Array) -> tuple[tuple[int, float], tuple[int, float]]:
        """Axis and sign of the directions that are right and down in the texture, seen from outside.

        Right, along which wood has its grain, is the longer side; what is up is up in the world, too.

        Args:
            turn: (3, 3) rotation of the cuboid in the world.
        """
        first, second = (axis for axis in range(3) if axis != self.axis)
        if self.cuboid.half_m[first] < self.cuboid.half_m[second]:
            first, second = second, first
        cyclic = 1.0 if (second - first) % 3 == 1 else -1.0
        down = -cyclic * self.side
        turned = -1.0 if down * turn[2, second] > LEVEL else 1.0
        return (first, turned), (second, turned * down)


class BoardPainter:
    """Paints furniture that consists of cuboids.

    Args:
        files: Meshes of the assets.
        pictures: Loads the textures.
    """

    def __init__(self, files: MeshFiles, pictures: Pictures) -> None:
        """Paints nothing yet."""
        self._files, self._cuboids = files, Cuboids(files)
        self._mipmap = lru_cache(CACHED_TEXTURES)(partial(filtered, pictures))

    def paint(
        self,
        color: Pixels,
        body: Body,
        camera: Camera,
        shown: Mask,
        depth_m: Floats,
        shading: Shading | None,
    ) -> None:
        """Paints the pixels (H, W) of an image that show a cuboid, in place.

        Args:
            color: (H, W, 3) the image.
            body: The cuboid.
            camera: The camera, a pinhole.
            shown: (H, W) mask of the pixels.
            depth_m: (H, W) depths in metres.
            shading: What the renderer multiplies colours with; None if they are unlit.
        """
        box = bounding_box(shown)
        if box is None:
            return
        cuboid, part = self._cuboids.seen(body, camera), slices(box)
        shown, depth_m = shown[part], np.where(shown[part], depth_m[part], np.float32(0))
        along = along_rays(camera, box)
        places = [
            along(row).astype(np.float32) * depth_m + np.float32(eye_m)
            for row, eye_m in zip(cuboid.turn, cuboid.eye_m, strict=True)
        ]
        for axis, here in _faces(cuboid, places, shown):
            inner = bounding_box(here)
            if inner is None:
                continue
            cut = slices(inner)
            face = Face(axis, cuboid, [place[cut] for place in places], depth_m[cut])
            found = self._colors(body, face, camera)
            if shading is not None:
                found = found * shading(face.side * body.pose.rotation()[None, :, axis])[0]
            levels = np.rint(np.clip(found, 0, 255)).astype(np.uint8)
            np.copyto(color[part][cut], levels, where=here[cut][..., None])

    def _colors(self, body: Body, face: Face, camera: Camera) -> Array | Pixels:
        """The unlit colours (h, w, 3) of a face, 0..255; (3,) without a texture."""
        (part,) = self._files.mesh(body.asset, 0).parts
        tint = np.array(body.look.color_rgb or part.color_rgb)
        if body.look.texture is None:
            return 255 * tint
        cuboid, turn = face.cuboid, body.pose.rotation()
        right, down = face.texture_axes(turn)
        tile_m = body.tile_m or 2 * float(cuboid.half_m.max())
        across = face.places[right[0]], face.places[down[0]]
        eye = np.array([*cuboid.eye_m[[right[0], down[0]]], face.eye_above_m], np.float32)
        covered = footprint(camera, tile_m, across, eye, face.depth_m)
        # Pieces of one piece of furniture continue each other's texture: it is fixed in the world.
        middle_m = np.array(self._files.center_pose(body).position_m) @ turn
        level_m = middle_m[face.axis] + face.side * cuboid.half_m[face.axis]
        u, v = (
            place * np.float32(sign / tile_m)
            + np.float32((sign * (middle_m[axis] + shift * level_m) / tile_m + offset) % 1.0)
            for place, (axis, sign), shift, offset in zip(
                across, (right, down), SHIFTS, body.look.offset_tiles, strict=True
            )
        )
        color = self._mipmap(body.look.texture).sample(u, v, covered)
        return color if tuple(tint) == (1.0, 1.0, 1.0) else color * tint


def _faces(cuboid: Cuboid, places: list[Floats], shown: Mask) -> list[tuple[int, Mask]]:
    """The axes of the faces that a camera sees, and the pixels (h, w) that show each."""
    if len(cuboid.facing) == 1:
        return [(cuboid.facing[0], shown)]
    inside = np.stack([np.float32(cuboid.half_m[axis]) - np.abs(places[axis]) for axis in cuboid.facing])
    nearest = inside.argmin(axis=0)
    return [(axis, shown & (nearest == place)) for place, axis in enumerate(cuboid.facing)]
