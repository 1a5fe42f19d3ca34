"""The 3-D box of an object: its corners in the camera frame and in the image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.geometry import per_axis
from scenes.shot import Camera
from sim2coco.datasets.labelled import Label, LabelledImage, Solid

METRE_DIGITS, PIXEL_DIGITS = 6, 3
"""Decimal places of coordinates in metres and in pixels."""


def corners(solid: Solid) -> NDArray[np.float64]:
    """Returns the corners (8, 3) of the mesh's box in the body frame; z varies fastest, x slowest."""
    assert solid.box_m is not None
    sides = np.array(solid.box_m) * per_axis(solid.scale)
    return np.array([[x, y, z] for x in sides[:, 0] for y in sides[:, 1] for z in sides[:, 2]])


def box_3d(image: LabelledImage, label: Label) -> dict[str, Any]:
    """Returns the COCO annotation fields for the 3-D box; an empty dict if the pose or the box is unknown.

    Corners that are not in front of the camera have null pixel coordinates.
    """
    camera, solid = image.camera, label.solid
    if camera is None or solid is None or solid.box_m is None:
        return {}
    points_m = solid.pose.apply(corners(solid))
    return {"bbox3d_m": points_m.round(METRE_DIGITS).tolist(), "bbox3d_px": _projected(camera, points_m)}


def _projected(camera: Camera, points_m: NDArray[np.float64]) -> list[list[float | None]]:
    """Projects points (n, 3) in the camera frame to pixel coordinates; [None, None] behind the camera."""
    pixels, depth_m = camera.project(camera.pose.apply(points_m))
    rows = pixels.round(PIXEL_DIGITS).tolist()
    return [row if depth > 0 else [None, None] for row, depth in zip(rows, depth_m.tolist(), strict=True)]
