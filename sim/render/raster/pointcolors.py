"""Colours of points on bodies, as TinyRenderer would render them."""

import numpy as np
from numpy.typing import NDArray

from scenes.assets.images import Pictures
from scenes.assets.mesh import Part
from scenes.shot import Light
from scenes.spec import Body
from sim.meshfiles import MeshFiles
from sim.render.raster.subpixel import Array, Covered
from sim.render.raster.tinyshading import shaded, texels


class PointColors:
    """Colours of points on bodies.

    Args:
        files: Meshes of the bodies.
        pictures: Loader of texture images.
        lit: Whether to shade the surfaces; if False, they have their unlit colours.
    """

    def __init__(self, files: MeshFiles, pictures: Pictures, lit: bool) -> None:
        """Reads nothing; meshes and textures are read on first use."""
        self._files, self._pictures, self._lit = files, pictures, lit

    def of_parts(self, body: Body, level: int) -> list[list[float]]:
        """RGBA colour of each part of a body, without its texture."""
        own = [part.color_rgb for part in self._files.mesh(body.asset, level).parts]
        return [[*(body.look.color_rgb or color), 1.0] for color in own]

    def at(
        self,
        body: Body,
        level: int,
        found: Covered,
        light: Light,
        behind: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.uint8]:
        """Colours (k, 3) of points on a body.

        Args:
            body: The body.
            level: Level of detail at which the body is rendered.
            found: The points: for each of k pixels, the point of the body that it shows.
            light: The light that shades the points.
            behind: (k,) mask of the points that are seen from behind; by default, all are seen from the
                front.
        """
        mesh = self._files.shaped(body.asset, level, body.proportions)
        corners, parts = mesh.faces[found.face], mesh.part_of_face[found.face]
        color = 255.0 * np.array(self.of_parts(body, level))[parts, :3]
        for index in np.unique(parts).tolist():
            texture, here = self._texture(body, mesh.parts[index]), parts == index
            if texture is not None:
                uvs = np.concatenate([part.uvs for part in mesh.parts])
                color[here] *= texels(texture, _between(uvs, corners[here], found.weights[here])) / 255.0
        if self._lit:
            normals = np.concatenate([part.normals for part in mesh.parts])
            facing = _between(normals, corners, found.weights)
            if behind is not None:
                facing[behind] *= -1
            color = shaded(color, facing @ body.pose.rotation().T, light)
        return color.astype(np.uint8)

    def _texture(self, body: Body, part: Part) -> NDArray[np.uint8] | None:
        if body.look.texture is not None:
            return self._pictures(body.look.texture)
        return part.texture if body.look.color_rgb is None else None


def _between(rows: Array, corners: NDArray[np.int32], weights: Array) -> Array:
    """Interpolates vertex attributes at one point in each of k triangles.

    Args:
        rows: (n, d) attributes of the vertices.
        corners: (k, 3) vertex indices of each triangle.
        weights: (k, 3) barycentric coordinates of each point.

    Returns:
        (k, d) attributes of the points.
    """
    return np.asarray(np.einsum("kc,kcd->kd", weights, rows[corners]))
