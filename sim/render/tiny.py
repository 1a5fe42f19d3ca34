"""PyBullet's TinyRenderer behind the renderer interface."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from scenes.looks import Pictures
from scenes.spec import Body, Light, Texture, Vec3
from sim.bullet import Client, pb
from sim.meshfiles import MeshFiles
from sim.render.meshrenderer import Drawn, MeshRenderer
from sim.render.projection import column_major, shifted
from sim.render.rasterise import Array
from sim.settle import Settled

KEPT_TRIANGLES = 100_000
"""Triangles of loaded meshes after which a scene starts with none."""


@dataclass(slots=True)
class Loaded:
    """A mesh in the client.

    Attributes:
        body_id: PyBullet's number of it.
        triangles: How many it has.
        colors: What each part is to be seen in.
        textures: The file that each part has now.
    """

    body_id: int
    triangles: int
    colors: list[Vec3]
    textures: list[Path | None]


class TinyRenderer(MeshRenderer):
    """PyBullet's software renderer: exact ids, flat light, no shadows of its own.

    Args:
        client: The PyBullet client to draw in.
        files: Meshes as files.
        pictures: Textures.
        lit: Whether colours are lit; otherwise they are those of the surfaces.
    """

    def __init__(self, client: Client, files: MeshFiles, pictures: Pictures, lit: bool = True) -> None:
        """Draws nothing yet."""
        super().__init__(client, files)
        self._bullet, self._pictures, self._lit = client, pictures, lit
        self._loaded: dict[tuple[str, int, int], Loaded] = {}
        self._of_body: list[Loaded] = []
        self._shown: Loaded | None = None
        self._drawn_texture = cache(self._read_texture)
        self._own_textures = cache(self._read_own_textures)

    def _draw(
        self,
        settled: Settled,
        bodies: Collection[int],
        view: Array,
        matrix: Array,
        size_wh: tuple[int, int],
        light: Light,
    ) -> Drawn:
        (index,) = bodies
        self._show_only(self._of_body[index])
        # Meshes have the size of their files: instead, the camera sees a smaller or larger world.
        scale = settled.spec.bodies[index].scale
        view = view @ np.diag([scale, scale, scale, 1.0])
        width, height = size_wh
        # Its pictures lie half a pixel too far right and up. Light arguments stick from call to call: every
        # one is given every time.
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

    def _put(self, settled: Settled, levels: tuple[int, ...], kept: bool) -> list[int]:
        """Puts bodies where they are; meshes that are there already need not be loaded again."""
        triangles = sum(known.triangles for known in self._loaded.values())
        if not kept or self._bullet.crowded or triangles > KEPT_TRIANGLES:
            self._bullet.fresh()
            self._loaded.clear()
            self._shown = None
        copies: Counter[tuple[str, int]] = Counter()
        self._of_body = []
        for body, level in zip(settled.spec.bodies, levels, strict=True):
            copy = copies[body.asset, level]
            copies[body.asset, level] += 1
            self._of_body.append(self._placed(body, level, copy))
        return [loaded.body_id for loaded in self._of_body]

    def _placed(self, body: Body, level: int, copy: int) -> Loaded:
        """One of the copies of a mesh, which looks and lies as a body does."""
        key = body.asset, level, copy
        if key not in self._loaded:
            self._loaded[key] = self._load_mesh(body.asset, level)
        loaded = self._loaded[key]
        pb.resetBasePositionAndOrientation(
            loaded.body_id,
            [along / body.scale for along in body.pose.position_m],
            body.pose.quat_xyzw,
            physicsClientId=self._client.id,
        )
        loaded.colors = self._colors(body, level)
        for part, texture in enumerate(self._textures(body, level)):
            if texture != loaded.textures[part]:
                pb.changeVisualShape(
                    loaded.body_id,
                    -1,
                    shapeIndex=part,
                    textureUniqueId=-1 if texture is None else self._bullet.load_texture(str(texture)),
                    physicsClientId=self._client.id,
                )
                loaded.textures[part] = texture
        return loaded

    def _load_mesh(self, asset: str, level: int) -> Loaded:
        """A mesh that is not seen."""
        paths = self._files.visual(asset, level)
        visual = pb.createVisualShapeArray(
            shapeTypes=[pb.GEOM_MESH] * len(paths),
            fileNames=[str(path) for path in paths],
            meshScales=[[1.0] * 3] * len(paths),
            rgbaColors=[[0.0] * 4] * len(paths),
            visualFramePositions=[[0.0] * 3] * len(paths),
            physicsClientId=self._client.id,
        )
        body_id: int = pb.createMultiBody(0, -1, visual, physicsClientId=self._client.id)
        triangles = len(self._files.mesh(asset, level).faces)
        return Loaded(body_id, triangles, [], [None] * len(paths))

    def _colors(self, body: Body, level: int) -> list[Vec3]:
        """The colour of each part."""
        own = [part.color_rgb for part in self._files.mesh(body.asset, level).parts]
        return [body.look.color_rgb or color for color in own]

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

    def _show_only(self, loaded: Loaded) -> None:
        """Shows one body, and hides the one that was shown before by alpha 0."""
        changed = [(loaded, 1.0)] if self._shown is None else [(self._shown, 0.0), (loaded, 1.0)]
        for mesh, alpha in changed:
            for part, color in enumerate(mesh.colors):
                pb.changeVisualShape(
                    mesh.body_id,
                    -1,
                    shapeIndex=part,
                    rgbaColor=[*color, alpha],
                    physicsClientId=self._client.id,
                )
        self._shown = loaded
