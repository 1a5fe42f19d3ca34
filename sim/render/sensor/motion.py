"""Camera poses during the exposure, for motion blur."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from scenes.geometry import Pose, Quat, Vec3, quaternion, rotation, vec3
from scenes.shot import Camera, Motion


def other_instants(camera: Camera, motion: Motion) -> Iterator[Camera]:
    """The camera at each sampled instant of the exposure, except at its middle."""
    for index in range(motion.frames):
        if 2 * index + 1 != motion.frames:
            yield moved_camera(camera, motion, (index + 0.5) / motion.frames - 0.5)


def moved_camera(camera: Camera, motion: Motion, fraction: float) -> Camera:
    """The camera displaced by a fraction of its motion: -½ at the start of the exposure, ½ at its end."""
    turn = rotation(_quaternion(vec3(fraction * np.array(motion.turn_rad))))
    start = camera.pose.rotation()
    position = np.array(camera.pose.position_m) + start @ (fraction * np.array(motion.shift_m))
    return replace(camera, pose=Pose(vec3(position), quaternion(start @ turn)))


def _quaternion(vector_rad: Vec3) -> Quat:
    """Unit quaternion of a rotation vector: a rotation about the vector by its length in radians."""
    angle = float(np.linalg.norm(vector_rad))
    x, y, z = (0.5 * np.sinc(angle / (2 * np.pi)) * value for value in vector_rad)
    return float(x), float(y), float(z), float(np.cos(angle / 2))
