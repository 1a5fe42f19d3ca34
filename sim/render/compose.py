"""The picture: what is where, by depth and plane alone, and a way to paint it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from scenes.looks import Pictures
from scenes.spec import Camera, Shot, Wall
from sim.render.last import Last
from sim.render.planes import facing, floor_depth, wall_depth
from sim.render.rasterise import GBuffer, Renderer
from sim.render.surfaces import Surfaces
from sim.settle import Settled

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


GIVES_M = 0.001
"""A floor hides what reaches deeper into it: at rest, physics lets bodies sink in by a part of that."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is where.

    Attributes:
        body: (H, W) int16; -1 where none is seen.
        depth_m: (H, W) float32; infinite for the background.
        plane_m: (H, W) depth of the floor, seen or not; None without one.
        is_floor: (H, W) where the floor is seen; None without one.
        walls: Those whose inner side the camera is on.
        wall: (H, W) int8, index into them; -1 where none is seen. None without walls.
    """

    body: NDArray[np.int16]
    depth_m: Floats
    plane_m: Array | None
    is_floor: Mask | None
    walls: tuple[Wall, ...] = ()
    wall: NDArray[np.int8] | None = None


class Composer(ABC):
    """Puts pictures together; where things are is the same for all, how they look is not.

    Args:
        pictures: Textures.
    """

    relights: ClassVar[bool] = False
    """Whether all light comes from here: what is rasterised once does then for every light."""

    def __init__(self, pictures: Pictures) -> None:
        """Keeps the filtered textures that were used last."""
        self.surfaces = Surfaces(pictures)
        self._facing, self._seen = Last(facing), Last(what_is_where)

    def compose(self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot) -> Frame:
        """The picture of one shot; which body is where comes from depth and planes alone."""
        walls = self._facing(settled.walls, shot.camera)
        seen = self._seen(gbuffer, shot.camera, settled.spec.floor is not None, walls)
        return Frame(self.paint(renderer, gbuffer, settled, shot, seen), seen.body, seen.depth_m)

    @abstractmethod
    def paint(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, seen: Seen
    ) -> NDArray[np.uint8]:
        """The image (H, W, 3) of what is seen."""


def what_is_where(gbuffer: GBuffer, camera: Camera, floor: bool, walls: tuple[Wall, ...] = ()) -> Seen:
    """Bodies, floor and walls, whichever is in front."""
    seen = _with_floor(gbuffer, camera, floor)
    return _with_walls(seen, camera, walls) if walls else seen


def _with_floor(gbuffer: GBuffer, camera: Camera, floor: bool) -> Seen:
    if not floor:
        return Seen(gbuffer.body, gbuffer.depth_m, None, None)
    plane_m, height_m = floor_depth(camera), camera.pose.position_m[2]
    yielding = 1 + GIVES_M / height_m if height_m > 0 else 1.0
    is_floor = plane_m * yielding < gbuffer.depth_m
    body = np.where(is_floor, np.int16(-1), gbuffer.body)
    depth_m = np.minimum(plane_m.astype(np.float32), gbuffer.depth_m)
    return Seen(body, depth_m, plane_m, is_floor)


def _with_walls(seen: Seen, camera: Camera, walls: tuple[Wall, ...]) -> Seen:
    body, depth_m, is_floor = seen.body.copy(), seen.depth_m.copy(), seen.is_floor
    found = np.full(body.shape, -1, np.int8)
    for index, wall in enumerate(walls):
        wall_m = wall_depth(wall, camera).astype(np.float32)
        found[wall_m < depth_m] = index
        np.minimum(depth_m, wall_m, out=depth_m)
    is_wall = found >= 0
    body[is_wall] = -1
    return Seen(body, depth_m, seen.plane_m, None if is_floor is None else is_floor & ~is_wall, walls, found)
