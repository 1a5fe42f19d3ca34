"""Named keypoints of meshes, from a YAML file next to the mesh file or from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field, field_validator

from scenes.assets.beside import facts_beside
from scenes.assets.mesh import MeshError
from scenes.geometry import Matrix, Vec3, vec3
from scenes.settings import LARGEST, Settings, did_you_mean

SUFFIX = ".keypoints.yaml"
"""Suffix of a keypoint file, which replaces the suffix of the mesh file."""
FAR = 1.5
"""Keypoints farther from the mesh centre than this multiple of the mesh radius are reported."""
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KeypointNames:
    """The keypoint names and skeleton of a category.

    Attributes:
        names: Keypoint names, in the order of the labels.
        edges: Pairs of connected keypoints, as indices from 0.
    """

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()


class Keypoints(Settings):
    """Points on a mesh, in the coordinates of its file."""

    keypoints: dict[str, Vec3]
    """Position of each keypoint."""
    skeleton: tuple[Edge, ...] = Field(default=())
    """Pairs of names of keypoints that are connected."""

    @field_validator("keypoints")
    @classmethod
    def _checked(cls, points: dict[str, Vec3]) -> dict[str, Vec3]:
        return check_points(points)

    def placed(self, matrix: Matrix) -> "Keypoints":
        """Returns the keypoints transformed by `matrix`."""
        turn = np.array(matrix)
        points = {
            name: vec3(turn[:3, :3] @ np.array(point) + turn[:3, 3]) for name, point in self.keypoints.items()
        }
        return self.model_copy(update={"keypoints": points})

    def far_from(self, center_m: Vec3, radius_m: float) -> str:
        """Returns the name of a keypoint far from its mesh (a sign of a wrong unit or axis), or "".

        Args:
            center_m: Centre of mass of the mesh.
            radius_m: Largest distance of a vertex from the centre of mass.
        """
        for name, point in self.keypoints.items():
            if np.linalg.norm(np.subtract(point, center_m)) > FAR * radius_m:
                return name
        return ""


def check_points(points: dict[str, Vec3]) -> dict[str, Vec3]:
    """Checks names and coordinates of keypoints, and returns them.

    Raises:
        ValueError: A name is empty, or a coordinate is too large.
    """
    for name, point in points.items():
        if not name.strip():
            raise ValueError("a keypoint has no name")
        if max(map(abs, point)) > LARGEST:
            raise ValueError(f"{name}: a coordinate is larger than {LARGEST:g}")
    return points


def keypoints_beside(mesh: Path) -> Keypoints | None:
    """Reads the keypoint file next to a mesh file, `mug.keypoints.yaml` for `mug.obj`; None without one.

    Raises:
        MeshError: The file cannot be read; the message is one line.
    """
    return facts_beside(mesh, SUFFIX, Keypoints)


def joined(category: str, every: Sequence[Keypoints]) -> KeypointNames | None:
    """Merges the keypoint names of a category's meshes, in the order of first occurrence.

    Args:
        category: Category name, for messages.
        every: The keypoints of each mesh.

    Returns:
        The names; None if no mesh has keypoints.

    Raises:
        MeshError: A skeleton edge refers to an unknown keypoint.
    """
    names = tuple(dict.fromkeys(name for one in every for name in one.keypoints))
    edges = tuple(dict.fromkeys(edge for one in every for edge in one.skeleton))
    for name in dict.fromkeys(end for edge in edges for end in edge):
        if name not in names:
            known = did_you_mean(name, list(names))
            raise MeshError(f"skeleton of {category}: no keypoint {name!r}; {known}")
    pairs = tuple((names.index(one), names.index(other)) for one, other in edges)
    return KeypointNames(names, pairs) if names else None
