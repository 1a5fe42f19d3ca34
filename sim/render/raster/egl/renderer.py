"""OpenGL renderer that uses PyBullet's EGL plug-in, on a GPU or on the CPU with Mesa's llvmpipe.

The renderer has to return unlit colours, but the plug-in always shades them. Of all light arguments it
uses only the direction, and it returns

    colour · (0.5 + 0.5 · intensity),  intensity = 0.5 + 0.5 · normal · light, times 0.7 in shadow

(plus a highlight where the surface is lit). Normals are used for nothing else, so all normals of a body are
set either to the body's z axis or to its opposite, whichever points away from the light. Then the whole body
is in shadow and has a single intensity, and dividing the body's colour by the resulting factor before
rendering cancels the shading. The light direction is chosen so that its angle to the z axis of each body is
far from 90 degrees.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures, Texture
from scenes.geometry import fibonacci_sphere
from scenes.shot import Camera, Light
from scenes.spec import Body
from sim.boxes import Box, size
from sim.bullet import pb
from sim.meshfiles import MeshFiles
from sim.render.raster.drawing import Drawing
from sim.render.raster.drawn import Drawn
from sim.render.raster.egl.client import CAPACITY, EglClient
from sim.render.raster.egl.files import RAMP_PX, EglFiles, TextureMode, decode_uvs
from sim.render.raster.gbuffer import Array, GBuffer
from sim.render.raster.groups import groups
from sim.render.raster.matrices import buffer_of, column_major, cropped
from sim.render.raster.meshrenderer import MeshRenderer, RawImages
from sim.render.raster.pinholes import covered_depth, open_pixels
from sim.render.raster.projection import projected_outline, tight_depth_range
from sim.settled import Settled

TILE_WH = (1024, 768)
"""Maximum width and height in pixels of an image; the plug-in renders larger images at this size and enlarges
them."""
LIGHTS = 256
"""Number of candidates for the direction of the plug-in's light."""
SMALL_PX = 256
"""Masks of fewer pixels are made exact: OpenGL rounds vertices, so a pixel or two on an edge may be wrong."""
CACHED_TEXTURES = 64
HIDDEN_POSITION_M = (0.0, 0.0, 1e6)
"""Position of hidden bodies, outside every view. Bodies hidden by alpha 0 would still be in the id image."""


class EglRenderer(MeshRenderer):
    """OpenGL renderer with exact ids and unlit colours.

    Args:
        client: The client to render with.
        files: Mesh and texture files to load into the client.
        pictures: Loader of texture images.
    """

    def __init__(self, client: EglClient, files: MeshFiles, pictures: Pictures) -> None:
        """Loads no scene; scenes are loaded on first use."""
        super().__init__(client, files, pictures)
        self._egl, self._egl_files, self._pictures = client, EglFiles(files), pictures
        self._sampled_texture = lru_cache(CACHED_TEXTURES)(self._read_texture)
        self._light = np.array([0.0, 0.0, 1.0])

    def _render(self, view: Array, matrix: Array, size_wh: tuple[int, int], light: Light) -> RawImages:
        width, height = size_wh
        color = np.zeros((height, width, 4), np.uint8)
        depth, ids = np.ones((height, width), np.float32), np.full((height, width), -1, np.int32)
        for y0 in range(0, height, TILE_WH[1]):
            for x0 in range(0, width, TILE_WH[0]):
                x1, y1 = min(x0 + TILE_WH[0], width), min(y0 + TILE_WH[1], height)
                part, inside = cropped(matrix, size_wh, (x0, y0, x1, y1)), np.s_[y0:y1, x0:x1]
                color[inside], depth[inside], ids[inside] = self._tile(view, part, x1 - x0, y1 - y0)
        # Ids are rendered separately from colour and depth; an id is kept only where depth shows a body too.
        ids[depth >= 1] = -1
        return color, depth, ids

    def _tile(self, view: Array, matrix: Array, width: int, height: int) -> RawImages:
        _, _, color, depth, ids = pb.getCameraImage(
            width,
            height,
            viewMatrix=column_major(view),
            projectionMatrix=column_major(matrix),
            lightDirection=self._light.tolist(),
            flags=pb.ER_SEGMENTATION_MASK_OBJECT_AND_LINKINDEX,
            renderer=pb.ER_BULLET_HARDWARE_OPENGL,
            physicsClientId=self._client.id,
        )
        return (
            np.asarray(color, np.uint8).reshape(height, width, 4),
            np.asarray(depth, np.float32).reshape(height, width),
            np.asarray(ids, np.int32).reshape(height, width),
        )

    def _depth_range(self, settled: Settled, camera: Camera) -> tuple[float, float]:
        """Depths of near and far planes close to the bodies, as llvmpipe's depth buffer has only 16 bits."""
        return tight_depth_range(self._files, settled, camera)

    def _levels_for(self, settled: Settled, camera: Camera) -> tuple[int, ...]:
        """Returns the level of detail of each body.

        If the bodies do not fit into the plug-in's memory, the largest meshes get coarser levels first.
        """
        levels = list(super()._levels_for(settled, camera))
        coarsest = [len(self._files.errors_m(body.asset)) - 1 for body in settled.spec.bodies]
        while True:
            sizes = [
                self._held_bytes(body, level) for body, level in zip(settled.spec.bodies, levels, strict=True)
            ]
            left = [held if levels[index] < coarsest[index] else 0 for index, held in enumerate(sizes)]
            if sum(sizes) <= CAPACITY or not any(left):
                return tuple(levels)
            for index, held in enumerate(left):
                levels[index] += held > 0 and held >= max(left) / 2

    def _held_bytes(self, body: Body, level: int) -> int:
        """Bytes that a body takes in the plug-in; 0 for dense bodies, which are not loaded."""
        return 0 if self._dense.contain(body, level) else sum(self._egl_files.size_bytes(body.asset, level))

    def _groups(
        self, settled: Settled, camera: Camera, boxes: Mapping[int, Box]
    ) -> Iterable[Collection[int]]:
        """Groups bodies that are rendered together; returns the body indices of each group."""
        points = {
            index: projected_outline(self._files, settled.spec.bodies[index], camera) for index in boxes
        }
        # With llvmpipe, each call takes 20 ms, even for a small image.
        return groups(boxes, points, _tiles)

    def _add(self, settled: Settled, levels: tuple[int, ...], chosen: Sequence[int]) -> list[int]:
        if not chosen:
            return []
        bodies = [settled.spec.bodies[index] for index in chosen]
        self._light, along = _oblique_light(np.array([body.pose.rotation()[:, 2] for body in bodies]))
        placed = zip(bodies, chosen, along.tolist(), strict=True)
        return [self._add_body(body, levels[index], toward) for body, index, toward in placed]

    def _add_body(self, body: Body, level: int, toward: float) -> int:
        """Loads a body; `toward` is the cosine between its z axis and the direction to the light."""
        gain = _shadow_gain(-abs(toward))
        paths = self._egl_files.visual(body.asset, level, toward < 0, _texture_mode(body))
        parts = self._files.mesh(body.asset, level).parts
        colors = [(1.0, 1.0, 1.0) if body.look.texture else body.look.color_rgb or p.color_rgb for p in parts]
        visual = pb.createVisualShapeArray(
            shapeTypes=[pb.GEOM_MESH] * len(paths),
            fileNames=[str(path) for path in paths],
            meshScales=[body.axes] * len(paths),
            rgbaColors=[[*(channel / gain for channel in color), 1.0] for color in colors],
            visualFramePositions=[
                self._egl.allocate(size) for size in self._egl_files.size_bytes(body.asset, level)
            ],
            physicsClientId=self._client.id,
        )
        pose = self._files.center_pose(body)
        body_id: int = pb.createMultiBody(
            0, -1, visual, pose.position_m, pose.quat_xyzw, physicsClientId=self._client.id
        )
        return body_id

    def _show(self, body: Body, body_id: int, level: int, shown: bool) -> None:
        pb.resetBasePositionAndOrientation(
            body_id,
            self._files.center_pose(body).position_m if shown else HIDDEN_POSITION_M,
            body.pose.quat_xyzw,
            physicsClientId=self._client.id,
        )

    def _complete(self, drawing: Drawing, drawn: Mapping[int, Drawn]) -> None:
        """Makes small masks exact, and closes one-pixel holes between triangles in larger masks."""
        boxes = drawing.boxes
        small = {index for index, box in boxes.items() if drawn[index].area_px(index, box) < SMALL_PX}
        for index in small:
            seen = self._dense.shown(drawing, index)
            drawn[index].correct(index, boxes[index], seen, drawing.planes_m)
        for part in {id(part): part for part in drawn.values()}.values():
            for row, column, index in zip(*open_pixels(part.body), strict=True):
                if index not in small:
                    self._close(drawing, part, (row, column, index))

    def _close(self, drawing: Drawing, part: Drawn, place: tuple[int, int, int]) -> None:
        """Closes a hole of one pixel in a body, if the mesh of the body covers the pixel centre.

        The pixel gets the colour of the pixel to its left.

        Args:
            drawing: The bodies to be rendered.
            part: The rendered bodies; modified in place.
            place: Row and column of the hole, and the index of the body.
        """
        row, column, index = place
        projected = drawing.triangles(self._files, index, part.box)
        depth_m = covered_depth(projected, column + part.box[0], row + part.box[1])
        if np.isfinite(depth_m):
            part.body[row, column] = index
            part.depth[row, column] = buffer_of(np.array(depth_m), drawing.planes_m)
            part.rgba[row, column] = part.rgba[row, column - 1]

    def _postprocess(self, gbuffer: GBuffer, settled: Settled) -> GBuffer:
        """Replaces colours that encode texture coordinates by the texture colours at these coordinates."""
        color, flat = gbuffer.color.reshape(-1, 3), gbuffer.body.ravel()
        for index, body in enumerate(settled.spec.bodies):
            if index not in self._ids or body.look.texture is None or body in self._cuboids:
                continue
            if not len(where := np.flatnonzero(flat == index)):
                continue
            texture = self._sampled_texture(body.look.texture)
            u, v = decode_uvs(color[where], self._egl_files.uv_box(body.asset)).T
            height, width = texture.shape[:2]
            column, row = np.floor(u * width).astype(int), np.floor((1 - v) * height).astype(int)
            tint = np.array(body.look.color_rgb or (1.0, 1.0, 1.0))
            color[where] = np.rint(texture[row % height, column % width] * tint)
        return gbuffer

    def _read_texture(self, texture: Texture) -> NDArray[np.uint8]:
        """Returns a texture, downsampled to at most `RAMP_PX` pixels per side.

        The colours that encode texture coordinates have this resolution.
        """
        pixels = self._pictures(texture)
        size_wh = min(pixels.shape[1], RAMP_PX), min(pixels.shape[0], RAMP_PX)
        return np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _tiles(box: Box) -> int:
    """Number of tiles that cover a box."""
    width, height = size(box)
    return -(-width // TILE_WH[0]) * -(-height // TILE_WH[1])


def _texture_mode(body: Body) -> TextureMode:
    if body.look.texture is not None:
        return TextureMode.UV
    return TextureMode.OWN if body.look.color_rgb is None else TextureMode.PLAIN


def _oblique_light(axes: Array) -> tuple[Array, Array]:
    """Chooses a light direction whose angle to each of the given axes is far from 90 degrees.

    Args:
        axes: (n, 3) unit vectors.

    Returns:
        The direction (3,), and the cosines (n,) of its angles to the axes.
    """
    lights = fibonacci_sphere(LIGHTS)
    along = axes @ lights.T
    best = int(np.abs(along).min(axis=0).argmax())
    return lights[best], along[:, best]


def _shadow_gain(cosine: float) -> float:
    """Factor by which the plug-in multiplies colours in shadow; `cosine` is normal · light, and negative."""
    return 0.5 + 0.5 * 0.7 * (0.5 + 0.5 * cosine)
