"""Bodies of dense meshes, drawn without PyBullet; see `dense`."""

import numpy as np

from scenes.shot import Camera, Shot
from scenes.spec import Body
from sim.boxes import Box, clip
from sim.meshfiles import MeshFiles
from sim.render.raster.dense import Surface, seen_from_behind, surface
from sim.render.raster.drawn import Drawn
from sim.render.raster.gbuffer import ShadowMap
from sim.render.raster.pointcolors import PointColors
from sim.render.raster.projection import buffer_of, projected_triangles
from sim.render.raster.subpixel import Projected

DENSE_FACES = 20_000
"""Number of triangles from which a body is drawn without PyBullet."""


class DenseBodies:
    """Draws bodies exactly, each alone.

    Args:
        files: Meshes of the bodies.
        colors: Colours of points on bodies.
    """

    def __init__(self, files: MeshFiles, colors: PointColors) -> None:
        """Reads nothing; meshes are read on first use."""
        self._files, self._colors = files, colors

    def contain(self, body: Body, level: int) -> bool:
        """Whether a body at a level of detail has so many triangles that it is drawn here."""
        return bool(self._files.triangles(body.asset, level)[1].shape[1] >= DENSE_FACES)

    def shown(self, body: Body, level: int, camera: Camera, box: Box, near_m: float) -> Surface:
        """What a body at a level of detail shows in its box; `near_m` is the depth of the near plane."""
        projected = projected_triangles(self._files, body, level, camera, near_m, box)
        return surface(projected, self._files.seen_from_behind(body.asset, level))

    def draw(
        self, body: Body, level: int, index: int, shot: Shot, box: Box, planes_m: tuple[float, float]
    ) -> Drawn:
        """Draws a body in its box.

        Args:
            body: The body.
            level: Level of detail at which it is drawn.
            index: Its index in the scene.
            shot: The camera, a pinhole, and the light.
            box: Its box.
            planes_m: Depths in metres of the near and far planes.
        """
        camera, drawn = shot.camera, Drawn.nothing(box)
        seen = self.shown(body, level, camera, box, planes_m[0])
        drawn.body[seen.mask] = index
        drawn.depth[seen.mask] = buffer_of(1 / seen.nearness[seen.face >= 0], planes_m)
        inside = clip(box, camera.width, camera.height)
        if inside is not None:
            found = seen.points(inside)
            colors = self._colors.at(body, level, found, shot.light, seen_from_behind(seen.body, found))
            drawn.add(found, index, colors, planes_m)
        return drawn

    def block(self, body: Body, level: int, shadow: ShadowMap) -> None:
        """Marks where a body blocks the light of a shadow map."""
        vertices_m, faces = self._files.triangles(body.asset, level)
        pose, side = self._files.center_pose(body), len(shadow.blocked)
        places_m = (pose.rotation() * np.array(body.axes)) @ vertices_m + np.array(pose.position_m)[:, None]
        on_map = np.stack([shadow.right, shadow.down]) @ places_m - shadow.corner_m[:, None]
        flat = Projected(on_map * shadow.px_per_m - 0.5, np.ones(len(places_m.T)), faces, (0, 0, side, side))
        shadow.blocked[surface(flat, np.ones(faces.shape[1], np.bool_)).mask] = 255
