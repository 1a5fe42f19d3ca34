"""How meshes stand: which of their axes points up, and which side is their front.

Standing means that the up axis of the mesh points up in the world, and that its front faces -y.
"""

from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from scenes.assets.catalogue import Asset
from scenes.geometry import Array, Quat, Vec3, quaternion, rotation, vec3

Up = Literal["x", "y", "z"]
Side = Literal["x", "-x", "y", "-y", "z", "-z"]
FRONTS: dict[Up, Side] = {"x": "-y", "y": "z", "z": "-y"}
"""The front of a mesh for each up axis, if nobody states it; those of glTF and of Blender."""
STANDING: Quat = (0.0, 0.0, 0.0, 1.0)
"""The rotation of a mesh whose z axis points up and whose front is -y."""
CACHED = 4096
"""Number of meshes whose boxes are cached."""
FOOT_SHARE = 0.002
"""Vertices belong to the foot of a mesh up to this fraction of its height."""
STABLE = 0.1
"""Smallest distance of the centre of mass from the edge of the foot, in heights of the centre of mass."""


def stance(up: Up | None, front: Side | None) -> Quat:
    """The rotation that lets a mesh stand with its front towards -y.

    Args:
        up: The axis of the mesh that points up; None is z.
        front: The side of the mesh that is its front; None is that of `FRONTS`.

    Raises:
        ValueError: The front is at the top or the bottom.
    """
    upward, forward = _axis(up or "z"), _axis(front or FRONTS[up or "z"])
    if upward @ forward:
        raise ValueError(f"front: {front!r} is at the top or the bottom if {up or 'z'} points up")
    matrix = np.stack([np.cross(upward, forward), -forward, upward])
    return quaternion(matrix)


def _axis(side: Side) -> Array:
    """The unit vector (3,) of a side."""
    vector = np.zeros(3)
    vector["xyz".index(side[-1])] = -1.0 if side[0] == "-" else 1.0
    return vector


@lru_cache(CACHED)
def standing_box(asset: Asset) -> tuple[Vec3, Vec3]:
    """The lowest and the highest coordinates of the standing mesh, relative to its centre of mass.

    They are in metres, at scale 1. The mesh of a library is read for it, once.
    """
    points_m = (asset.mesh.vertices_m - np.array(asset.center_of_mass_m)) @ rotation(asset.stance).T
    return vec3(points_m.min(axis=0)), vec3(points_m.max(axis=0))


@lru_cache(CACHED)
def can_stand(asset: Asset) -> bool:
    """Whether the standing mesh stays as it is without being held: its centre of mass is above its foot.

    A ball or a bottle with a round bottom would roll or fall.
    """
    points_m = (asset.mesh.vertices_m - np.array(asset.center_of_mass_m)) @ rotation(asset.stance).T
    low_m, high_m = points_m[:, 2].min(), points_m[:, 2].max()
    foot = points_m[points_m[:, 2] <= low_m + FOOT_SHARE * (high_m - low_m), :2] / -low_m
    outline = cv2.convexHull(foot.astype(np.float32))
    return cv2.pointPolygonTest(outline, (0.0, 0.0), True) >= STABLE
