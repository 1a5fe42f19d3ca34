"""Rotations and poses: unique quaternions, and inverse transforms."""

import numpy as np

from scenes.geometry import Pose, look_at, quaternion, rotation, vec3
from scenes.scene import random_quaternion, rotation_about_z


def test_of_the_two_quaternions_of_a_rotation_it_is_the_one_with_w_from_0(rng: np.random.Generator) -> None:
    """Shepperd's method may divide by any of the four components, so the sign is normalized afterwards."""
    for _ in range(200):
        x, y, z, w = random_quaternion(rng)
        same = np.copysign(1, w) * np.array([x, y, z, w])
        for quat in ((x, y, z, w), (-x, -y, -z, -w)):
            np.testing.assert_allclose(quaternion(rotation(quat)), same, atol=1e-12)


def test_a_pose_seen_from_another_one_leads_back(rng: np.random.Generator) -> None:
    inner, outer = (Pose(vec3(rng.normal(size=3)), random_quaternion(rng)) for _ in range(2))
    points = rng.normal(size=(5, 3))
    np.testing.assert_allclose(
        outer.apply(inner.inside(outer).apply(points)), inner.apply(points), atol=1e-12
    )
    np.testing.assert_allclose(inner.apply_inverse(inner.apply(points)), points, atol=1e-12)
    put = Pose.from_point_pair(points[0], points[1], inner.quat_xyzw)
    np.testing.assert_allclose(put.apply(points[:1])[0], points[1], atol=1e-12)


def test_a_camera_that_rolls_turns_its_right_side_down() -> None:
    """A clockwise roll of the camera rotates the image counter-clockwise."""
    level, rolled = (look_at(np.array([2.0, 1.0, 0.5]), np.zeros(3), roll_rad) for roll_rad in (0.0, 0.3))
    np.testing.assert_allclose(level[2, 0], 0, atol=1e-12)
    right, down, forward = level.T
    np.testing.assert_allclose(rolled[:, 0], np.cos(0.3) * right + np.sin(0.3) * down, atol=1e-12)
    np.testing.assert_allclose(rolled[:, 2], forward, atol=1e-12)
    assert rolled[2, 0] < -0.1


def test_the_heading_of_a_turn_about_the_vertical_is_that_turn() -> None:
    """A tilt after the rotation about z is ignored: any rotation is a rotation about z followed by a tilt."""
    turn = (0.0, 0.0, float(np.sin(0.4)), float(np.cos(0.4)))
    tilt = rotation((float(np.sin(0.2)), 0.0, 0.0, float(np.cos(0.2))))
    np.testing.assert_allclose(rotation_about_z(turn), turn)
    np.testing.assert_allclose(rotation_about_z(quaternion(tilt @ rotation(turn))), turn, atol=1e-12)
