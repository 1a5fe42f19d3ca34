"""Parts of the image plane with rendered bodies: their colours, depths and body indices."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.boxes import Box, crop, size
from sim.render.raster.dense import Surface
from sim.render.raster.matrices import buffer_of, depth_of
from sim.render.raster.subpixel import Covered

Planes = tuple[float, float]
"""Depths in metres of the near and far planes."""
IN_FRONT = 1 - 1e-5
"""A point is in front of another point if the ratio of their depths is below this value."""


class Drawn(NamedTuple):
    """Bodies rendered in a part of the image plane.

    Attributes:
        box: Box of the part, which may extend beyond the image.
        rgba: (h, w, 4) colours.
        depth: (h, w) values of the depth buffer in 0..1.
        body: (h, w) body indices; -1 where there is no body.
    """

    box: Box
    rgba: NDArray[np.uint8]
    depth: NDArray[np.float32]
    body: NDArray[np.int16]

    @classmethod
    def nothing(cls, box: Box) -> "Drawn":
        """Returns a part of the image plane in which no body has been drawn yet."""
        width, height = size(box)
        shape = height, width
        return cls(
            box, np.zeros((*shape, 4), np.uint8), np.ones(shape, np.float32), np.full(shape, -1, np.int16)
        )

    def in_front(self, found: Covered, planes_m: Planes) -> NDArray[np.bool_]:
        """Returns bool (k,): for each point of `found`, whether it is in front of the rendered bodies."""
        there = depth_of(self.depth[found.row - self.box[1], found.column - self.box[0]], planes_m)
        return np.asarray(found.depth_m < IN_FRONT * there)

    def add(self, found: Covered, index: int, colors: NDArray[np.uint8], planes_m: Planes) -> None:
        """Draws the k points of `found`, which are inside the box, as points of body `index`.

        Args:
            found: Pixels of the image, and the points that they show.
            index: Index of the body.
            colors: (k, 3) RGB of the points.
            planes_m: Depths in metres of the near and far planes.
        """
        rows, columns = found.row - self.box[1], found.column - self.box[0]
        self.depth[rows, columns] = buffer_of(found.depth_m, planes_m)
        self.body[rows, columns] = index
        self.rgba[rows, columns, :3] = colors

    def area_px(self, index: int, box: Box) -> int:
        """Number of pixels that show the body at `index`. The whole body must lie inside `box`."""
        return int(np.count_nonzero(crop(self.body, self.box, box) == index))

    def correct(self, index: int, box: Box, seen: Surface, planes_m: Planes) -> None:
        """Makes the mask of a body exact; added pixels get the colour of the body's nearest rendered pixel.

        Args:
            index: Index of the body.
            box: The box of the body.
            seen: The exact visible surface of the body in this box.
            planes_m: Depths in metres of the near and far planes.
        """
        rgba, depth = crop(self.rgba, self.box, box), crop(self.depth, self.box, box)
        body = crop(self.body, self.box, box)
        before = body == index
        added, removed = seen.mask & (body < 0), before & ~seen.mask
        if before.any():
            rgba[added] = rgba[before][_nearest(np.argwhere(added), np.argwhere(before))]
        body[removed], depth[removed], rgba[removed] = -1, 1, 0
        body[added] = index
        depth[added] = buffer_of(1 / seen.nearness.reshape(depth.shape)[added], planes_m)


def _nearest(places: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of the points (k, 2), the index of the nearest of the other points (m, 2)."""
    return np.asarray(((places[:, None] - others) ** 2).sum(axis=2).argmin(axis=1))
