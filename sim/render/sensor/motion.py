"""Where a camera is at each instant while it moves and its shutter is open."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from scenes.geometry import Pose, Quat, Vec3, quaternion, rotation, vec3
from scenes.shot import Camera, Motion


def other_instants(camera: Camera, motion: Motion) -> Iterator[Camera]:
    """The camera at each instant but the one in the middle, where it is as it was aimed."""
    for index in range(motion.frames):
        if 2 * index + 1 != motion.frames:
            yield moved(camera, motion, (index + 0.5) / motion.frames - 0.5)


def moved(camera: Camera, motion: Motion, share: float) -> Camera:
    """The camera after a share of its motion, before (down to -½) or after (up to ½) the middle."""
    turn = rotation(_turn(vec3(share * np.array(motion.turn_rad))))
    start = camera.pose.rotation()
    position = np.array(camera.pose.position_m) + start @ (share * np.array(motion.shift_m))
    return replace(camera, pose=Pose(vec3(position), quaternion(start @ turn)))


def _turn(vector_rad: Vec3) -> Quat:
    """The unit quaternion of a turn about a vector, by its length."""
    angle = float(np.linalg.norm(vector_rad))
    x, y, z = (0.5 * np.sinc(angle / (2 * np.pi)) * value for value in vector_rad)
    return float(x), float(y), float(z), float(np.cos(angle / 2))
