"""Loads a single mesh into PyBullet and renders it, to test whether it can be used in a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenes.assets.catalogue import Catalogue
from scenes.assets.images import Pictures
from scenes.assets.mesh import Mesh
from scenes.assets.physics import one_asset
from scenes.assets.solid import Solid
from scenes.geometry import Pose, look_at, quaternion, vec3
from scenes.shot import Camera, Light, Shot
from scenes.spec import Body, Look, SceneSpec, Surface
from sim.bullet import Client, pb
from sim.collision import collision_obj
from sim.meshfiles import MeshFiles, collision_shape
from sim.render.raster.gbuffer import RejectedView
from sim.render.raster.tiny import TinyRenderer
from sim.settled import Settled
from sim.temporary import temporary_folder

SIDE_PX = 192
"""Width and height of the image in pixels."""
RADIUS_M = 0.1
"""Radius of the bounding sphere to which the mesh is scaled."""
FROM = (1.0, -1.6, 1.1)
"""Direction from the mesh to the camera: front right and above."""
FILLED = 0.92
"""Fraction of the image's side that the mesh fills."""
LIGHT = Light(vec3(np.array([0.30, -0.62, 0.725])), (1.0, 1.0, 1.0), 0.55, 0.5, 0.05, 0.0, 0.01)
WHITE = Surface(Look((1.0, 1.0, 1.0)), 1.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class TestRender:
    """The result of a test render.

    Attributes:
        image: (192, 192, 3) RGB on white; the mesh is upright, viewed from the front right and above.
        drawn_px: Number of pixels that the mesh covers.
    """

    image: NDArray[np.uint8]
    drawn_px: int


def render_test(client: Client, mesh: Mesh, solid: Solid | None = None) -> TestRender:
    """Renders a mesh, scaled to a fixed size, as a test.

    Args:
        client: A PyBullet client.
        mesh: The mesh.
        solid: Volume and centre of mass of the mesh, if they are already known.

    Raises:
        RuntimeError: PyBullet cannot make a collision shape of the mesh.
    """
    asset = one_asset("mesh", mesh, solid=solid)
    catalogue = Catalogue(("mesh",), ("object",), (1.0,), ((asset,),), (), ())
    scale = RADIUS_M / asset.radius_m
    quat = (0.0, 0.0, 0.0, 1.0)
    pose = Pose.from_point_pair(scale * np.array(asset.center_of_mass_m), np.zeros(3), quat)
    body = Body(asset.key, 0, scale, pose, Look(), 0.5)
    settled = Settled(SceneSpec(0, "train", 0, (body,), None, WHITE, None), 0.0)
    with temporary_folder() as folder:
        files = MeshFiles(catalogue, Path(folder), simplified=False)
        client.fresh()
        if collision_shape(client.id, files, asset, scale) < 0:
            raise RuntimeError("PyBullet cannot create a collision shape from it")
        renderer = TinyRenderer(client, files, Pictures({}))
        camera = _camera(files.hull(body))
        try:
            gbuffer = renderer.rasterise(settled, Shot(0, 0, 0, camera, LIGHT))
        except RejectedView:
            return TestRender(np.full((SIDE_PX, SIDE_PX, 3), 255, np.uint8), 0)
    image = np.where((gbuffer.body >= 0)[..., None], gbuffer.color, np.uint8(255))
    return TestRender(np.asarray(image, np.uint8), int((gbuffer.body >= 0).sum()))


def loads(client: Client, pieces: Sequence[NDArray[np.float64]]) -> bool:
    """Whether PyBullet can create a body from convex pieces, each given by vertices (n, 3) in metres."""
    with temporary_folder() as folder:
        path = Path(folder) / "pieces.obj"
        center_m = np.concatenate(pieces).mean(axis=0)
        path.write_bytes(collision_obj([piece - center_m for piece in pieces]))
        client.fresh()
        shape = pb.createCollisionShape(pb.GEOM_MESH, fileName=str(path), physicsClientId=client.id)
        return shape >= 0 and pb.createMultiBody(1.0, shape, physicsClientId=client.id) >= 0


def _camera(points_m: NDArray[np.float64]) -> Camera:
    """A camera in whose image points (n, 3) fill the fraction `FILLED` of the width or of the height."""
    direction = np.array(FROM) / np.linalg.norm(FROM)
    position = 8 * RADIUS_M * direction
    matrix = look_at(position, np.zeros(3), 0.0)
    local = (points_m - position) @ matrix
    across = local[:, :2] / local[:, 2:]
    low, high = across.min(axis=0), across.max(axis=0)
    focal_px = FILLED * SIDE_PX / max(float((high - low).max()), 1e-6)
    center = SIDE_PX / 2 - focal_px * (low + high) / 2
    pose = Pose(vec3(position), quaternion(matrix))
    return Camera(SIDE_PX, SIDE_PX, focal_px, focal_px, float(center[0]), float(center[1]), pose)
