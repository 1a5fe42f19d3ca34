"""Which way surfaces face, as found in a picture: smooth where the mesh is, sharp where it has an edge."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.assets.shapes import box, sphere
from sim.render.lighting.pixels import Pixels, body_pixels
from sim.render.lighting.points import PointClouds
from sim.render.raster.visibility import resolve_visibility
from sim.render.settings import Relit
from sim.settled import Settled
from tests.rig import Rig, camera_at, catalogue_of, shot, still

Array = NDArray[np.float64]
VIEW = camera_at((0.5, -0.6, 0.7), (0, 0, 0), 600, (160, 120))


def pixels_of(made: Rig, settled: Settled, spacing_m: float = 0.12 / 256) -> Pixels:
    gbuffer = made.renderer.rasterise(settled, shot(VIEW))
    seen = resolve_visibility(gbuffer, VIEW, floor=False)
    cloud = PointClouds(made.files).scene(settled.spec, spacing_m).curved_points()
    found = body_pixels(VIEW, seen, cloud, settled.spec)
    assert found is not None
    return found


def off_deg(found: Pixels, expected: Array) -> Array:
    """Angles (n,) between normals and those that are expected (3, n)."""
    return np.asarray(np.degrees(np.arccos(np.clip((found.normal * expected).sum(axis=0), -1, 1))))


@pytest.mark.parametrize("segments", [24, 96])
def test_a_sphere_of_few_facets_is_round(rig: Callable[..., Rig], segments: int) -> None:
    """Facets of 24 segments alone would be up to five degrees off."""
    made = rig(catalogue_of({"ball": sphere(0.06, segments)}), Relit())
    found = pixels_of(made, still(made.body("ball", (0.0, 0.0, 0.0))))
    np.testing.assert_allclose(np.linalg.norm(found.normal, axis=0), 1, atol=1e-5)
    off = off_deg(found, found.points_m / np.linalg.norm(found.points_m, axis=0))
    view = np.array(VIEW.pose.position_m)
    facing = (found.points_m.T @ view) / (0.06 * np.linalg.norm(view)) > 0.5
    assert np.median(off[facing]) < 0.8
    assert np.percentile(off[facing], 99) < 3


def test_the_faces_of_a_box_are_flat_up_to_its_edges(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"box": box(0.1, 0.1, 0.1)}), Relit())
    found = pixels_of(made, still(made.body("box", (0.0, 0.0, 0.0))))
    faces = np.stack([off_deg(found, np.array([axis]).T) for axis in ((1, 0, 0), (0, -1, 0), (0, 0, 1))])
    assert np.mean(faces.min(axis=0) < 1) > 0.94
    assert (np.bincount(faces.argmin(axis=0)) > 500).all()
    # The face that it has is the one that the place lies on.
    place = np.stack([found.points_m[0], -found.points_m[1], found.points_m[2]])
    assert np.mean(place.argmax(axis=0) == faces.argmin(axis=0)) > 0.97


def test_a_board_is_flat_beside_what_lies_on_it(rig: Callable[..., Rig]) -> None:
    made = rig(catalogue_of({"ball": sphere(0.03, 48), "board": box(0.4, 0.4, 0.02)}), Relit())
    board = replace(made.body("board", (0.0, 0.0, -0.04)), role="furniture", category=None)
    found = pixels_of(made, still(made.body("ball", (0.0, 0.0, 0.0)), board), 0.6 / 256)
    top = (found.body == 1) & (found.points_m[2] > -0.0301)
    inner = top & (np.linalg.norm(found.points_m[:2], axis=0) < 0.1)
    assert inner.sum() > 1000
    assert np.mean(off_deg(found, np.array([[0.0], [0.0], [1.0]]))[inner] < 1) > 0.99
