"""Rows of YOLO's pose task: a box and the keypoints of an object."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim2coco.datasets.errors import DataSetError
from sim2coco.datasets.labelled import DatasetInfo, Label, LabelledImage


def keypoints_in_row(info: DatasetInfo) -> int:
    """Returns the number of keypoints per row: the maximum over all categories.

    Raises:
        DataSetError: No category has keypoints.
    """
    most = max((len(one.names) for one in info.skeletons if one is not None), default=0)
    if not most:
        raise DataSetError("yolo: task=pose needs keypoints, but no category has any")
    return most


def with_keypoints(
    box: NDArray[np.float64], image: LabelledImage, label: Label, number: int
) -> NDArray[np.float64]:
    """Returns the values of a row after the category: the box, then x, y and visibility of each keypoint.

    Args:
        box: (4,), centre, width and height, as fractions of the image size.
        image: The image.
        label: The label.
        number: Number of keypoints; missing keypoints are 0, 0, 0.
    """
    points = np.zeros((number, 3))
    given = np.array(label.keypoints or [], np.float64).reshape(-1, 3)
    points[: len(given)] = given / (image.width, image.height, 1)
    return np.concatenate([box, points.ravel()])


def of_pose(info: DatasetInfo) -> dict[str, Any]:
    """Returns the entries `kpt_shape` and `keypoints` of `data.yaml`.

    `kpt_shape` is [number of keypoints per row, 3], because each keypoint has three values. `keypoints` is a
    dict from category to keypoint names, for information only.
    """
    names = {
        category: list(one.names)
        for category, one in zip(info.categories, info.skeletons, strict=True)
        if one is not None
    }
    return {"kpt_shape": [keypoints_in_row(info), 3], "keypoints": names}
