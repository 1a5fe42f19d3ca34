"""Standing orientation of meshes: up axis and front side.

A mesh stands if its up axis points up in the world and its front faces -y.
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
"""Default front of a mesh for each up axis, as in glTF (y up) and Blender (z up)."""
STANDING: Quat = (0.0, 0.0, 0.0, 1.0)
"""The rotation of a mesh whose z axis points up and whose front is -y."""
CACHED = 4096
"""Number of assets whose results are cached."""
FOOT_SHARE = 0.002
"""Vertices up to this fraction of the mesh height belong to its foot."""
STABLE = 0.1
"""Smallest horizontal distance from the centre of mass to the edge of the foot, divided by the height of the
centre of mass."""


def stance(up: Up | None, front: Side | None) -> Quat:
    """Returns the rotation that makes a mesh stand, with its front towards -y.

    Args:
        up: The axis of the mesh that points up; None is z.
        front: The front side of the mesh; None is the side that `FRONTS` states for the up axis.

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
    """Axis-aligned bounding box of the standing mesh: its lowest and its highest corner.

    Coordinates are relative to the centre of mass, in metres at scale 1.
    """
    points_m = (asset.mesh.vertices_m - np.array(asset.center_of_mass_m)) @ rotation(asset.stance).T
    return vec3(points_m.min(axis=0)), vec3(points_m.max(axis=0))


@lru_cache(CACHED)
def can_stand(asset: Asset) -> bool:
    """Whether the standing mesh is stable without being fixed: its centre of mass is above its foot.

    A ball or a bottle with a round bottom would roll or fall.
    """
    points_m = (asset.mesh.vertices_m - np.array(asset.center_of_mass_m)) @ rotation(asset.stance).T
    low_m, high_m = points_m[:, 2].min(), points_m[:, 2].max()
    foot = points_m[points_m[:, 2] <= low_m + FOOT_SHARE * (high_m - low_m), :2] / -low_m
    outline = cv2.convexHull(foot.astype(np.float32))
    return cv2.pointPolygonTest(outline, (0.0, 0.0), True) >= STABLE
