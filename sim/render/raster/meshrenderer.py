"""Base class of the renderers that use PyBullet: bodies are rendered separately and combined by depth.

Furniture that consists of cuboids is rendered by ray casting instead of PyBullet.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.shot import Camera, Light, Shot
from scenes.spec import Body
from sim.boxes import Box, size, union
from sim.meshfiles import MeshFiles
from sim.render.raster.assembling import GBufferBuilder
from sim.render.raster.boards import BoardPainter
from sim.render.raster.cuboids import Cuboids, cuboid_depth
from sim.render.raster.decals.painting import DecalPainter, Shading
from sim.render.raster.densebodies import DenseBodies
from sim.render.raster.detail import level_of_detail
from sim.render.raster.drawing import Drawing
from sim.render.raster.drawn import Drawn
from sim.render.raster.gbuffer import Array, GBuffer, ShadowMap, Wide
from sim.render.raster.lightview import LightView
from sim.render.raster.matrices import projection, view_matrix
from sim.render.raster.pointcolors import PointColors
from sim.render.raster.projection import boxes_in_view, depth_range
from sim.render.raster.throughlens import seen_through_lens
from sim.render.raster.wide import wide_camera
from sim.settled import Settled

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
        pictures: Loader of texture images.
        lit: Whether to shade the surfaces; if False, they are rendered in their unlit colours.
    """

    def __init__(self, client: RenderClient, files: MeshFiles, pictures: Pictures, lit: bool = False) -> None:
        """Loads no scene; scenes are loaded on first use."""
        self._client, self._files, self._decals = client, files, DecalPainter(files, pictures)
        self._cuboids, self._boards = Cuboids(files), BoardPainter(files, pictures)
        self._colors = PointColors(files, pictures, lit)
        self._dense = DenseBodies(files, self._colors)
        self._ids: dict[int, int] = {}
        self._levels: tuple[int, ...] = ()
        self._visible: set[int] = set()
        self._contents: tuple[object, ...] = (None, None, None)

    @abstractmethod
    def _add(self, settled: Settled, levels: tuple[int, ...], chosen: Sequence[int]) -> list[int]:
        """Loads bodies into the empty client and returns their PyBullet ids.

        Args:
            settled: The scene.
            levels: Level of detail of each of its bodies.
            chosen: Indices of the bodies to be loaded.
        """

    @abstractmethod
    def _show(self, body: Body, body_id: int, level: int, shown: bool) -> None:
        """Shows or hides a body."""

    @abstractmethod
    def _render(self, view: Array, matrix: Array, size_wh: tuple[int, int], light: Light) -> RawImages:
        """Renders an image of a given size with a view and a projection matrix, (4, 4) each."""

    def _complete(self, drawing: Drawing, drawn: Mapping[int, Drawn]) -> None:  # noqa: B027 - optional
        """Hook for subclasses to correct rendered bodies in place.

        Args:
            drawing: The bodies to be rendered.
            drawn: A dict from body index to the image in which the body was rendered.
        """

    def _postprocess(self, gbuffer: GBuffer, settled: Settled) -> GBuffer:
        """Hook for subclasses to change the finished G-buffer."""
        return gbuffer

    def _shading(self, light: Light) -> Shading | None:
        """Returns a function that computes shading factors from normals; None if colours are not shaded."""
        return None

    def rasterise(self, settled: Settled, shot: Shot) -> GBuffer:
        """Renders the bodies for a shot.

        Raises:
            RejectedView: `too_close` if a labelled body reaches the near plane or its bounding sphere
                contains the camera, if the box of a labelled body is wider or higher than 4096 px, or if a
                body without a label reaches the near plane inside the view.
        """
        if shot.camera.distortion is None:
            return self._rasterise(settled, shot, whole=True)
        camera = wide_camera(shot.camera)
        wide = Wide(camera, self._rasterise(settled, replace(shot, camera=camera), whole=False))
        levels = self._levels_for(settled, camera)
        near_m = self._depth_range(settled, camera)[0] if settled.spec.bodies else 0.0
        gbuffer = seen_through_lens(self._files, self._cuboids, settled, shot.camera, levels, near_m, wide)
        return self._decals.outlined(gbuffer, settled.spec.bodies, shot.camera)

    def _rasterise(self, settled: Settled, shot: Shot, whole: bool) -> GBuffer:
        """Renders the bodies with a pinhole camera.

        If `whole` is true, also renders the parts of labelled bodies that lie outside the image.
        """
        bodies, camera = settled.spec.bodies, shot.camera
        builder = GBufferBuilder(camera, bodies)
        if not bodies:
            return builder.build()
        planes_m = self._depth_range(settled, camera)
        boxes = boxes_in_view(self._files, bodies, camera, whole)
        boards = {index: boxes.pop(index) for index in tuple(boxes) if bodies[index] in self._cuboids}
        self._load(settled, camera)
        self._draw(builder, Drawing(settled, shot, self._levels, planes_m, boxes))
        for index, box in boards.items():
            cuboid = self._cuboids.seen(bodies[index], camera)
            builder.add_depth(index, box, cuboid_depth(cuboid, camera, box).astype(np.float32))
        gbuffer, shading = self._postprocess(builder.build(), settled), self._shading(shot.light)
        discs = [index for index in boxes if self._is_painted_disc(bodies[index])]
        for index in (*boards, *discs):
            shown = gbuffer.body == index
            self._boards.paint(gbuffer.color, bodies[index], camera, shown, gbuffer.depth_m, shading)
        return self._decals.painted(gbuffer, bodies, camera, shading)

    def _is_painted_disc(self, body: Body) -> bool:
        """Whether a body is a round table top or similar, with a texture whose size is given in metres."""
        return body.look.texture is not None and body.tile_m > 0 and self._cuboids.is_disc(body)

    def _draw(self, builder: GBufferBuilder, drawing: Drawing) -> None:
        """Renders bodies into `builder`.

        Bodies that are loaded into the client are rendered by PyBullet. The others, which have very many
        triangles, are rendered by `DenseBodies`.
        """
        planes_m, boxes = drawing.planes_m, drawing.boxes
        loaded = replace(drawing, boxes={index: box for index, box in boxes.items() if index in self._ids})
        groups = [tuple(group) for group in self._groups(drawing.settled, drawing.camera, loaded.boxes)]
        drawn: dict[int, Drawn] = {}
        for group in groups:
            drawn |= dict.fromkeys(group, self._drawn(loaded, group))
        self._complete(loaded, drawn)
        for group in groups:
            builder.add({index: boxes[index] for index in group}, drawn[group[0]], planes_m)
        for index, box in boxes.items():
            if index not in loaded.boxes:
                builder.add({index: box}, self._dense.draw(drawing, index), planes_m)

    def _drawn(self, drawing: Drawing, group: Collection[int]) -> Drawn:
        """Renders loaded bodies in one call, in the union of their boxes."""
        camera, box = drawing.camera, union(drawing.boxes[index] for index in group)
        self._show_only(drawing.settled, set(group))
        matrix = projection(camera, box, *drawing.planes_m)
        rgba, depth, ids = self._render(view_matrix(camera), matrix, size(box), drawing.shot.light)
        return Drawn(box, rgba, depth, self._bodies(ids))

    def _groups(
        self, settled: Settled, camera: Camera, boxes: Mapping[int, Box]
    ) -> Iterable[Collection[int]]:
        """Groups of bodies in view; a group is rendered in one call, so its bodies must not share a pixel.

        By default each group contains a single body, because calls are cheap, and many small images contain
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
        self._show_only(settled, set(self._ids))
        points_m = np.concatenate([self._files.hull(body) for body in settled.spec.bodies])
        light_view = LightView.of(points_m, shot.light.direction)
        _, _, ids = self._render(*light_view.matrices(), (side_px, side_px), shot.light)
        shadow = light_view.shadow_map(ids >= 0)
        for index, (body, level) in enumerate(zip(settled.spec.bodies, self._levels, strict=True)):
            if index not in self._ids:
                self._dense.block(body, level, shadow)
        return shadow

    def _load(self, settled: Settled, camera: Camera) -> None:
        """Loads a scene into the client at the levels of detail for a camera, unless it is already loaded."""
        levels = self._levels_for(settled, camera)
        chosen = self._loaded(settled, levels, camera)
        contents = self._contents
        if self._client.contents is contents and contents[0] is settled and contents[1:3] == (levels, chosen):
            return
        self._client.fresh()
        self._ids = dict(zip(chosen, self._add(settled, levels, chosen), strict=True))
        self._levels = levels
        self._visible = set(self._ids)
        self._client.contents = self._contents = (settled, levels, chosen, self)

    def _loaded(self, settled: Settled, levels: tuple[int, ...], camera: Camera) -> tuple[int, ...]:
        """Indices of the bodies that PyBullet renders.

        Cuboids are left out. Bodies with very many triangles are left out if they lie entirely beyond the
        near plane.
        """
        placed = enumerate(zip(settled.spec.bodies, levels, strict=True))
        dense = {index: body for index, (body, level) in placed if self._dense.contain(body, level)}
        if any(not body.labelled for body in dense.values()):
            near_m = self._depth_range(settled, camera)[0]
            dense = {index: body for index, body in dense.items() if self._beyond(body, camera, near_m)}
        bodies = enumerate(settled.spec.bodies)
        return tuple(index for index, body in bodies if index not in dense and body not in self._cuboids)

    def _beyond(self, body: Body, camera: Camera, depth_m: float) -> bool:
        """Whether an entire body is farther away than a given depth."""
        return bool(self._files.projected_hull(body, camera)[1].min() > depth_m)

    def _depth_range(self, settled: Settled, camera: Camera) -> tuple[float, float]:
        return depth_range(self._files, settled, camera)

    def _levels_for(self, settled: Settled, camera: Camera) -> tuple[int, ...]:
        return tuple(level_of_detail(self._files, body, camera) for body in settled.spec.bodies)

    def _show_only(self, settled: Settled, bodies: set[int]) -> None:
        """Shows the given bodies and hides all others."""
        for index in sorted(self._visible ^ bodies):
            body = settled.spec.bodies[index]
            self._show(body, self._ids[index], self._levels[index], index in bodies)
        self._visible = bodies

    def _bodies(self, ids: NDArray[np.int32]) -> NDArray[np.int16]:
        """Converts an image (h, w) of PyBullet's ids to body indices; -1 where there is no body."""
        table = np.full(max(self._ids.values()) + 2, -1, np.int16)  # id -1 indexes the last entry: -1
        table[list(self._ids.values())] = list(self._ids)
        return table[ids]
