"""Checks 3-D boxes against the record: the mesh's bounding box, its scale and pose, and the camera."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim2coco.check.lens import distorted
from sim2coco.check.values import Entry

Array = NDArray[np.float64]

WITHIN_M, WITHIN_PX = 2e-6, 2e-3
"""Allowed deviations; coordinates are rounded to 6 decimals (metres) and 3 decimals (pixels)."""
MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""The exceptions that reading hand-edited values may raise."""


def check_box_3d(camera: Entry | None, label: Entry, annotation: Entry) -> Iterator[str]:
    """Yields a message for each error in the 3-D box of an annotation.

    Args:
        camera: The image's camera; None if an augmentation has moved pixels.
        label: The label in the record.
        annotation: The annotation.
    """
    if "bbox3d_m" not in annotation and "bbox3d_px" not in annotation:
        return
    if camera is None:
        yield "has bbox3d_m, but an augmentation has moved pixels"
        return
    try:
        with np.errstate(all="ignore"):  # NaN and infinity fail the comparisons
            yield from _faults(camera, label, annotation)
    except MALFORMED as error:
        yield f"bbox3d_m, bbox3d_px or the bounding box of the mesh cannot be read ({type(error).__name__})"


def _faults(camera: Entry, label: Entry, annotation: Entry) -> Iterator[str]:
    found_m, expected_m = np.array(annotation["bbox3d_m"], np.float64), _corners(label)
    if found_m.shape != (8, 3) or not (np.abs(found_m - expected_m) <= WITHIN_M).all():
        yield "bbox3d_m is not the bounding box of the mesh in its pose"
        return
    found_px = np.array(annotation["bbox3d_px"], np.float64)
    lens = np.array([[camera["fx"], camera["fy"]], [camera["cx"], camera["cy"]]])
    expected_px = (
        distorted(camera.get("distortion"), expected_m[:, :2] / expected_m[:, 2:]) * lens[0] + lens[1]
    )
    expected_px[expected_m[:, 2] <= 0] = np.nan
    # Near the camera plane, a deviation in the last digit moves the projection by many pixels.
    within_px = WITHIN_PX + 1e-9 * np.abs(expected_px)
    same = (np.abs(found_px - expected_px) <= within_px) | (np.isnan(found_px) & np.isnan(expected_px))
    if found_px.shape != (8, 2) or not same.all():
        yield "bbox3d_px is not the projection of bbox3d_m"


def _corners(label: Entry) -> Array:
    """The corners (8, 3) of the mesh's bounding box in the camera frame; z varies fastest, x slowest."""
    x, y, z = (np.array(label["box_m"], np.float64) * label["scale"]).T
    points = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1).reshape(8, 3)
    quat = np.array(label["pose"]["quat_xyzw"], np.float64)
    quat /= np.linalg.norm(quat)
    twice = 2 * np.cross(quat[:3], points)
    return np.asarray(points + quat[3] * twice + np.cross(quat[:3], twice) + label["pose"]["position_m"])
