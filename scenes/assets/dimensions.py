"""Mesh dimensions used to compose scenes: size, volume, centre of mass and extents around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenes.assets.mesh import Mesh
from scenes.assets.solid import Solid, solid_of
from scenes.geometry import Vec3, vec3


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Dimensions of a mesh in metres.

    Attributes:
        extents_m: Sides of the bounding box.
        volume_m3: The volume; see `Solid`.
        center_of_mass_m: Centre of mass in the mesh frame.
        radius_m: Largest distance of a vertex from the centre of mass.
        aside_m: Largest horizontal distance of a vertex from the centre of mass.
        below_m: Vertical distance from the centre of mass down to the lowest vertex.
        above_m: Vertical distance from the centre of mass up to the highest vertex.

    Raises:
        ValueError: A value is not finite, or a size is not positive.
    """

    extents_m: Vec3
    volume_m3: float
    center_of_mass_m: Vec3
    radius_m: float
    aside_m: float
    below_m: float
    above_m: float

    def __post_init__(self) -> None:
        """Checks the values, which may come from a file."""
        sizes = (max(self.extents_m), self.volume_m3, self.radius_m, self.aside_m)
        rest = (*self.extents_m, *self.center_of_mass_m, self.below_m, self.above_m)
        if not all(map(isfinite, (*sizes, *rest))) or min(sizes) < 0 or not max(self.extents_m) > 0:
            raise ValueError("the dimensions of a mesh must be finite and positive")

    def scaled(self, factor: float) -> "Dimensions":
        """Returns the dimensions of the mesh scaled about the origin."""
        x, y, z = (factor * side for side in self.extents_m)
        lengths = (self.radius_m, self.aside_m, self.below_m, self.above_m)
        center = vec3(factor * np.array(self.center_of_mass_m))
        return Dimensions((x, y, z), factor**3 * self.volume_m3, center, *(factor * one for one in lengths))

    def tree(self) -> dict[str, Any]:
        """Returns the dimensions as JSON values."""
        reach = [self.radius_m, self.aside_m, self.below_m, self.above_m]
        return {
            "extents_m": list(self.extents_m),
            "volume_m3": self.volume_m3,
            "center_of_mass_m": list(self.center_of_mass_m),
            "reach_m": reach,
        }


def measured(mesh: Mesh, solid: Solid | None = None) -> Dimensions:
    """Measures a mesh.

    Args:
        mesh: The mesh.
        solid: The result of `solid_of(mesh)`, if it is already known; otherwise None.
    """
    solid = solid or solid_of(mesh)
    center = solid.center_m
    around: NDArray[np.float64] = mesh.vertices_m - center
    return Dimensions(
        vec3(mesh.extents_m),
        solid.volume_m3,
        vec3(center),
        float(np.linalg.norm(around, axis=1).max()),
        float(np.linalg.norm(around[:, :2], axis=1).max()),
        -float(around[:, 2].min()),
        float(around[:, 2].max()),
    )


def dimensions_of(tree: Mapping[str, Any]) -> Dimensions:
    """Restores dimensions from the JSON values of `Dimensions.tree`.

    Raises:
        KeyError, TypeError, ValueError: The values do not describe dimensions.
    """
    extents, center = ([float(value) for value in tree[name]] for name in ("extents_m", "center_of_mass_m"))
    if not len(extents) == len(center) == 3:
        raise ValueError("three numbers are needed")
    radius, aside, below, above = (float(value) for value in tree["reach_m"])
    volume_m3 = float(tree["volume_m3"])
    sides, middle = vec3(np.array(extents)), vec3(np.array(center))
    return Dimensions(sides, volume_m3, middle, radius, aside, below, above)
