"""Base class of the renderers that use PyBullet: bodies are rendered separately and combined by depth."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Light, Shot
from scenes.spec import Body
from sim.boxes import Box, clip, crop, size, slices, union
from sim.meshfiles import MeshFiles, Vanishing
from sim.render.raster.gbuffer import Array, GBuffer, RejectedView, ShadowMap, Silhouette
from sim.render.raster.projection import (
    body_box,
    depth_range,
    look_along,
    orthographic,
    projection,
    view_matrix,
)
from sim.settle import Settled

RawImages = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]
"""RGBA (h, w, 4), depth buffer (h, w) in 0..1, and PyBullet's ids (h, w), -1 where there is no body."""


class RenderClient(Protocol):
    """A PyBullet client; `contents` identifies the scene that is loaded in it."""

    contents: object

    @property
    def id(self) -> int:
        """PyBullet's id of the client."""

    def fresh(self) -> None:
        """Removes all bodies."""


class MeshRenderer(ABC):
    """Renders scenes with a PyBullet client, in which the meshes of the last scene stay loaded.

    Args:
        client: The client to render with.
        files: Mesh and texture files to load into the client.
    """

    def __init__(self, client: RenderClient, files: MeshFiles) -> None:
        """Loads no scene; scenes are loaded on first use."""
        self._client, self._files = client, files
        self._ids: list[int] = []
        self._levels: tuple[int, ...] = ()
        self._visible: set[int] = set()
        self._contents: tuple[object, ...] = (None, None)

    @abstractmethod
    def _add(self, settled: Settled, levels: tuple[int, ...]) -> list[int]:
        """Loads all bodies at given levels of detail into the empty client, and returns PyBullet's ids."""

    @abstractmethod
    def _show(self, body: Body, body_id: int, level: int, shown: bool) -> None:
        """Shows or hides a body."""

    @abstractmethod
    def _render(self, view: Array, matrix: Array, size_wh: tuple[int, int], light: Light) -> RawImages:
        """Renders an image of a given size with a view and a projection matrix, (4, 4) each."""

    def _postprocess(self, gbuffer: GBuffer, settled: Settled) -> GBuffer:
        """Hook for subclasses to change the finished G-buffer."""
        return gbuffer

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Renders the bodies for a shot.

        Raises:
            RejectedView: `too_close` if a labelled body reaches the near plane or its bounding sphere
                contains the camera, if the box of a labelled body is wider or higher than 4096 px, or if a
                body without a label reaches the near plane inside the view; `vanishing` if even the coarsest
                mesh of an asset has triangles too small to be rendered at its distance.
        """
        bodies, camera = settled.spec.bodies, shot.camera
        builder = _GBufferBuilder(camera, len(bodies))
        if bodies:
            planes_m, boxes = self._depth_range(settled, camera), self._boxes(settled, camera)
            self._load(settled, camera)
            view = view_matrix(camera)
            for group in self._groups(settled, camera, boxes):
                self._show_only(settled, set(group))
                box = union(boxes[index] for index in group)
                matrix = projection(camera, box, *planes_m)
                color, depth, ids = self._render(view, matrix, size(box), shot.light)
                builder.add({i: boxes[i] for i in group}, color, depth, self._bodies(ids), planes_m)
        return self._postprocess(builder.build(), settled)

    def _boxes(self, settled: Settled, camera: Camera) -> dict[int, Box]:
        """Box to be rendered for each body in view, by body index.

        The box contains the whole body; for a body without a label, it is clipped to the image.
        """
        boxes = {}
        for index, body in enumerate(settled.spec.bodies):
            box = body_box(self._files, body, camera)
            inside = clip(box, camera.width, camera.height)
            if inside is not None:
                boxes[index] = box if body.labelled else inside
        return boxes

    def _groups(
        self, settled: Settled, camera: Camera, boxes: Mapping[int, Box]
    ) -> Iterable[Collection[int]]:
        """Groups of bodies in view; a group is rendered in one call, so its bodies must not share a pixel.

        By default each body is a group of its own, because calls are cheap, and many small images contain
        fewer empty pixels than one large image.
        """
        return [(index,) for index in boxes]

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> ShadowMap | None:
        """Renders the shadow map of a shot's light, `side_px` pixels wide and high.

        Returns:
            The shadow map; None for a scene without bodies.
        """
        if not settled.spec.bodies:
            return None
        self._load(settled, shot.camera)
        self._show_only(settled, set(range(len(self._ids))))
        direction = np.array(shot.light.direction)
        right = np.cross((0.0, 0.0, 1.0) if abs(direction[2]) < 0.99 else (0.0, 1.0, 0.0), direction)
        right /= np.linalg.norm(right)
        down = np.cross(right, direction)
        axes = np.stack([right, down, -direction])
        points = np.concatenate([self._files.hull(body) for body in settled.spec.bodies]) @ axes.T
        low, high = points.min(axis=0), points.max(axis=0)
        half_m = float((high - low).max()) * 0.55 + 1e-6
        middle = (low + high) / 2
        view = look_along(axes, middle - np.array([0.0, 0.0, 4 * half_m]))
        _, _, ids = self._render(view, orthographic(half_m), (side_px, side_px), shot.light)
        blocked = np.where(ids >= 0, np.uint8(255), np.uint8(0))
        return ShadowMap(blocked, right, down, middle[:2] - half_m, side_px / (2 * half_m))

    def _load(self, settled: Settled, camera: Camera) -> None:
        """Loads a scene into the client at the levels of detail for a camera, unless it is already loaded."""
        levels = self._levels_for(settled, camera)
        contents = self._contents
        if self._client.contents is contents and contents[0] is settled and contents[1] == levels:
            return
        self._client.fresh()
        self._ids = self._add(settled, levels)
        self._levels = levels
        self._visible = set(range(len(self._ids)))
        self._client.contents = self._contents = (settled, levels, self)

    def _depth_range(self, settled: Settled, camera: Camera) -> tuple[float, float]:
        return depth_range(self._files, settled, camera)

    def _levels_for(self, settled: Settled, camera: Camera) -> tuple[int, ...]:
        return tuple(self._level(body, camera) for body in settled.spec.bodies)

    def _level(self, body: Body, camera: Camera) -> int:
        _, depth_m = camera.project(np.array([self._files.center_pose(body).position_m]))
        px_per_unit = (camera.fx * camera.fy) ** 0.5 * body.largest_scale / max(float(depth_m[0]), 1e-6)
        try:
            return self._files.level(body.asset, px_per_unit, body.proportions)
        except Vanishing as error:
            raise RejectedView("vanishing") from error

    def _show_only(self, settled: Settled, bodies: set[int]) -> None:
        """Shows the given bodies and hides all others."""
        for index in sorted(self._visible ^ bodies):
            body = settled.spec.bodies[index]
            self._show(body, self._ids[index], self._levels[index], index in bodies)
        self._visible = bodies

    def _bodies(self, ids: NDArray[np.int32]) -> NDArray[np.int16]:
        """Converts an image (h, w) of PyBullet's ids to body indices; -1 where there is no body."""
        table = np.full(max(self._ids) + 2, -1, np.int16)  # id -1 indexes the last entry, which stays -1
        table[self._ids] = np.arange(len(self._ids))
        return table[ids]


class _GBufferBuilder:
    """Combines separately rendered bodies by depth."""

    def __init__(self, camera: Camera, bodies: int) -> None:
        self._size_wh = camera.width, camera.height
        shape = camera.height, camera.width
        self._rgba = np.zeros(shape, np.uint32)  # one 4-byte value per pixel: copied as fast as one channel
        self._depth_m = np.full(shape, np.inf, np.float32)
        self._body = np.full(shape, -1, np.int16)
        self._silhouettes: list[Silhouette | None] = [None] * bodies

    def add(
        self,
        boxes: Mapping[int, Box],
        rgba: NDArray[np.uint8],
        depth: NDArray[np.float32],
        body: NDArray[np.int16],
        planes_m: tuple[float, float],
    ) -> None:
        """Adds a group of bodies that share no pixel, rendered together in the union of their boxes.

        Args:
            boxes: Box of each body of the group, by body index.
            rgba: (h, w, 4) colours in the union of the boxes.
            depth: (h, w) values of the depth buffer in 0..1.
            body: (h, w) body indices; -1 where there is no body.
            planes_m: Depths in metres of the near and far planes.
        """
        box = union(boxes.values())
        for index, whole in boxes.items():
            self._silhouettes[index] = Silhouette(whole, crop(body, box, whole) == index)
        inside = clip(box, *self._size_wh)
        assert inside is not None
        body, depth, rgba = crop(body, box, inside), crop(depth, box, inside), crop(rgba, box, inside)
        drawn, (near_m, far_m) = np.flatnonzero(body >= 0), planes_m
        z_ndc = 2.0 * depth.ravel().take(drawn).astype(np.float64) - 1.0
        depth_m = np.full(body.shape, np.inf, np.float32)
        depth_m.ravel()[drawn] = 2.0 * far_m * near_m / (far_m + near_m - z_ndc * (far_m - near_m))
        part = slices(inside)
        nearer = depth_m < self._depth_m[part]
        for target, new in (
            (self._rgba, rgba.view(np.uint32)[..., 0]),
            (self._depth_m, depth_m),
            (self._body, body),
        ):
            np.copyto(target[part], new, where=nearer)

    def build(self) -> GBuffer:
        """The G-buffer of all added bodies."""
        rgba = self._rgba.view(np.uint8).reshape(*self._rgba.shape, 4)
        color = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8)
        return GBuffer(color, self._depth_m, self._body, tuple(self._silhouettes))
