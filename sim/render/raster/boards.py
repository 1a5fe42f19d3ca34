"""Colours of furniture that consists of cuboids or discs; textures are scaled in metres."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Camera
from scenes.spec import Body
from sim.meshfiles import MeshFiles
from sim.render.raster.cuboids import Cuboid, Cuboids
from sim.render.raster.decals.painting import Shading
from sim.render.raster.gbuffer import Array
from sim.render.raster.texture import filtered, slanted

Floats = NDArray[np.float32]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

LEVEL = 1e-6
"""Vertical component of a unit vector up to which the vector counts as horizontal."""
BARS = 0.0, 1.0, 0.0
"""Direction of bars: along y."""
CACHED_TEXTURES = 16
"""Number of textures in the cache."""
SHIFTS = 0.618, 0.382
"""Texture shift along both texture axes, in metres per metre of a face's distance from the world origin, so
that stacked boards do not look alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face of a cuboid, or the faces of several cuboids that face the same direction.

    Attributes:
        axis: The axis of the cuboid to which the face is perpendicular.
        side: 1 if the face is at the upper end of the axis, -1 if it is at the lower end.
        cuboid: The cuboid.
    """

    axis: int
    side: float
    cuboid: Cuboid

    def normals(self, places: Floats) -> Array:
        """Unit normals (n, 3) at points (3, n) in the cuboid's frame; (1, 3) if all normals are equal."""
        if self.cuboid.is_round and self.axis != 2:
            x, y, _ = places.astype(np.float64)
            return np.asarray(np.stack([x, y, np.zeros_like(x)], axis=1) / np.hypot(x, y)[:, None])
        return np.asarray(self.side * np.eye(3)[None, self.axis])

    def texture_axes(self, turn: Array) -> tuple[tuple[int, float], tuple[int, float]]:
        """The axes of the cuboid along which the right and down directions of the texture point.

        Right is the direction of wood grain: along the longer side of the face or, if this object stands for
        the faces of several cuboids, along y. The texture is turned by 180° if its down direction would point
        upwards in the world.

        Args:
            turn: (3, 3) rotation of the cuboid in the world.

        Returns:
            Axis index and sign (1 or -1) of the right direction, then axis index and sign of the down
            direction.
        """
        first, second = (axis for axis in range(3) if axis != self.axis)
        long_m = self.cuboid.half_m if self.cuboid.ends_m is None else BARS
        if long_m[first] < long_m[second]:
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
        """Creates empty caches for cuboids and textures."""
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
        """Paints the pixels of an image that show a body made of cuboids; modifies the image.

        Args:
            color: (H, W, 3) the image.
            body: The body.
            camera: The camera, a pinhole.
            shown: (H, W) mask of the pixels to paint.
            depth_m: (H, W) depth of each pixel in metres.
            shading: Returns the renderer's shading factors for given normals; None if colours are unlit.
        """
        place = np.flatnonzero(shown)
        if not len(place):
            return
        pixels, cuboid = color.reshape(-1, 3), self._cuboids.seen(body, camera)
        if shading is None and body.look.texture is None:
            pixels[place] = _levels(self._tint(body))
            return
        depth_m = depth_m.ravel().take(place)
        places = _places(cuboid, camera, place, depth_m)
        for face, chosen in _faces(cuboid, places):
            found = self._colors(body, face, camera, places.take(chosen, axis=1), depth_m.take(chosen))
            if shading is not None:
                found = found * shading(face.normals(places.take(chosen, axis=1)) @ body.pose.rotation().T)
            pixels[place.take(chosen)] = _levels(found)

    def _tint(self, body: Body) -> Array:
        (part,) = self._files.mesh(body.asset, 0).parts
        return np.array(body.look.color_rgb or part.color_rgb) * (255 if body.look.texture is None else 1)

    def _colors(
        self, body: Body, face: Face, camera: Camera, places: Floats, depth_m: Floats
    ) -> Array | Pixels:
        """The colours of points of a face before shading, 0..255: (n, 3), or (3,) if the body has no texture.

        Args:
            body: The body.
            face: The face.
            camera: The camera.
            places: (3, n) positions of the points in the cuboid's frame.
            depth_m: (n,) depth of each point in metres.
        """
        tint = self._tint(body)
        if body.look.texture is None:
            return tint
        cuboid, turn = face.cuboid, body.pose.rotation()
        right, down = face.texture_axes(turn)
        tile_m = body.tile_m or 2 * float(cuboid.half_m.max())
        covered = slanted(camera, tile_m, places, cuboid.eye_m, face.axis, depth_m)
        # The texture is fixed in the world, so it continues across the cuboids of a piece of furniture.
        middle_m = np.array(self._files.center_pose(body).position_m) @ turn
        level_m = middle_m[face.axis] + face.side * cuboid.half_m[face.axis]
        u, v = (
            places[axis] * np.float32(sign / tile_m)
            + np.float32((sign * (middle_m[axis] + shift * level_m) / tile_m + offset) % 1.0)
            for (axis, sign), shift, offset in zip((right, down), SHIFTS, body.look.offset_tiles, strict=True)
        )
        color = self._mipmap(body.look.texture).along(u, v, covered)
        return color if tuple(tint) == (1.0, 1.0, 1.0) else color * tint


def _levels(found: Array | Pixels) -> Pixels:
    """Colours rounded to 8 bits."""
    return np.asarray(np.rint(np.clip(found, 0, 255)), np.uint8)


def _places(cuboid: Cuboid, camera: Camera, place: Index, depth_m: Floats) -> Floats:
    """Positions (3, n), in the frame of a cuboid, of the surface points that n pixels show.

    Args:
        cuboid: The cuboid.
        camera: The camera, a pinhole.
        place: (n,) index of each pixel in the flattened image.
        depth_m: (n,) depth of each pixel in metres.
    """
    row, column = np.divmod(place, camera.width)
    x = (column.astype(np.float32) + np.float32(0.5 - camera.cx)) * np.float32(1 / camera.fx)
    y = (row.astype(np.float32) + np.float32(0.5 - camera.cy)) * np.float32(1 / camera.fy)
    local = np.stack([x * depth_m, y * depth_m, depth_m])
    return np.asarray(cuboid.turn.astype(np.float32) @ local + cuboid.eye_m.astype(np.float32)[:, None])


def _faces(cuboid: Cuboid, places: Floats) -> Iterator[tuple[Face, Index]]:
    """Yields each visible face with the points on it.

    Args:
        cuboid: The cuboid.
        places: (3, n) visible points of the cuboid, in its frame.

    Yields:
        The face, and the column indices of its points in `places`.
    """
    if cuboid.is_round:
        yield from _round_faces(cuboid, places)
        return
    facing = cuboid.facing
    sides = {axis: np.float32(np.copysign(1.0, cuboid.eye_m[axis])) for axis in facing}
    inside = [np.float32(cuboid.half_m[axis]) - np.abs(places[axis]) for axis in facing]
    if cuboid.ends_m is None:
        nearest = np.argmin(inside, axis=0) if len(facing) > 1 else np.zeros(places.shape[1], np.intp)
        for index, axis in enumerate(facing):
            if len(chosen := np.flatnonzero(nearest == index)):
                yield Face(axis, float(sides[axis]), cuboid), chosen
        return
    end = np.searchsorted((cuboid.ends_m[1:] + cuboid.ends_m[:-1]) / 2, places[0])
    inside[0] = np.abs(places[0] - cuboid.ends_m.astype(np.float32)[end])
    nearest = np.argmin(inside, axis=0)
    for index, axis in enumerate(facing):
        for side in (1.0, -1.0) if axis == 0 else (float(sides[axis]),):
            on_side = (nearest == index) & ((axis != 0) | (end % 2 == (side > 0)))
            if len(chosen := np.flatnonzero(on_side)):
                yield Face(axis, side, cuboid), chosen


def _round_faces(cuboid: Cuboid, places: Floats) -> Iterator[tuple[Face, Index]]:
    """Like `_faces`, for a disc. Its rim is divided into four faces, each a quarter of the circumference."""
    x, y, z = places
    rim = cuboid.half_m[0] - np.hypot(x, y) < cuboid.half_m[2] - np.abs(z)
    axis = np.where(rim, np.where(np.abs(x) >= np.abs(y), 0, 1), 2)
    for index in range(3):
        for side in (1.0, -1.0):
            if len(chosen := np.flatnonzero((axis == index) & (places[index] * side > 0))):
                yield Face(index, side, cuboid), chosen
