"""Boxes of KITTI in space: exact for upright objects before a level camera, and around all others."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scenes.geometry import Pose, vec3
from sim2coco.datasets.labelled import Solid
from sim2coco.export.kitti import upright_box

BOX_M = ((-0.3, -0.1, 0.0), (0.3, 0.1, 0.5))
UPRIGHT = Rotation.from_euler("x", 90, degrees=True)
"""Turns an object with z up so that its z axis is the camera's -y axis."""


def solid(turn: Rotation, at_m: tuple[float, float, float], scale: float = 1.0) -> Solid:
    x, y, z, w = turn.as_quat()
    pose = Pose(vec3(np.array(at_m)), (float(x), float(y), float(z), float(w)))
    return Solid("box@1", pose, scale, 1, (0.0, 0.0, 1.0, 1.0), box_m=BOX_M)


@pytest.mark.parametrize("degrees", [-170, -90, -30, 0, 45, 90, 179])
def test_an_upright_object_has_its_own_box(degrees: float) -> None:
    turn = Rotation.from_euler("y", degrees, degrees=True) * UPRIGHT
    box = upright_box(solid(turn, (1.0, 0.4, 5.0), 2.0))
    assert box is not None
    np.testing.assert_allclose(box.size_m, (1.0, 0.4, 1.2), atol=1e-9)
    np.testing.assert_allclose(box.bottom_m, (1.0, 0.4, 5.0), atol=1e-9)
    assert np.degrees(box.rotation_rad) == pytest.approx(degrees)
    assert box.alpha == pytest.approx(np.radians(degrees) - np.arctan2(1, 5), abs=1e-9) or degrees == -170


def test_another_box_is_around_the_object() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    for turn in Rotation.random(50, rng=rng):
        box = upright_box(solid(turn, (0.2, -0.1, 3.0)))
        assert box is not None
        sides = np.array(BOX_M)
        points = np.array([[x, y, z] for x in sides[:, 0] for y in sides[:, 1] for z in sides[:, 2]])
        seen = turn.apply(points) + np.array([0.2, -0.1, 3.0])
        local = Rotation.from_euler("y", box.rotation_rad).inv().apply(seen - box.bottom_m)
        height, width, length = box.size_m
        assert np.abs(local[:, 0]).max() == pytest.approx(length / 2)
        assert np.abs(local[:, 2]).max() == pytest.approx(width / 2)
        assert (local[:, 1].max(), local[:, 1].min()) == pytest.approx((0.0, -height))
        assert np.prod(box.size_m) >= np.prod(sides[1] - sides[0]) - 1e-9
