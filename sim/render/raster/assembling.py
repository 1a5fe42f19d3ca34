"""Assembles the G-buffer of a view from bodies that were rendered separately."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera
from scenes.spec import Body
from sim.boxes import Box, clip, crop, slices
from sim.render.raster.drawn import Drawn
from sim.render.raster.gbuffer import GBuffer, Silhouette
from sim.render.raster.matrices import depth_of


class GBufferBuilder:
    """Combines separately rendered bodies by depth."""

    def __init__(self, camera: Camera, bodies: Sequence[Body]) -> None:
        self._with_decals = {index for index, body in enumerate(bodies) if body.decals}
        self._size_wh = camera.width, camera.height
        shape = camera.height, camera.width
        self._rgba = np.zeros(shape, np.uint32)  # one 4-byte value per pixel: copied as fast as one channel
        self._depth_m = np.full(shape, np.inf, np.float32)
        self._body = np.full(shape, -1, np.int16)
        self._silhouettes: list[Silhouette | None] = [None] * len(bodies)

    def add(self, boxes: Mapping[int, Box], drawn: Drawn, planes_m: tuple[float, float]) -> None:
        """Adds a group of bodies that share no pixel, rendered together in the union of their boxes.

        Args:
            boxes: A dict from the index of each body of the group to its box.
            drawn: The rendered bodies, in the union of their boxes.
            planes_m: Depths in metres of the near and far planes.
        """
        box, rgba, depth, body = drawn
        for index, whole in boxes.items():
            mask = crop(body, box, whole) == index
            alone_m = None
            if index in self._with_decals:
                alone_m = np.full(mask.shape, np.inf, np.float32)
                alone_m[mask] = depth_of(crop(depth, box, whole)[mask], planes_m)
            self._silhouettes[index] = Silhouette(whole, mask, alone_m)
        inside = clip(box, *self._size_wh)
        assert inside is not None
        body, depth, rgba = crop(body, box, inside), crop(depth, box, inside), crop(rgba, box, inside)
        place = np.flatnonzero(body >= 0)
        depth_m = np.full(body.shape, np.inf, np.float32)
        depth_m.ravel()[place] = depth_of(depth.ravel().take(place), planes_m)
        self._keep_nearer(inside, rgba.view(np.uint32)[..., 0], depth_m, body)

    def add_depth(self, index: int, box: Box, depth_m: NDArray[np.float32]) -> None:
        """Adds a body, given by its depths (h, w) in a box of the image. Its pixels have no colour yet."""
        self._silhouettes[index] = Silhouette(box, np.isfinite(depth_m))
        self._keep_nearer(box, np.uint32(0), depth_m, np.int16(index))

    def _keep_nearer(self, box: Box, rgba: Any, depth_m: NDArray[np.float32], body: Any) -> None:
        part = slices(box)
        nearer = depth_m < self._depth_m[part]
        for target, new in (
            (self._rgba, rgba),
            (self._depth_m, depth_m),
            (self._body, body),
        ):
            np.copyto(target[part], new, where=nearer)

    def build(self) -> GBuffer:
        """The G-buffer of all added bodies."""
        rgba = self._rgba.view(np.uint8).reshape(*self._rgba.shape, 4)
        color = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8)
        return GBuffer(color, self._depth_m, self._body, tuple(self._silhouettes))
