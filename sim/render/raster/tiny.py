"""Renderer that uses PyBullet's TinyRenderer."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures, Texture
from scenes.assets.mesh import Part
from scenes.shot import Light, Shot
from scenes.spec import Body
from sim.bullet import Client, pb
from sim.meshfiles import UNIFORM, MeshFiles
from sim.render.raster.assembling import Drawn
from sim.render.raster.decals.painting import Shading
from sim.render.raster.gbuffer import Array
from sim.render.raster.meshrenderer import MeshRenderer, RawImages
from sim.render.raster.projection import buffer_of, column_major, depth_of, shifted
from sim.render.raster.subpixel import Covered, covered_by_small
from sim.render.raster.tinyshading import shaded, texels
from sim.settle import Settled

IN_FRONT = 1 - 1e-5
"""A point is in front of another one if its depth is less than this fraction of the other's."""


class TinyRenderer(MeshRenderer):
    """PyBullet's software renderer: exact ids, simple shading, no shadows.

    Args:
        client: The PyBullet client to render with.
        files: Mesh and texture files to load into the client.
        pictures: Loader of texture images.
        lit: Whether colours are shaded; otherwise they are the unlit colours of the surfaces.
    """

    def __init__(self, client: Client, files: MeshFiles, pictures: Pictures, lit: bool = True) -> None:
        """Loads no scene; scenes are loaded on first use."""
        super().__init__(client, files, pictures)
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

    def _add(self, settled: Settled, levels: tuple[int, ...]) -> list[int]:
        load = cache(self._load_texture)
        bodies = zip(settled.spec.bodies, levels, strict=True)
        return [self._add_body(body, level, load) for body, level in bodies]

    def _add_body(self, body: Body, level: int, load: Callable[[str], int]) -> int:
        proportions = body.proportions if self._lit else UNIFORM  # unlit colours do not depend on normals
        client, paths = self._client.id, self._files.visual(body.asset, level, proportions)
        colors = self._colors(body, level)
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

    def _colors(self, body: Body, level: int) -> list[list[float]]:
        own = [part.color_rgb for part in self._files.mesh(body.asset, level).parts]
        return [[*(body.look.color_rgb or color), 1.0] for color in own]

    def _textures(self, body: Body, level: int) -> list[Path | None]:
        """The texture file of each part, or None."""
        parts = self._files.mesh(body.asset, level).parts
        if body in self._cuboids:
            return [None] * len(parts)  # only its shadow is drawn
        if body.look.texture is not None:
            return [self._sampled_texture(body.look.texture)] * len(parts)
        own = self._own_textures(body.asset, level)
        return list(own) if body.look.color_rgb is None else [None] * len(parts)

    def _complete(
        self, settled: Settled, shot: Shot, planes_m: tuple[float, float], drawn: Mapping[int, Drawn]
    ) -> None:
        """Adds the triangles that TinyRenderer skips because they are too small in the image."""
        if not drawn:
            return
        order = list(drawn)
        projected = [
            self._projected(settled.spec.bodies[index], self._levels[index], shot.camera, planes_m[0], box)
            for index, (box, *_) in drawn.items()
        ]
        found = covered_by_small(projected)
        for place in np.unique(found.body).tolist():
            of_body = found.chosen(found.body == place)
            self._add_points(settled.spec.bodies[order[place]], order[place], of_body, shot, planes_m, drawn)

    def _add_points(
        self,
        body: Body,
        index: int,
        found: Covered,
        shot: Shot,
        planes_m: tuple[float, float],
        drawn: Mapping[int, Drawn],
    ) -> None:
        """Adds points of a body where nothing that is drawn is in front of them."""
        box, rgba, depth, bodies = drawn[index]
        rows, columns = found.row - box[1], found.column - box[0]
        front = found.depth_m < IN_FRONT * depth_of(depth[rows, columns], planes_m)
        if front.any():
            found, rows, columns = found.chosen(front), rows[front], columns[front]
            depth[rows, columns] = buffer_of(found.depth_m, planes_m)
            bodies[rows, columns] = index
            rgba[rows, columns, :3] = self._surface_colors(body, self._levels[index], found, shot.light)

    def _shading(self, light: Light) -> Shading | None:
        if not self._lit:
            return None
        return lambda normals: shaded(np.full((1, 3), 255.0), normals, light) / 255.0

    def _surface_colors(self, body: Body, level: int, found: Covered, light: Light) -> NDArray[np.uint8]:
        """Colours (k, 3) of points on a body, as TinyRenderer would draw them."""
        mesh = self._files.shaped(body.asset, level, body.proportions)
        corners, parts = mesh.faces[found.face], mesh.part_of_face[found.face]
        uvs, normals = (
            np.einsum("kc,kcd->kd", found.weights, np.concatenate(rows)[corners])
            for rows in ([part.uvs for part in mesh.parts], [part.normals for part in mesh.parts])
        )
        color = 255.0 * np.array(self._colors(body, level))[parts, :3]
        for index in np.unique(parts).tolist():
            texture = self._texture_pixels(body, mesh.parts[index])
            if texture is not None:
                color[parts == index] *= texels(texture, uvs[parts == index]) / 255.0
        if self._lit:
            color = shaded(color, normals @ body.pose.rotation().T, light)
        return color.astype(np.uint8)

    def _texture_pixels(self, body: Body, part: Part) -> NDArray[np.uint8] | None:
        if body.look.texture is not None:
            return self._pictures(body.look.texture)
        return part.texture if body.look.color_rgb is None else None

    def _read_texture(self, texture: Texture) -> Path:
        return self._files.texture(self._pictures(texture))

    def _read_own_textures(self, asset: str, level: int) -> tuple[Path | None, ...]:
        parts = self._files.mesh(asset, level).parts
        return tuple(None if part.texture is None else self._files.texture(part.texture) for part in parts)

    def _show(self, body: Body, body_id: int, level: int, shown: bool) -> None:
        """Shows a body, or hides it by setting its alpha to 0."""
        for part, color in enumerate(self._colors(body, level)):
            pb.changeVisualShape(
                body_id,
                -1,
                shapeIndex=part,
                rgbaColor=[*color[:3], float(shown)],
                physicsClientId=self._client.id,
            )
