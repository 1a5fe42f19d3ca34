"""Recomputes amodal and visible masks of each body by casting rays through pixel centres."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim2coco.audit.geometry import Array, Box, Camera, clipped, moved, pixel_centres
from sim2coco.audit.surface import Surface
from sim2coco.audit.walls import Room

Mask = NDArray[np.bool_]

NEAR_M = 1e-6
"""A body with vertices closer to the camera plane than this may cover any part of the image."""
MAX_WHOLE_PX = 1 << 26
"""Maximum size, in pixels, of the box in which the area of a whole body is counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A surface in front of a camera.

    Attributes:
        surface: The surface.
        to_camera: (4, 4), transform from the surface frame to the camera frame.
    """

    surface: Surface
    to_camera: Array

    def projected_box(self, camera: Camera) -> Box | None:
        """Returns a box that contains all pixels of the body.

        None if this box is unbounded or extremely large.
        """
        points = moved(self.to_camera, self.surface.vertices)
        if (points[:, 2] <= NEAR_M).any():
            return None if (points[:, 2] > NEAR_M).any() else (0, 0, 0, 0)
        extent = camera.extent(points)
        if np.abs(extent).max() > 1e8:
            return None
        low, high = np.floor(extent[0]) - 1, np.ceil(extent[1]) + 1
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def depths(self, camera: Camera, points_px: Array) -> Array:
        """Depths (...) of the body in metres at image points (..., 2); infinite where rays miss."""
        flat = camera.directions(points_px.reshape(-1, 2))
        return self.surface.depths(self.to_camera, flat).reshape(points_px.shape[:-1])


@dataclass(frozen=True, slots=True)
class Whole:
    """The pixel count and bounding box of a body, including its parts beyond the image.

    If the body covers no pixel, the box is empty.
    """

    px: int
    box: Box


class View:
    """The ray-cast amodal and visible masks of each body of a scene in one image.

    Args:
        camera: The camera.
        bodies: The bodies.
        room: The floor and walls.
    """

    def __init__(self, camera: Camera, bodies: Sequence[Placed], room: Room) -> None:
        """Casts rays at each body separately, in the part of the image that the body may cover."""
        self.camera, self.bodies, self.room = camera, bodies, room
        self._boxes = [body.projected_box(camera) for body in bodies]
        self.inside = [clipped(box or camera.box, camera.box) for box in self._boxes]
        self.depth_m = [
            body.depths(camera, pixel_centres(box)) for body, box in zip(bodies, self.inside, strict=True)
        ]

    def amodal(self, body: int) -> Mask:
        """The amodal mask (H, W) of a body: the pixels that it covers, hidden or not."""
        return self._framed(body, np.isfinite(self.depth_m[body]))

    def visible(self, body: int) -> Mask:
        """The visible mask (H, W) of a body."""
        x0, y0, x1, y1 = self.inside[body]
        return self._framed(body, self.nearest[y0:y1, x0:x1] == body)

    def framed_depth(self, body: int) -> Array:
        """Depth map (H, W) of a body in metres, as if nothing occluded it; infinite outside the body."""
        depth = np.full((self.camera.height, self.camera.width), np.inf)
        x0, y0, x1, y1 = self.inside[body]
        depth[y0:y1, x0:x1] = self.depth_m[body]
        return depth

    def _framed(self, body: int, part: Mask) -> Mask:
        mask = np.zeros((self.camera.height, self.camera.width), np.bool_)
        x0, y0, x1, y1 = self.inside[body]
        mask[y0:y1, x0:x1] = part
        return mask

    @cached_property
    def nearest(self) -> NDArray[np.int32]:
        """The index of the visible body in each pixel, (H, W); -1 where there is none."""
        depth = np.full((self.camera.height, self.camera.width), np.inf)
        nearest = np.full(depth.shape, -1, np.int32)
        for index, ((x0, y0, x1, y1), own) in enumerate(zip(self.inside, self.depth_m, strict=True)):
            front = own < depth[y0:y1, x0:x1]
            depth[y0:y1, x0:x1][front] = own[front]
            nearest[y0:y1, x0:x1][front] = index
        rows, columns = np.nonzero(nearest >= 0)
        points = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
        hidden = depth[rows, columns] > self.room.depths(self.camera, points)
        nearest[rows[hidden], columns[hidden]] = -1
        return nearest

    def nearest_at(self, points_px: Array) -> NDArray[np.int32]:
        """The index (n,) of the visible body at image points (n, 2); -1 where there is none."""
        depth = self.room.depths(self.camera, points_px)
        nearest = np.full(len(points_px), -1, np.int32)
        for index, (body, box) in enumerate(zip(self.bodies, self.inside, strict=True)):
            beside = (points_px < np.array(box[:2]) - 2) | (points_px > np.array(box[2:]) + 2)
            near = np.flatnonzero(~beside.any(axis=1))
            own = body.depths(self.camera, points_px[near])
            front = own < depth[near]
            depth[near[front]], nearest[near[front]] = own[front], index
        return nearest

    def whole(self, body: int) -> Whole | None:
        """Pixel count and box of a body, including its parts beyond the image.

        None if the body covers too many pixels, or is so close to the camera that its box is unbounded.
        """
        placed, box = self.bodies[body], self._boxes[body]
        if box is None or (box[2] - box[0]) * (box[3] - box[1]) > MAX_WHOLE_PX:
            return None
        if box == self.inside[body]:
            return _counted(np.isfinite(self.depth_m[body]), box)
        return _counted(np.isfinite(placed.depths(self.camera, pixel_centres(box))), box)


def _counted(mask: Mask, box: Box) -> Whole:
    found = tight_box(mask)
    if found is None:
        return Whole(0, (0, 0, 0, 0))
    x, y = box[:2]
    return Whole(int(mask.sum()), (found[0] + x, found[1] + y, found[2] + x, found[3] + y))


def tight_box(mask: Mask) -> Box | None:
    """Returns the tight bounding box of a mask; None if the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
