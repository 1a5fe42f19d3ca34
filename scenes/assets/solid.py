"""The body that the surface of a mesh stands for: its volume and centre of mass."""

from dataclasses import dataclass

import numpy as np

from scenes.assets.centroid import center_of_mass
from scenes.assets.mesh import Mesh
from scenes.assets.pieces import Array
from scenes.assets.surface import doubled, patches_of

SHEET_M = 0.001
"""Thickness of surfaces that enclose no volume, like leaves and paper, in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """The body that a surface stands for.

    Attributes:
        volume_m3: The enclosed volume, cavities taken out and holes closed. Parts of the surface that enclose
            nothing count as sheets of `SHEET_M`.
        center_m: (3,) centre of mass.
        doubled: Number of triangles that are there a second time, which count once.
        turned: Number of triangles that face inward, or the other way than their neighbours.
    """

    volume_m3: float
    center_m: Array
    doubled: int
    turned: int

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on triangles that count otherwise than they are in the mesh."""
        told = (
            (self.doubled, "faces are there twice, and weigh once"),
            (
                self.turned,
                "faces face inward, or the other way than their neighbours, and weigh as turned",
            ),
        )
        return tuple(f"{number:,} {what}" for number, what in told if number)


def solid_of(mesh: Mesh) -> Solid:
    """The body that the surface of a mesh stands for, however its triangles are ordered."""
    if mesh.is_plain_solid:
        return Solid(mesh.volume_m3, mesh.center_of_mass_m, 0, 0)
    corners, corner_of = mesh.vertices_m[mesh.faces], mesh.merged_faces
    double = doubled(corner_of)
    patches = patches_of(corners[~double], corner_of[~double])
    low, extents_m = mesh.vertices_m.min(axis=0), mesh.extents_m
    enclosed_m3 = min(float(patches.volumes[patches.solid].sum()), float(np.prod(extents_m)))
    sheets_m2 = float(patches.areas[~patches.solid].sum())
    if enclosed_m3 <= 0 and not sheets_m2:
        sheets_m2 = float(patches.areas.sum())
    center_m = low + extents_m / 2 + center_of_mass(patches.corners, extents_m, patches.closed)
    volume_m3 = max(enclosed_m3, 0.0) + SHEET_M * sheets_m2
    return Solid(volume_m3, center_m, int(double.sum()), int(patches.turned.sum()))
