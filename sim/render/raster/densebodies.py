"""Renders bodies with dense meshes without PyBullet; see `dense`."""

import numpy as np

from scenes.spec import Body
from sim.boxes import clip
from sim.meshfiles import MeshFiles
from sim.render.raster.dense import Surface, seen_from_behind, surface
from sim.render.raster.drawing import Drawing
from sim.render.raster.drawn import Drawn
from sim.render.raster.gbuffer import ShadowMap
from sim.render.raster.matrices import buffer_of
from sim.render.raster.pointcolors import PointColors
from sim.render.raster.subpixel import Projected

DENSE_FACES = 20_000
"""Number of triangles from which a body is rendered without PyBullet."""


class DenseBodies:
    """Renders bodies with dense meshes, each as if it were the only body.

    Args:
        files: Meshes of the bodies.
        colors: Colours of points on bodies.
    """

    def __init__(self, files: MeshFiles, colors: PointColors) -> None:
        """Reads nothing; meshes are read on first use."""
        self._files, self._colors = files, colors

    def contain(self, body: Body, level: int) -> bool:
        """Whether a body has so many triangles, at a level of detail, that this class renders it."""
        return bool(self._files.triangles(body.asset, level)[1].shape[1] >= DENSE_FACES)

    def shown(self, drawing: Drawing, index: int) -> Surface:
        """The part of a body's surface that is visible in its box; other bodies are ignored."""
        body, level = drawing.body(index)
        projected = drawing.triangles(self._files, index, drawing.boxes[index])
        return surface(projected, self._files.seen_from_behind(body.asset, level))

    def draw(self, drawing: Drawing, index: int) -> Drawn:
        """Renders the body at `index` in its box, as if it were the only body."""
        camera, planes_m, box = drawing.camera, drawing.planes_m, drawing.boxes[index]
        drawn, seen = Drawn.nothing(box), self.shown(drawing, index)
        drawn.body[seen.mask] = index
        drawn.depth[seen.mask] = buffer_of(1 / seen.nearness[seen.face >= 0], planes_m)
        inside = clip(box, camera.width, camera.height)
        if inside is not None:
            found = seen.points(inside)
            behind = seen_from_behind(seen.body, found)
            colors = self._colors.at(*drawing.body(index), found, drawing.shot.light, behind)
            drawn.add(found, index, colors, planes_m)
        return drawn

    def block(self, body: Body, level: int, shadow: ShadowMap) -> None:
        """Marks the pixels of a shadow map in which a body blocks the light."""
        vertices_m, faces = self._files.triangles(body.asset, level)
        pose, side = self._files.center_pose(body), len(shadow.blocked)
        places_m = (pose.rotation() * np.array(body.axes)) @ vertices_m + np.array(pose.position_m)[:, None]
        on_map = np.stack([shadow.right, shadow.down]) @ places_m - shadow.corner_m[:, None]
        flat = Projected(on_map * shadow.px_per_m - 0.5, np.ones(len(places_m.T)), faces, (0, 0, side, side))
        shadow.blocked[surface(flat, np.ones(faces.shape[1], np.bool_)).mask] = 255
