"""What PyBullet's renderers have in common: one settled scene at a time, cropped to what is seen of it."""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenes.spec import Body, Camera, Light, Shot
from sim.meshfiles import MeshFiles, Vanishing
from sim.render.projection import body_box, depth_range, look_along, orthographic, projection, view_matrix
from sim.render.rasterise import Array, Box, GBuffer, RejectedView, ShadowMap
from sim.settle import Settled

Drawn = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]
"""Colours (h, w, 3), the depth buffer (h, w) in 0..1, PyBullet's ids (h, w) with -1 where nothing is."""


class Holder(Protocol):
    """A PyBullet client; `contents` is what its renderers have left in it."""

    contents: object

    @property
    def id(self) -> int:
        """PyBullet's number of it."""

    def fresh(self) -> None:
        """Removes everything."""


class MeshRenderer(ABC):
    """Loads a scene's meshes into a client when they are first asked for, and keeps them while they are.

    Args:
        client: The client to draw in.
        files: Meshes as files.
    """

    def __init__(self, client: Holder, files: MeshFiles) -> None:
        """Draws nothing yet."""
        self._client, self._files = client, files
        self._ids: list[int] = []
        self._levels: tuple[int, ...] = ()
        self._shown: set[int] = set()
        self._contents: tuple[object, ...] = (None, None)
        self._drawn: tuple[Settled, Shot] | None = None
        self._planes_m = (0.0, 0.0)

    @abstractmethod
    def _add(self, settled: Settled, levels: tuple[int, ...]) -> list[int]:
        """Loads all bodies in some levels of detail into the empty client; PyBullet's ids of them."""

    @abstractmethod
    def _show(self, body: Body, body_id: int, level: int, shown: bool) -> None:
        """Shows or hides a body."""

    @abstractmethod
    def _draw(self, view: Array, matrix: Array, size_wh: tuple[int, int], light: Light) -> Drawn:
        """A picture of some size, by a view and a projection (4, 4) each."""

    def _finished(self, gbuffer: GBuffer, settled: Settled) -> GBuffer:
        """What is given out, from what was drawn."""
        return gbuffer

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Everything that a shot sees of the bodies.

        Raises:
            RejectedView: `too_close` when a body reaches behind the camera or would fill more than 4096 px;
                `vanishing` when an asset has no mesh coarse enough for its distance.
        """
        camera = shot.camera
        if not settled.spec.bodies:
            return _nothing(camera)
        near_m, far_m = self._ready(settled, shot)
        whole = _nothing(camera)
        box = self._reach(settled, camera)
        if box is None:
            return whole
        part = np.s_[box[1] : box[3], box[0] : box[2]]
        self._show_only(settled, set(range(len(self._ids))))
        matrix = projection(camera, box, near_m, far_m)
        color, depth, ids = self._draw(view_matrix(camera), matrix, _size(box), shot.light)
        body = self._bodies(ids)
        drawn = np.flatnonzero(body >= 0)
        z_ndc = 2.0 * depth.ravel().take(drawn).astype(np.float64) - 1.0
        depth_m = np.full(body.shape, np.inf, np.float32)
        depth_m.ravel()[drawn] = 2.0 * far_m * near_m / (far_m + near_m - z_ndc * (far_m - near_m))
        whole.color[part], whole.depth_m[part], whole.body[part] = color, depth_m, body
        return self._finished(whole, settled)

    def _reach(self, settled: Settled, camera: Camera) -> Box | None:
        """The part of the image that bodies reach: an empty pixel costs as much as a step of the pipeline."""
        boxes = np.array([body_box(self._files, body, camera) for body in settled.spec.bodies])
        boxes = np.clip(boxes, 0, (camera.width, camera.height, camera.width, camera.height))
        boxes = boxes[(boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])]
        if not len(boxes):
            return None
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def silhouette(self, settled: Settled, shot: Shot, body: int, box: Box) -> NDArray[np.bool_]:
        """Where a body alone would be seen, (h, w) over a box; but for rare edge pixels as in a frame."""
        near_m, far_m = self._ready(settled, shot)
        self._show_only(settled, {body})
        matrix = projection(shot.camera, box, near_m, far_m)
        _, _, ids = self._draw(view_matrix(shot.camera), matrix, _size(box), shot.light)
        return np.asarray(ids >= 0)

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> ShadowMap | None:
        """What a shot's light sees, from far away; None where there is nothing."""
        if not settled.spec.bodies:
            return None
        self._ready(settled, shot)
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
        _, _, ids = self._draw(view, orthographic(half_m), (side_px, side_px), shot.light)
        blocked = np.where(ids >= 0, np.uint8(255), np.uint8(0))
        return ShadowMap(blocked, right, down, middle[:2] - half_m, side_px / (2 * half_m))

    def _ready(self, settled: Settled, shot: Shot) -> tuple[float, float]:
        """Puts a scene's bodies into the client, in the levels of detail that a shot needs.

        Returns:
            The near and the far plane of the shot.
        """
        same = self._drawn is not None and self._drawn[0] is settled and self._drawn[1] is shot
        if not same or self._client.contents is not self._contents:
            self._drawn = None
            self._planes_m = self._depth_range(settled, shot.camera)
            self._load(settled, shot)
            self._drawn = settled, shot
        return self._planes_m

    def _load(self, settled: Settled, shot: Shot) -> None:
        levels = self._levels_for(settled, shot.camera)
        held = self._contents
        if self._client.contents is held and held[0] is settled and held[1] == levels:
            return
        self._client.fresh()
        self._ids = self._add(settled, levels)
        self._levels = levels
        self._shown = set(range(len(self._ids)))
        self._client.contents = self._contents = (settled, levels, self)

    def _depth_range(self, settled: Settled, camera: Camera) -> tuple[float, float]:
        return depth_range(self._files, settled, camera)

    def _levels_for(self, settled: Settled, camera: Camera) -> tuple[int, ...]:
        return tuple(self._level(body, camera) for body in settled.spec.bodies)

    def _level(self, body: Body, camera: Camera) -> int:
        center = np.array([self._files.assets[body.asset].center_of_mass_m]) * body.scale
        _, depth_m = camera.project(body.pose.apply(center))
        px_per_unit = (camera.fx * camera.fy) ** 0.5 * body.scale / max(float(depth_m[0]), 1e-6)
        try:
            return self._files.level(body.asset, px_per_unit)
        except Vanishing as error:
            raise RejectedView("vanishing") from error

    def _show_only(self, settled: Settled, bodies: set[int]) -> None:
        """Shows some bodies and hides all others; what is so already is not touched."""
        for index in sorted(self._shown ^ bodies):
            body = settled.spec.bodies[index]
            self._show(body, self._ids[index], self._levels[index], index in bodies)
        self._shown = bodies

    def _bodies(self, ids: NDArray[np.int32]) -> NDArray[np.int16]:
        """PyBullet's ids as indices of bodies."""
        table = np.full(max(self._ids) + 2, -1, np.int16)
        table[self._ids] = np.arange(len(self._ids))
        return table[np.where(ids < 0, -1, ids & 0xFFFFFF)]


def _size(box: Box) -> tuple[int, int]:
    return box[2] - box[0], box[3] - box[1]


def _nothing(camera: Camera) -> GBuffer:
    shape = (camera.height, camera.width)
    return GBuffer(
        np.zeros((*shape, 3), np.uint8), np.full(shape, np.inf, np.float32), np.full(shape, -1, np.int16)
    )
