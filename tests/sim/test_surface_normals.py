"""Normals of surfaces, compared with those of a sphere, a scaled box, a floor, a wall and a table."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box, sphere
from scenes.geometry import Pose, vec3
from scenes.spec import Body, Wall
from sim.render.raster.surfacenormals import surface_normals
from sim.settled import Settled
from tests.rig import (
    GREY,
    PLAIN,
    RENDERS,
    UPRIGHT,
    Rig,
    camera_at,
    catalogue_of,
    rays,
    shot,
    sphere_depth,
    still,
)

CENTER_M, RADIUS_M = np.array([0.0, 0.0, 0.1]), 0.1
CAMERA = camera_at((0.9, 0.2, 0.3), (0.0, 0.0, 0.15), 150.0)
EYE_M = np.array(CAMERA.pose.position_m)

Array = NDArray[np.float64]


def world_normals(drawn: Rig, settled: Settled) -> Array:
    """Normals (H, W, 3) in the world frame."""
    gbuffer = drawn.renderer.rasterise(settled, shot(CAMERA))
    local = surface_normals(drawn.files, settled, CAMERA, gbuffer)
    assert local.dtype == np.float32
    length = np.linalg.norm(local, axis=2)
    assert np.allclose(length[length > 0], 1, atol=1e-6)
    toward = (local * (rays(CAMERA) @ CAMERA.pose.rotation())).sum(axis=2)
    assert toward.max() < 1e-5  # no normal points away from the camera
    return np.asarray(local @ CAMERA.pose.rotation().T)


@pytest.mark.parametrize("render", list(RENDERS))
def test_normals_are_those_of_sphere_floor_and_wall(rig: Callable[..., Rig], render: str) -> None:
    drawn = rig(catalogue_of({"ball": sphere(RADIUS_M)}), RENDERS[render])
    settled = still(drawn.body("ball", CENTER_M), floor=GREY)
    settled = replace(settled, walls=(Wall(GREY, np.pi, 0.8, -5.0, 5.0, 0.4),))
    normals = world_normals(drawn, settled)
    depth_m = sphere_depth(CAMERA, tuple(CENTER_M), RADIUS_M)
    ball = np.isfinite(depth_m)
    expected = (EYE_M + depth_m[ball][:, None] * rays(CAMERA)[ball] - CENTER_M) / RADIUS_M
    angle = np.degrees(np.arccos(np.clip((normals[ball] * expected).sum(axis=1), -1, 1)))
    assert np.median(angle) < 0.2
    assert np.mean(angle < 1) > 0.95
    rest = normals[~ball]
    for normal, least in (((0, 0, 1), 5000), ((1, 0, 0), 1000), ((0, 0, 0), 1000)):
        assert np.count_nonzero(np.abs(rest - normal).max(axis=1) < 1e-6) > least
    known = [np.abs(rest - normal).max(axis=1) < 1e-6 for normal in ((0, 0, 1), (1, 0, 0), (0, 0, 0))]
    assert np.mean(np.any(known, axis=0)) > 0.995  # others are pixels of the ball's edge


def test_normals_of_a_table_that_reaches_behind_the_camera_and_of_a_stretched_ball(
    rig: Callable[..., Rig],
) -> None:
    """A stretched ball's normal is proportional to the gradient of its equation."""
    drawn = rig(catalogue_of({"cube": box(1.0, 1.0, 1.0), "ball": sphere(RADIUS_M)}))
    cube, ball = (
        next(key for key in drawn.catalogue.assets if key.startswith(name)) for name in ("cube", "ball")
    )
    low = Pose(vec3(np.array([0.0, 0.0, -0.05])), UPRIGHT)
    table = Body(cube, None, (4.0, 4.0, 0.1), low, PLAIN, 0.5, role="furniture", fixed=True)
    axes = np.array([1.0, 2.0, 0.5])
    egg = Body(
        ball, None, vec3(axes), Pose(vec3(CENTER_M), UPRIGHT), PLAIN, 0.5, role="furniture", fixed=True
    )
    settled = still(table, egg)
    gbuffer = drawn.renderer.rasterise(settled, shot(CAMERA))
    normals = world_normals(drawn, settled)
    assert np.allclose(normals[gbuffer.body == 0], (0, 0, 1), atol=1e-5)
    assert np.count_nonzero(gbuffer.body == 0) > 5000
    seen = gbuffer.body == 1
    points = EYE_M + gbuffer.depth_m[seen][:, None] * rays(CAMERA)[seen]
    gradient = (points - CENTER_M) / axes**2
    cosine = (normals[seen] * gradient).sum(axis=1) / np.linalg.norm(gradient, axis=1)
    assert np.median(np.degrees(np.arccos(np.clip(cosine, -1, 1)))) < 1
