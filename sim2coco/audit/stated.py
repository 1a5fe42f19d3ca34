"""The transform that follows from the user's statements on the size and up axis of a mesh file."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim2coco.audit.geometry import Array
from sim2coco.audit.meshfile import MeshFile

Z_UP = {
    "x": [[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
    "y": [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]],
    "z": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
}
"""The rotation matrix that maps each axis to z: it rotates x about the y axis, and y about the x axis."""


def stated_transform(file: MeshFile, size_m: float | None, stated: Mapping[str, Any]) -> Array:
    """Returns the transform (4, 4) from file coordinates to the body frame, for a body of scale 1.

    Args:
        file: The mesh file.
        size_m: The longest side in metres from the configuration; None if it is not set.
        stated: The user's statements at import. If `size_m` is None, `longest_m` gives the longest side. If
            that is missing too, the size follows from the unit. `unit_m` is the unit if the file states none
            or `sure_unit` is set; `up` is the up axis if the file states none or `sure_up` is set.
    """
    longest = float(np.ptp(file.triangles.reshape(-1, 3), axis=0).max())
    wanted_m = size_m or stated.get("longest_m")
    unit_m = wanted_m / longest if wanted_m else _first(stated, "unit", file.unit_m, 1.0)
    matrix = np.eye(4)
    matrix[:3, :3] = unit_m * np.array(Z_UP[_first(stated, "up", file.up, "z")])
    return matrix


def _first(stated: Mapping[str, Any], name: str, of_file: Any, default: Any) -> Any:
    """Returns the unit or the up axis of a mesh file, from the first of several sources that is known.

    The order is: a statement of which the user is sure, the file's own value, any other statement of the
    user, the default.

    Args:
        stated: The user's statements.
        name: `unit` or `up`.
        of_file: The file's own value; None if the file states none.
        default: The value if nothing else is known.
    """
    said = stated.get("unit_m" if name == "unit" else name)
    if said is not None and (stated.get(f"sure_{name}") or of_file is None):
        return said
    return default if of_file is None else of_file
