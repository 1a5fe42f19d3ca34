"""Renderer that uses PyBullet's TinyRenderer."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from scenes.assets.images import Pictures, Texture
from scenes.shot import Light
from scenes.spec import Body
from sim.bullet import Client, pb
from sim.meshfiles import UNIFORM, MeshFiles
from sim.render.raster.decals.painting import Shading
from sim.render.raster.drawing import Drawing
from sim.render.raster.drawn import Drawn
from sim.render.raster.gbuffer import Array
from sim.render.raster.matrices import column_major, shifted
from sim.render.raster.meshrenderer import MeshRenderer, RawImages
from sim.render.raster.subpixel import covered_by_small
from sim.render.raster.tinyshading import shaded
from sim.settled import Settled


class TinyRenderer(MeshRenderer):
    """PyBullet's software renderer: exact ids, simple shading, no shadows.

    Args:
        client: The PyBullet client to render with.
        files: Mesh and texture files to load into the client.
        pictures: Loader of texture images.
        lit: Whether to shade the surfaces; if False, they are rendered in their unlit colours.
    """

    def __init__(self, client: Client, files: MeshFiles, pictures: Pictures, lit: bool = True) -> None:
        """Loads no scene; scenes are loaded on first use."""
        super().__init__(client, files, pictures, lit)
        self._load_texture, self._pictures, self._lit = client.load_texture, pictures, lit
        self._sampled_texture = cache(self._read_texture)
        self._own_textures = cache(self._read_own_textures)

    def _render(self, view: Array, matrix: Array, size_wh: tuple[int, int], light: Light) -> RawImages:
        width, height = size_wh
        # TinyRenderer's images are shifted by half a pixel to the right and up, which is undone here. Its
        # light arguments persist between calls, so all of them are passed every time.
        _, _, color, depth, ids = pb.getCameraImage(
            width,
            height,
            viewMatrix=column_major(view),
            projectionMatrix=column_major(shifted(matrix, -0.5, -0.5, size_wh)),
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
            np.asarray(color, np.uint8).reshape(*shape, 4),
            np.asarray(depth, np.float32).reshape(shape),
            np.asarray(ids, np.int32).reshape(shape),
        )

    def _add(self, settled: Settled, levels: tuple[int, ...], chosen: Sequence[int]) -> list[int]:
        load = cache(self._load_texture)
        return [self._add_body(settled.spec.bodies[index], levels[index], load) for index in chosen]

    def _add_body(self, body: Body, level: int, load: Callable[[str], int]) -> int:
        proportions = body.proportions if self._lit else UNIFORM  # unlit colours do not depend on normals
        client, paths = self._client.id, self._files.visual(body.asset, level, proportions)
        colors = self._colors.of_parts(body, level)
        visual = pb.createVisualShapeArray(
            shapeTypes=[pb.GEOM_MESH] * len(paths),
            fileNames=[str(path) for path in paths],
            meshScales=[body.axes] * len(paths),
            rgbaColors=colors,
            visualFramePositions=[[0.0, 0.0, 0.0]] * len(paths),
            physicsClientId=client,
        )
        pose = self._files.center_pose(body)
        body_id: int = pb.createMultiBody(
            0, -1, visual, pose.position_m, pose.quat_xyzw, physicsClientId=client
        )
        for index, path in enumerate(self._textures(body, level)):
            if path is not None:
                texture = load(str(path))
                pb.changeVisualShape(
                    body_id, -1, shapeIndex=index, textureUniqueId=texture, physicsClientId=client
                )
        return body_id

    def _textures(self, body: Body, level: int) -> list[Path | None]:
        """A list with the texture file of each part of the body's mesh; None for a part without texture."""
        parts = self._files.mesh(body.asset, level).parts
        if body.look.texture is not None:
            return [self._sampled_texture(body.look.texture)] * len(parts)
        own = self._own_textures(body.asset, level)
        return list(own) if body.look.color_rgb is None else [None] * len(parts)

    def _complete(self, drawing: Drawing, drawn: Mapping[int, Drawn]) -> None:
        """Adds the triangles that TinyRenderer skips because they are too small in the image."""
        if not drawn:
            return
        order, planes_m, light = list(drawn), drawing.planes_m, drawing.shot.light
        found = covered_by_small(
            [drawing.triangles(self._files, index, part.box) for index, part in drawn.items()]
        )
        for place in np.unique(found.body).tolist():
            index = order[place]
            of_body = found.chosen(found.body == place)
            front = of_body.chosen(drawn[index].in_front(of_body, planes_m))
            if len(front.row):
                drawn[index].add(front, index, self._colors.at(*drawing.body(index), front, light), planes_m)

    def _shading(self, light: Light) -> Shading | None:
        if not self._lit:
            return None
        return lambda normals: shaded(np.full((1, 3), 255.0), normals, light) / 255.0

    def _read_texture(self, texture: Texture) -> Path:
        return self._files.texture(self._pictures(texture))

    def _read_own_textures(self, asset: str, level: int) -> tuple[Path | None, ...]:
        parts = self._files.mesh(asset, level).parts
        return tuple(None if part.texture is None else self._files.texture(part.texture) for part in parts)

    def _show(self, body: Body, body_id: int, level: int, shown: bool) -> None:
        """Shows a body, or hides it by setting its alpha to 0."""
        for part, color in enumerate(self._colors.of_parts(body, level)):
            pb.changeVisualShape(
                body_id,
                -1,
                shapeIndex=part,
                rgbaColor=[*color[:3], float(shown)],
                physicsClientId=self._client.id,
            )
