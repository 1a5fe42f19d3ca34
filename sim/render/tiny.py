"""PyBullet's TinyRenderer behind the renderer interface."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenes.looks import Pictures
from scenes.spec import Body, Camera, Light, Shot, Texture
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles, Vanishing
from sim.render.projection import (
    body_box,
    column_major,
    depth_range,
    look_along,
    orthographic,
    projection,
    view_matrix,
)
from sim.render.rasterise import Box, GBuffer, RejectedView, ShadowMap
from sim.settle import Settled


class TinyRenderer:
    """PyBullet's software renderer: exact ids, flat light, no shadows of its own.

    Args:
        client: The PyBullet client to draw in.
        files: Meshes as files.
        pictures: Textures.
        lit: Whether colours are lit; otherwise they are those of the surfaces.
    """

    def __init__(self, client: Client, files: MeshFiles, pictures: Pictures, lit: bool = True) -> None:
        """Draws nothing yet."""
        self._client, self._files, self._pictures, self._lit = client, files, pictures, lit
        self._ids: list[int] = []
        self._drawn_texture = cache(self._read_texture)
        self._own_textures = cache(self._read_own_textures)
        self._levels: tuple[int, ...] = ()
        self._shown: set[int] = set()
        self._contents: tuple[object, ...] = (None, None)
        self._drawn: tuple[Settled, Shot] | None = None
        self._planes_m = (0.0, 0.0)

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Everything that a shot sees of the bodies.

        Raises:
            RejectedView: `too_close` when a body reaches behind the camera or would fill more than 4096 px;
                `vanishing` when an asset has no mesh coarse enough for its distance.
        """
        camera = shot.camera
        if not settled.spec.bodies:
            return _nothing(camera)
        near_m, far_m = self._show(settled, shot)
        whole = _nothing(camera)
        box = self._reach(settled, camera)
        if box is None:
            return whole
        part = np.s_[box[1] : box[3], box[0] : box[2]]
        self._show_only(settled, set(range(len(self._ids))))
        color, depth, ids = self._draw(
            view_matrix(camera), projection(camera, box, near_m, far_m), box, shot.light
        )
        body = self._bodies(ids)
        drawn = np.flatnonzero(ids >= 0)
        z_ndc = 2.0 * depth.ravel().take(drawn).astype(np.float64) - 1.0
        depth_m = np.full(body.shape, np.inf, np.float32)
        depth_m.ravel()[drawn] = 2.0 * far_m * near_m / (far_m + near_m - z_ndc * (far_m - near_m))
        whole.color[part], whole.depth_m[part], whole.body[part] = color, depth_m, body
        return whole

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
        near_m, far_m = self._show(settled, shot)
        self._show_only(settled, {body})
        matrix = projection(shot.camera, box, near_m, far_m)
        _, _, ids = self._draw(view_matrix(shot.camera), matrix, box, shot.light)
        return np.asarray(ids >= 0)

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> ShadowMap | None:
        """What a shot's light sees, from far away; None where there is nothing."""
        if not settled.spec.bodies:
            return None
        self._show(settled, shot)
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
        _, _, ids = self._draw(
            column_major(look_along(axes, middle - np.array([0.0, 0.0, 4 * half_m]))),
            column_major(orthographic(half_m, side_px)),
            (0, 0, side_px, side_px),
            shot.light,
        )
        blocked = np.where(ids >= 0, np.uint8(255), np.uint8(0))
        return ShadowMap(blocked, right, down, middle[:2] - half_m, side_px / (2 * half_m))

    def _draw(
        self, view: list[float], matrix: list[float], box: Box, light: Light
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]:
        width, height = box[2] - box[0], box[3] - box[1]
        # Light arguments stick from call to call: every one is given every time.
        _, _, color, depth, ids = pb.getCameraImage(
            width,
            height,
            viewMatrix=view,
            projectionMatrix=matrix,
            lightDirection=light.direction,
            lightColor=light.color_rgb,
            lightDistance=10.0,
            lightAmbientCoeff=light.ambient if self._lit else 1.0,
            lightDiffuseCoeff=light.diffuse if self._lit else 0.0,
            lightSpecularCoeff=light.specular if self._lit else 0.0,
            shadow=0,
            flags=pb.ER_SEGMENTATION_MASK_OBJECT_AND_LINKINDEX,
            renderer=pb.ER_TINY_RENDERER,
            physicsClientId=self._client.id,
        )
        shape = (height, width)
        return (
            np.asarray(color, np.uint8).reshape(*shape, 4)[..., :3],
            np.asarray(depth, np.float32).reshape(shape),
            np.asarray(ids, np.int32).reshape(shape),
        )

    def _show(self, settled: Settled, shot: Shot) -> tuple[float, float]:
        """Puts a scene's bodies into the client, in the levels of detail that a shot needs.

        Returns:
            The near and the far plane of the shot.
        """
        same = self._drawn is not None and self._drawn[0] is settled and self._drawn[1] is shot
        if not same or self._client.contents is not self._contents:
            self._drawn = None
            self._planes_m = depth_range(self._files, settled, shot.camera)
            self._load(settled, shot)
            self._drawn = settled, shot
        return self._planes_m

    def _load(self, settled: Settled, shot: Shot) -> None:
        levels = tuple(self._level(body, shot.camera) for body in settled.spec.bodies)
        held = self._contents
        if self._client.contents is held and held[0] is settled and held[1] == levels:
            return
        self._client.fresh()
        load = cache(partial(pb.loadTexture, physicsClientId=self._client.id))
        self._ids = [
            self._add(body, level, load) for body, level in zip(settled.spec.bodies, levels, strict=True)
        ]
        self._levels = levels
        self._shown = set(range(len(self._ids)))
        self._client.contents = self._contents = (settled, levels, self)

    def _level(self, body: Body, camera: Camera) -> int:
        center = np.array([self._files.assets[body.asset].center_of_mass_m]) * body.scale
        _, depth_m = camera.project(body.pose.apply(center))
        px_per_unit = (camera.fx * camera.fy) ** 0.5 * body.scale / max(float(depth_m[0]), 1e-6)
        try:
            return self._files.level(body.asset, px_per_unit)
        except Vanishing as error:
            raise RejectedView("vanishing") from error

    def _add(self, body: Body, level: int, load: Callable[[str], int]) -> int:
        client, paths = self._client.id, self._files.visual(body.asset, level)
        colors = self._colors(body, level)
        visual = pb.createVisualShapeArray(
            shapeTypes=[pb.GEOM_MESH] * len(paths),
            fileNames=[str(path) for path in paths],
            meshScales=[[body.scale] * 3] * len(paths),
            rgbaColors=colors,
            visualFramePositions=[[0.0, 0.0, 0.0]] * len(paths),
            physicsClientId=client,
        )
        body_id: int = pb.createMultiBody(
            0, -1, visual, body.pose.position_m, body.pose.quat_xyzw, physicsClientId=client
        )
        for index, path in enumerate(self._textures(body, level)):
            if path is not None:
                texture = load(str(path))
                pb.changeVisualShape(
                    body_id, -1, shapeIndex=index, textureUniqueId=texture, physicsClientId=client
                )
        return body_id

    def _colors(self, body: Body, level: int) -> list[list[float]]:
        own = [part.color_rgb for part in self._files.mesh(body.asset, level).parts]
        return [[*(body.look.color_rgb or color), 1.0] for color in own]

    def _textures(self, body: Body, level: int) -> list[Path | None]:
        """The texture file of each part, or None."""
        parts = self._files.mesh(body.asset, level).parts
        if body.look.texture is not None:
            role = "distractors" if body.category is None else "objects"
            return [self._drawn_texture(role, body.look.texture)] * len(parts)
        own = self._own_textures(body.asset, level)
        return list(own) if body.look.color_rgb is None else [None] * len(parts)

    def _read_texture(self, role: str, texture: Texture) -> Path:
        return self._files.texture(self._pictures(role, texture))

    def _read_own_textures(self, asset: str, level: int) -> tuple[Path | None, ...]:
        parts = self._files.mesh(asset, level).parts
        return tuple(None if part.texture is None else self._files.texture(part.texture) for part in parts)

    def _show_only(self, settled: Settled, bodies: set[int]) -> None:
        """Shows some bodies and hides all others by alpha 0; what is so already is not touched."""
        for index in sorted(self._shown ^ bodies):
            alpha = float(index in bodies)
            for part, color in enumerate(self._colors(settled.spec.bodies[index], self._levels[index])):
                pb.changeVisualShape(
                    self._ids[index],
                    -1,
                    shapeIndex=part,
                    rgbaColor=[*color[:3], alpha],
                    physicsClientId=self._client.id,
                )
        self._shown = bodies

    def _bodies(self, ids: NDArray[np.int32]) -> NDArray[np.int16]:
        """PyBullet's ids as indices of bodies."""
        table = np.full(max(self._ids) + 2, -1, np.int16)
        table[self._ids] = np.arange(len(self._ids))
        return table[np.where(ids < 0, -1, ids & 0xFFFFFF)]


def _nothing(camera: Camera) -> GBuffer:
    shape = (camera.height, camera.width)
    return GBuffer(
        np.zeros((*shape, 3), np.uint8), np.full(shape, np.inf, np.float32), np.full(shape, -1, np.int16)
    )
