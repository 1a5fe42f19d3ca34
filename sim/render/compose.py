"""The picture: what is where, by depth and plane alone, and a way to paint it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Shot
from sim.render.last import Last
from sim.render.lighting.surfaces import Surfaces
from sim.render.raster.gbuffer import GBuffer, Renderer
from sim.render.raster.planes import facing
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.settle import Settled

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


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
        self._facing, self._seen = Last(facing), Last(resolve_visibility)

    def compose(self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot) -> Frame:
        """The picture of one shot; which body is where comes from depth and planes alone."""
        walls = self._facing(settled.walls, shot.camera)
        seen = self._seen(gbuffer, shot.camera, settled.spec.floor is not None, walls)
        return Frame(self.paint(renderer, gbuffer, settled, shot, seen), seen.body, seen.depth_m)

    @abstractmethod
    def paint(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, seen: Visibility
    ) -> NDArray[np.uint8]:
        """The image (H, W, 3) of what is seen."""
