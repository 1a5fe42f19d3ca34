"""The interface of composers, which turn a G-buffer into the final image."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Camera, Shot
from scenes.spec import Wall
from sim.render.cache import LastResult
from sim.render.lighting.surfaces import Surfaces
from sim.render.raster.gbuffer import GBuffer, Renderer, Wide
from sim.render.raster.planes import walls_facing
from sim.render.raster.visibility import Visibility, resolve_visibility
from sim.render.sensor.distortion import Remapping
from sim.render.sensor.rolling import resolved
from sim.settled import Settled

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A rendered image, with the visible body and the depth of each pixel.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        body: (H, W) int16, index into the scene's bodies; -1 where no body is visible.
        depth_m: (H, W) float32, depth in metres along the camera's z axis; infinite for the background.
    """

    image: NDArray[np.uint8]
    body: NDArray[np.int16]
    depth_m: NDArray[np.float32]


class Composer(ABC):
    """Base class of composers. All composers share the same visibility and differ only in shading.

    Args:
        pictures: Textures of floor, walls and background.
    """

    relights: ClassVar[bool] = False
    """Whether the composer computes all lighting itself, so that one G-buffer is valid for every light."""

    def __init__(self, pictures: Pictures) -> None:
        """Starts with empty caches."""
        self.surfaces = Surfaces(pictures)
        self._facing, self._visibility = LastResult(walls_facing), LastResult(resolved)
        self._wide_visibility, self._remapping = LastResult(resolve_visibility), LastResult(Remapping)

    def compose(self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot) -> Frame:
        """Renders the image of one shot, and finds the visible body and the depth of each pixel."""
        walls = self._facing(settled.walls, shot.camera)
        visibility = self._visibility(gbuffer, shot.camera, settled.spec.floor is not None, walls)
        return Frame(
            self.shade(renderer, gbuffer, settled, shot, visibility), visibility.body, visibility.depth_m
        )

    def wide(
        self, wide: Wide, camera: Camera, floor: bool, walls: tuple[Wall, ...]
    ) -> tuple[Visibility, Remapping]:
        """Visibility for a distorted camera, computed in a pinhole camera that sees at least as much.

        Returns:
            The visibility in the image of the pinhole camera, and the map from the pixels of `camera`, the
            distorted one, to that image.
        """
        return self._wide_visibility(wide.gbuffer, wide.camera, floor, walls), self._remapping(
            camera, wide.camera
        )

    @abstractmethod
    def shade(
        self, renderer: Renderer, gbuffer: GBuffer, settled: Settled, shot: Shot, visibility: Visibility
    ) -> NDArray[np.uint8]:
        """The image (H, W, 3) of the visible surfaces."""
