"""Colour, depth and ids of the bodies by PyBullet's TinyRenderer; nothing else decides what a label is."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenes.looks import Pictures
from scenes.spec import Body, Camera, Light, Shot, Texture
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles, Vanishing
from sim.settle import Settled

Array = NDArray[np.float64]
Box = tuple[int, int, int, int]
"""Pixel edges x0, y0, x1, y1; may reach beyond the image."""

MAX_BOX_PX = 4096
MIN_DEPTH_SHARE = 0.02
"""Nearest drawn depth as a share of the farthest: the depth buffer divides what lies between."""


class RejectedView(Exception):
    """A view that cannot be labelled: it is recorded with its reason, and not drawn again."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class GBuffer:
    """What one shot sees of the bodies.

    Attributes:
        color: (H, W, 3) uint8 RGB, lit by the renderer.
        depth_m: (H, W) float32, along the camera's z; infinite where no body is.
        body: (H, W) int16, index into the scene's bodies; -1 where none is.
    """

    color: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    body: NDArray[np.int16]


class Renderer(Protocol):
    """Draws settled scenes; holds one scene at a time."""

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Everything that a shot sees of the bodies."""

    def silhouette(self, settled: Settled, shot: Shot, body: int, box: Box) -> NDArray[np.bool_]:
        """Where a body alone would be seen, (h, w) over a box that may reach beyond the image."""

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> "ShadowMap | None":
        """What a shot's light sees."""


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


class TinyRenderer:
    """PyBullet's software renderer: exact ids, flat light, no shadows of its own.

    Args:
        client: The PyBullet client to draw in.
        files: Meshes as files.
        pictures: Textures.
    """

    def __init__(self, client: Client, files: MeshFiles, pictures: Pictures) -> None:
        """Draws nothing yet."""
        self._client, self._files, self._pictures = client, files, pictures
        self._ids: list[int] = []
        self._drawn_texture = cache(self._read_texture)
        self._own_textures = cache(self._read_own_textures)
        self._levels: tuple[int, ...] = ()
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
        whole = (0, 0, camera.width, camera.height)
        color, depth, ids = self._draw(
            view_matrix(camera), projection(camera, whole, near_m, far_m), whole, shot.light
        )
        body = self._bodies(ids)
        z_ndc = 2.0 * depth.astype(np.float64) - 1.0
        depth_m = 2.0 * far_m * near_m / (far_m + near_m - z_ndc * (far_m - near_m))
        depth_m[body < 0] = np.inf
        return GBuffer(color, depth_m.astype(np.float32), body)

    def silhouette(self, settled: Settled, shot: Shot, body: int, box: Box) -> NDArray[np.bool_]:
        """Where a body alone would be seen, (h, w) over a box; bit-equal to the full frame's pixels."""
        near_m, far_m = self._show(settled, shot)
        others = [index for index in range(len(self._ids)) if index != body]
        self._set_visible(settled, others, visible=False)
        matrix = projection(shot.camera, box, near_m, far_m)
        _, _, ids = self._draw(view_matrix(shot.camera), matrix, box, shot.light)
        self._set_visible(settled, others, visible=True)
        return np.asarray(ids >= 0)

    def shadow_map(self, settled: Settled, shot: Shot, side_px: int) -> ShadowMap | None:
        """What a shot's light sees, from far away; None where there is nothing."""
        if not settled.spec.bodies:
            return None
        self._show(settled, shot)
        direction = np.array(shot.light.direction)
        right = np.cross((0.0, 0.0, 1.0) if abs(direction[2]) < 0.99 else (0.0, 1.0, 0.0), direction)
        right /= np.linalg.norm(right)
        down = np.cross(right, direction)
        axes = np.stack([right, down, -direction])
        points = np.concatenate([body_hull(self._files, body) for body in settled.spec.bodies]) @ axes.T
        low, high = points.min(axis=0), points.max(axis=0)
        half_m = float((high - low).max()) * 0.55 + 1e-6
        middle = (low + high) / 2
        _, _, ids = self._draw(
            _column_major(_look_along(axes, middle - np.array([0.0, 0.0, 4 * half_m]))),
            _column_major(_orthographic(half_m, side_px)),
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
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=light.specular,
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
        self._ids = [self._add(body, level) for body, level in zip(settled.spec.bodies, levels, strict=True)]
        self._levels = levels
        self._client.contents = self._contents = (settled, levels, self)

    def _level(self, body: Body, camera: Camera) -> int:
        center = np.array([self._files.assets[body.asset].center_of_mass_m]) * body.scale
        _, depth_m = camera.project(body.pose.apply(center))
        px_per_unit = (camera.fx * camera.fy) ** 0.5 * body.scale / max(float(depth_m[0]), 1e-6)
        try:
            return self._files.level(body.asset, px_per_unit)
        except Vanishing as error:
            raise RejectedView("vanishing") from error

    def _add(self, body: Body, level: int) -> int:
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
                texture = pb.loadTexture(str(path), physicsClientId=client)
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

    def _set_visible(self, settled: Settled, bodies: list[int], visible: bool) -> None:
        """Hides bodies by alpha 0, or shows them again."""
        for index in bodies:
            for part, color in enumerate(self._colors(settled.spec.bodies[index], self._levels[index])):
                pb.changeVisualShape(
                    self._ids[index],
                    -1,
                    shapeIndex=part,
                    rgbaColor=[*color[:3], float(visible)],
                    physicsClientId=self._client.id,
                )

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


def body_hull(files: MeshFiles, body: Body) -> Array:
    """World points (n, 3) that bound a body from every side."""
    return body.pose.apply(files.hull_vertices(body.asset) * body.scale)


def body_box(files: MeshFiles, body: Body, camera: Camera) -> Box:
    """The pixel box that holds a body on an unbounded image, and a pixel more; empty behind the camera.

    Raises:
        RejectedView: `too_close` when the box meets the image and is larger than 4096 px.
    """
    pixels, depth_m = camera.project(body_hull(files, body))
    if depth_m.max() <= 0:
        return 0, 0, 0, 0
    x0, y0 = np.floor(pixels.min(axis=0)).astype(int) - 1
    x1, y1 = np.ceil(pixels.max(axis=0)).astype(int) + 1
    in_view = x0 < camera.width and y0 < camera.height and x1 > 0 and y1 > 0
    if in_view and max(x1 - x0, y1 - y0) > MAX_BOX_PX:
        raise RejectedView("too_close")
    return int(x0), int(y0), int(x1), int(y1)


def depth_range(files: MeshFiles, settled: Settled, camera: Camera) -> tuple[float, float]:
    """Near and far planes that hold all bodies with room to spare.

    Raises:
        RejectedView: `too_close` when a body reaches the camera.
    """
    points = np.concatenate([body_hull(files, body) for body in settled.spec.bodies])
    _, depth_m = camera.project(points)
    ahead = depth_m[depth_m > 0]
    far_m = 1.1 * float(ahead.max()) if len(ahead) else 1.0
    near_m = MIN_DEPTH_SHARE * far_m
    for body in settled.spec.bodies:
        _, depth_m = camera.project(body_hull(files, body))
        if (depth_m.min() <= near_m * 1.01 and depth_m.max() > 0) or _holds(files, body, camera):
            raise RejectedView("too_close")
    return near_m, far_m


def _holds(files: MeshFiles, body: Body, camera: Camera) -> bool:
    """Whether the camera stands in a body's bounding sphere, shrunk to what surely is inside or on it."""
    asset = files.assets[body.asset]
    center = body.pose.apply(np.array([asset.center_of_mass_m]) * body.scale)[0]
    return float(np.linalg.norm(center - np.array(camera.pose.position_m))) < asset.radius_m * body.scale


def view_matrix(camera: Camera) -> list[float]:
    """OpenGL's view matrix, column-major: OpenCV's camera axes with y and z turned round."""
    rotation = (camera.pose.rotation() * (1.0, -1.0, -1.0)).T
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ np.array(camera.pose.position_m)
    return _column_major(matrix)


def projection(camera: Camera, box: Box, near_m: float, far_m: float) -> list[float]:
    """OpenGL's projection, column-major, onto a box of the image plane, pixel centres at half integers.

    The last term of the two offsets undoes TinyRenderer's shift by half a pixel.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    matrix = np.zeros((4, 4))
    matrix[0, 0] = 2 * camera.fx / width
    matrix[1, 1] = 2 * camera.fy / height
    matrix[0, 2] = 1 - 2 * (camera.cx - box[0]) / width + 1 / width
    matrix[1, 2] = 2 * (camera.cy - box[1]) / height - 1 + 1 / height
    matrix[2, 2] = -(far_m + near_m) / (far_m - near_m)
    matrix[2, 3] = -2 * far_m * near_m / (far_m - near_m)
    matrix[3, 2] = -1.0
    return _column_major(matrix)


def _look_along(axes: Array, middle: Array) -> Array:
    """A view matrix for axes right, down, forward (3, 3), its origin at a point given along them."""
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array([[1.0], [-1.0], [-1.0]])
    matrix[:3, 3] = -middle * (1.0, -1.0, -1.0)
    return matrix


def _orthographic(half_m: float, side_px: int) -> Array:
    """A parallel projection from 1 to 7 half sides ahead, with TinyRenderer's half pixel undone."""
    matrix = np.diag([1 / half_m, 1 / half_m, -1 / (3 * half_m), 1.0])
    matrix[:3, 3] = -1 / side_px, -1 / side_px, -4 / 3
    return matrix


def _column_major(matrix: Array) -> list[float]:
    return [float(value) for value in matrix.T.ravel()]
