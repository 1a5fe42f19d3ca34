"""The interface of the renderers, and the images that they return, from which all labels are derived."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Shot
from sim.boxes import Box
from sim.settled import Settled

Array = NDArray[np.float64]


class RejectedView(Exception):
    """Raised for a view that cannot be labelled. The reason is recorded, and no other view replaces it."""

    def __init__(self, reason: str) -> None:
        """Stores the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Silhouette:
    """The unoccluded mask of one body.

    Attributes:
        box: Box in pixel edges. The box of a labelled body contains the whole body, and may extend beyond
            the image. The box of any other body is clipped to the image.
        mask: (h, w) mask of the body inside the box.
        depth_m: (h, w) float32, depth in metres of the body alone, infinite outside its mask; None for a body
            without decals.
        decals: A mask (h, w) for each region of the body, followed by one for each of its decals. Other
            bodies do not hide any part of them.
    """

    box: Box
    mask: NDArray[np.bool_]
    depth_m: NDArray[np.float32] | None = None
    decals: tuple[NDArray[np.bool_], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class GBuffer:
    """Colour, depth and body index of each pixel, and the silhouettes of the bodies, for one shot.

    Attributes:
        color: (H, W, 3) uint8 RGB, lit by the renderer unless it returns unlit colours; black if `wide`
            is not None.
        depth_m: (H, W) float32, depth in metres along the camera's z axis; infinite where there is no body.
        body: (H, W) int16, index into the scene's bodies; -1 where there is no body.
        silhouettes: Silhouette of each body; None for a body whose box lies outside the image.
        tilt: (H, W, 3) float32, vectors that the bump maps of decals add to unit normals in the world frame;
            None if no body has decals, or if `wide` is not None.
        bands: The bands of rows that make up this G-buffer, from top to bottom; empty without a rolling
            shutter.
        wide: For a distorted camera, the view of a pinhole camera at the same pose; the shaded image of this
            view is remapped. None for a pinhole camera.
    """

    color: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    body: NDArray[np.int16]
    silhouettes: tuple[Silhouette | None, ...]
    tilt: NDArray[np.float32] | None = None
    bands: "tuple[Band, ...]" = ()
    wide: "Wide | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Wide:
    """The G-buffer of a pinhole camera that sees at least what a distorted camera sees.

    Attributes:
        camera: The pinhole camera.
        gbuffer: The G-buffer of the pinhole camera, with silhouettes clipped to its image.
    """

    camera: Camera
    gbuffer: GBuffer


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A band of rows that are exposed at once, with some rows around it that shading needs.

    Attributes:
        top: Row of the full image at which the image of `camera` begins; it may be negative.
        rows: The rows of the band in the image of `camera`.
        camera: The camera of the band and the rows around it, at the time of exposure.
        gbuffer: The G-buffer of `camera`.
    """

    top: int
    rows: slice
    camera: Camera
    gbuffer: GBuffer


@dataclass(frozen=True, slots=True, eq=False)
class ShadowMap:
    """The mask of all bodies in an orthographic projection along a light's direction.

    Attributes:
        blocked: (side, side) uint8, 255 where a body blocks the light.
        right, down: (3,) world directions of the map's axes.
        corner_m: (2,) coordinates in metres, along `right` and `down`, of the map's top left corner.
        px_per_m: Pixels per metre.
    """

    blocked: NDArray[np.uint8]
    right: Array
    down: Array
    corner_m: Array
    px_per_m: float


class Renderer(Protocol):
    """Renders the bodies of settled scenes; one scene is loaded at a time."""

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Renders the bodies for a shot."""

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> ShadowMap | None:
        """Renders the shadow map of a shot's light, `side_px` pixels wide and high.

        Returns:
            The shadow map; None for a scene without bodies.
        """
