import numpy as np
import pytest
from numpy.typing import NDArray

from scenes.kinds.floating import Floating
from scenes.spec import RejectedDraw, SceneSpec
from tests.rig import catalogue_from, streams

CATALOGUE = catalogue_from(
    {name: {"shape": name, "size_m": [0.05, 0.1]} for name in ("box", "bolt", "torus", "wedge", "capsule")}
)


def drawn(scene: Floating, index: int) -> SceneSpec:
    return scene.draw(index, "train", 0, CATALOGUE, streams(index))


def apart(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether a plane perpendicular to the line between the two means separates the points."""
    across = second.mean(axis=0) - first.mean(axis=0)
    return bool((first @ across).max() < (second @ across).min())


def test_hulls_do_not_meet() -> None:
    for index in range(5):
        spec = drawn(Floating(num_objects=(10, 10), empty_share=0.0), index)
        points = [
            body.pose.apply(CATALOGUE.assets[body.asset].mesh.vertices_m * body.scale) for body in spec.bodies
        ]
        for one in range(10):
            assert all(apart(points[one], points[other]) for other in range(one))


def test_there_is_no_floor_and_no_fall() -> None:
    spec = drawn(Floating(), 0)
    assert (spec.floor, spec.physics) == (None, None)


def test_bodies_fill_the_ball() -> None:
    scene = Floating(num_objects=(6, 6), spread=(3.0, 3.0), empty_share=0.0)
    spread_m = 3.0 * CATALOGUE.typical_size_m
    reach = [
        np.linalg.norm(body.pose.position_m) for index in range(40) for body in drawn(scene, index).bodies
    ]
    assert max(reach) <= spread_m + 0.05  # the mesh's origin is not its centre of mass
    assert np.mean(np.array(reach) > spread_m / 2) > 0.75


def test_a_full_ball_is_rejected() -> None:
    with pytest.raises(RejectedDraw) as caught:
        drawn(Floating(num_objects=(200, 200), spread=(1.0, 1.0), empty_share=0.0), 0)
    assert caught.value.reason == "no_place"
