"""What a user has stated about the size and the up axis of a mesh file, as a transform."""

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
"""The rotation that turns each axis to z: about y for x, about x for y."""


def stated_transform(file: MeshFile, size_m: float | None, stated: Mapping[str, Any]) -> Array:
    """The transform (4, 4) from the coordinates of a file to the frame of poses, for a body of scale 1.

    Args:
        file: The file.
        size_m: The longest side in metres that the configuration gives; None if it gives none.
        stated: What was stated at import: `unit_m` and `up`, which count if the file states none, or if
            `sure_unit` and `sure_up` say that they count before the file; and `longest_m`.
    """
    longest = float(np.ptp(file.triangles.reshape(-1, 3), axis=0).max())
    wanted_m = size_m or stated.get("longest_m")
    unit_m = wanted_m / longest if wanted_m else _first(stated, "unit", file.unit_m, 1.0)
    matrix = np.eye(4)
    matrix[:3, :3] = unit_m * np.array(Z_UP[_first(stated, "up", file.up, "z")])
    return matrix


def _first(stated: Mapping[str, Any], name: str, of_file: Any, default: Any) -> Any:
    """What the user is sure of, else what the file states, else what the user says, else a default."""
    said = stated.get("unit_m" if name == "unit" else name)
    if said is not None and (stated.get(f"sure_{name}") or of_file is None):
        return said
    return default if of_file is None else of_file
