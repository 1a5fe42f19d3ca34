"""What a renderer gives of bodies; nothing else decides what a label is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Shot
from sim.boxes import Box
from sim.settle import Settled

Array = NDArray[np.float64]


class RejectedView(Exception):
    """A view that cannot be labelled: it is recorded with its reason, and not drawn again."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Silhouette:
    """Where one body would be seen if there were no other.

    Attributes:
        box: Holds all of it, in pixel edges; of a body without a label, what of that lies in the image.
        mask: (h, w) over the box.
    """

    box: Box
    mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GBuffer:
    """What one shot sees of the bodies.

    Attributes:
        color: (H, W, 3) uint8 RGB, lit by the renderer.
        depth_m: (H, W) float32, along the camera's z; infinite where no body is.
        body: (H, W) int16, index into the scene's bodies; -1 where none is.
        silhouettes: Of each body; None of one whose box lies outside of the image.
    """

    color: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    body: NDArray[np.int16]
    silhouettes: tuple[Silhouette | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ShadowMap:
    """The bodies as a distant light sees them.

    Attributes:
        blocked: (side, side) uint8, 255 where a body is.
        right, down: (3,) world directions of the map's axes.
        corner_m: (2,) where its first pixel edge lies along them.
        px_per_m: Its scale.
    """

    blocked: NDArray[np.uint8]
    right: Array
    down: Array
    corner_m: Array
    px_per_m: float


class Renderer(Protocol):
    """Draws settled scenes; holds one scene at a time."""

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Everything that a shot sees of the bodies."""

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> ShadowMap | None:
        """What a shot's light sees."""
